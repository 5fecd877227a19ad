// SPDX-License-Identifier: MIT
// pifarm clone: its commands as a table, and how they get hold of a card.
#include "pifarm/cli/cmd-clone.h"

#include "images/clone/rebase.h"
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/client.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/cli/group.h"

#include <stdio.h>

const PifCliCommand pif_clone_commands[] = {
    {"list", "list the nodes' cards and the images under them", "[NODE...]", pif_clone_cmd_list},
    {"reset", "throw cards away; the next start makes new ones", "NODE...", pif_clone_cmd_reset},
    {"commit", "make a new image of a node's card", "NODE", pif_clone_cmd_commit},
    {"rebase", "put cards on another image without a change to them", "NODE...",
     pif_clone_cmd_rebase},
    {"flatten", "make cards whole, so that they need no image", "NODE...", pif_clone_cmd_flatten},
    {"diff", "list the files that differ from its image or another card", "NODE [NODE]",
     pif_clone_cmd_diff},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "clone",
    pif_clone_commands,
    "A node's card is a clone: what the node wrote, over an image that never changes.",
    "Nodes have to be off. While a command works on a card, its node does not start.",
};

gboolean pif_cmd_clone(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}

gboolean pif_clone_parse(const GOptionEntry *options, const char *description, int *argc,
                         char ***argv, GError **error)
{
    return pif_cli_parse_in_group(&group, options, description, argc, argv, error);
}

void pif_cloned_card_clear(PifClonedCard *card)
{
    pif_clone_unlock(&card->lock);
    g_clear_pointer(&card->path, g_free);
}

static gboolean check_off(PifClient *client, const PifNode *node, GError **error)
{
    json_t *json = NULL;
    g_autoptr(GArray) statuses = pif_client_get_nodes(client, &json, error);
    gboolean is_off = statuses != NULL;
    for (guint i = 0; statuses && i < statuses->len; i++) {
        const PifNodeStatus *status = &g_array_index(statuses, PifNodeStatus, i);
        if (g_str_equal(status->name, node->name) && pif_stage_is_on(status->stage))
            is_off = pif_error_set(error, PIF_ERROR_BUSY, "node '%s' is %s; first: pifarm down %s",
                                   node->name, pif_stage_name(status->stage), node->name);
    }
    json_decref(json);
    return is_off;
}

/* The lock first: from then on no node is started, and what the daemon and QEMU say stays true. */
gboolean pif_cloned_card_take(PifCli *cli, const PifNode *node, const char *command,
                              PifClonedCard *ret_card, GError **error)
{
    g_autofree char *who = g_strdup_printf("pifarm clone %s", command);
    g_autoptr(PifClient) client = NULL;
    g_auto(PifClonedCard)
        card = {.node = node, .path = pif_paths_card(cli->farm->name, node->name)};
    if (!pif_client_connect(cli->farm, FALSE, &client, error))
        return FALSE;
    if (!g_file_test(card.path, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "node '%s' has no card yet; its first start makes it: pifarm up %s",
                             node->name, node->name);
    if ((client && !check_off(client, node, error)) ||
        !pif_clone_lock(card.path, who, &card.lock, error) ||
        !pif_clone_check_unused(card.path, error))
        return FALSE;
    *ret_card = card;
    card.path = NULL;
    card.lock.path = NULL;
    return TRUE;
}

static void free_card(gpointer card)
{
    pif_cloned_card_clear(card);
    g_free(card);
}

GPtrArray *pif_cloned_cards_take(PifCli *cli, const GPtrArray *nodes, const char *command,
                                 GError **error)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func(free_card);
    for (guint i = 0; i < nodes->len; i++) {
        PifClonedCard *card = g_new0(PifClonedCard, 1);
        g_ptr_array_add(cards, card);
        if (!pif_cloned_card_take(cli, g_ptr_array_index(nodes, i), command, card, error))
            return NULL;
    }
    return g_steal_pointer(&cards);
}

GPtrArray *pif_cloned_cards_select(PifCli *cli, char **arguments, gboolean all, const char *command,
                                   GError **error)
{
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, arguments, all, FALSE, error);
    return nodes ? pif_cloned_cards_take(cli, nodes, command, error) : NULL;
}

gboolean pif_clone_cmd_reset(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    static const char description[] =
        "What the nodes wrote is lost. The next `pifarm up` makes their cards anew, from the "
        "image\n"
        "that farm.yaml then names, with a new identity. Nothing is thrown away when one of the\n"
        "nodes is on or has no card.\n"
        "\n"
        "Exit status: 7 when a node is on.";
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every node of the farm", NULL},
        G_OPTION_ENTRY_NULL};
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) cards = pif_cloned_cards_select(cli, argv + 1, all, "reset", error);
    g_autoptr(PifStore) store = cards ? pif_image_open_store(error) : NULL;
    for (guint i = 0; store && i < cards->len; i++) {
        const PifClonedCard *card = g_ptr_array_index(cards, i);
        g_autofree char *key = g_strconcat(card->path, ".pub", NULL);
        if (!pif_clone_remove_unfinished(store, card->path, error) ||
            !pif_clone_remove(store, card->path, error))
            return FALSE;
        remove(key);
    }
    return store != NULL;
}
