// SPDX-License-Identifier: MIT
// pifarm clone: its commands as a table, and how they get hold of a card.
#include "pifarm/cli/cmd-clone.h"

#include "images/clone/unfinished.h"
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
    "Nodes have to be off, but for reset and diff with --force. While a command works\n"
    "on a card, its node does not start.",
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

/* *ret_stage PIF_STAGE_OFF also when the farm is not up. */
static gboolean get_stage(PifCli *cli, const PifNode *node, PifStage *ret_stage, GError **error)
{
    json_t *json = NULL;
    g_autoptr(PifClient) client = NULL;
    *ret_stage = PIF_STAGE_OFF;
    if (!pif_client_connect(cli->farm, FALSE, &client, error))
        return FALSE;
    g_autoptr(GArray) statuses = client ? pif_client_get_nodes(client, &json, error) : NULL;
    for (guint i = 0; statuses && i < statuses->len; i++) {
        const PifNodeStatus *status = &g_array_index(statuses, PifNodeStatus, i);
        if (g_str_equal(status->name, node->name))
            *ret_stage = status->stage;
    }
    json_decref(json);
    return !client || statuses;
}

static gboolean set_on(const PifNode *node, PifStage stage, PifClaim claim, GError **error)
{
    return pif_error_set(error, PIF_ERROR_BUSY, "node '%s' is %s; first: pifarm down %s%s",
                         node->name, pif_stage_name(stage), node->name,
                         claim == PIF_CLAIM_FORCIBLE ? ", or give --force" : "");
}

static gboolean check_has_card(const PifNode *node, const char *path, GError **error)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) ||
           pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "node '%s' has no card yet; its first start makes it: pifarm up %s",
                         node->name, node->name);
}

/* The lock first: from then on no node is started, and what the daemon and QEMU say stays true. */
static gboolean lock_card(PifClonedCard *card, const char *command, GError **error)
{
    g_autofree char *who = g_strdup_printf("pifarm clone %s", command);
    return pif_clone_lock(card->path, who, &card->lock, error) &&
           pif_clone_check_unused(card->path, error);
}

static gboolean is_open_elsewhere(const char *path)
{
    g_auto(PifCloneInfo) info = {0};
    return pif_clone_read_info(path, &info, NULL) && info.is_in_use;
}

gboolean pif_cloned_card_take(PifCli *cli, const PifNode *node, PifClaim claim, const char *command,
                              PifClonedCard *ret_card, GError **error)
{
    PifStage stage;
    g_auto(PifClonedCard)
        card = {.node = node, .path = pif_paths_card(cli->farm->name, node->name)};
    if (!get_stage(cli, node, &stage, error) || !check_has_card(node, card.path, error))
        return FALSE;
    card.is_in_use =
        claim == PIF_CLAIM_ANY && (pif_stage_is_on(stage) || is_open_elsewhere(card.path));
    if (!card.is_in_use && pif_stage_is_on(stage))
        return set_on(node, stage, claim, error);
    if (!card.is_in_use && !lock_card(&card, command, error))
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

GPtrArray *pif_cloned_cards_take(PifCli *cli, const GPtrArray *nodes, PifClaim claim,
                                 const char *command, GError **error)
{
    g_autoptr(GPtrArray) cards = g_ptr_array_new_with_free_func(free_card);
    for (guint i = 0; i < nodes->len; i++) {
        PifClonedCard *card = g_new0(PifClonedCard, 1);
        g_ptr_array_add(cards, card);
        if (!pif_cloned_card_take(cli, g_ptr_array_index(nodes, i), claim, command, card, error))
            return NULL;
    }
    return g_steal_pointer(&cards);
}

GPtrArray *pif_cloned_cards_select(PifCli *cli, char **arguments, gboolean all, const char *command,
                                   GError **error)
{
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, arguments, all, FALSE, error);
    return nodes ? pif_cloned_cards_take(cli, nodes, PIF_CLAIM_OFF, command, error) : NULL;
}

/* Those that are on; nothing is done when a node has no card to throw away. */
static gboolean cut_power(PifCli *cli, const GPtrArray *nodes, GError **error)
{
    g_autoptr(PifClient) client = NULL;
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        g_autofree char *path = pif_paths_card(cli->farm->name, node->name);
        if (!check_has_card(node, path, error))
            return FALSE;
    }
    return pif_client_connect(cli->farm, FALSE, &client, error) &&
           (!client || pif_client_post_nodes(client, "/v1/power/off", nodes, NULL, error));
}

static gboolean throw_away(PifStore *store, const PifClonedCard *card, GError **error)
{
    g_autofree char *key = g_strconcat(card->path, ".pub", NULL);
    if (!pif_clone_remove_unfinished(store, card->path, error) ||
        !pif_clone_remove(store, card->path, error))
        return FALSE;
    remove(key);
    return TRUE;
}

gboolean pif_clone_cmd_reset(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    static const char description[] =
        "What the nodes wrote is lost. The next `pifarm up` makes their cards anew, from the "
        "image\n"
        "that farm.yaml then names, with a new identity. Nothing is thrown away when one of the\n"
        "nodes has no card, or is on. With --force the power of those that are on is cut first:\n"
        "there is nothing left on their cards that a shutdown could save.\n"
        "\n"
        "Exit status: 7 when a node is on, or another command works on its card.";
    gboolean all = FALSE;
    gboolean is_forced = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every node of the farm", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &is_forced, "cut the power of nodes that are on", NULL},
        G_OPTION_ENTRY_NULL};
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, all, FALSE, error);
    if (!nodes || (is_forced && !cut_power(cli, nodes, error)))
        return FALSE;
    g_autoptr(GPtrArray) cards =
        pif_cloned_cards_take(cli, nodes, PIF_CLAIM_FORCIBLE, "reset", error);
    g_autoptr(PifStore) store = cards ? pif_image_open_store(error) : NULL;
    for (guint i = 0; store && i < cards->len; i++)
        if (!throw_away(store, g_ptr_array_index(cards, i), error))
            return FALSE;
    return store != NULL;
}
