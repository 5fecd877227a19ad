// SPDX-License-Identifier: MIT
// pifarm clone rebase, pifarm clone flatten.
#include "images/clone/rebase.h"
#include "pifarm/cli/cmd-clone.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/model/farm-image.h"

/* image_name NULL: what farm.yaml gives the node. */
static gboolean rebase(PifStore *store, const PifClonedCard *card, const char *image_name,
                       GError **error)
{
    g_autoptr(PifImage) image = NULL;
    g_autofree char *title = g_strdup_printf("rebasing %s", card->node->name);
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    gboolean is_found = image_name ? pif_store_find(store, image_name, &image, error)
                                   : pif_farm_image_find(store, card->node->image, &image, error);
    if (!is_found)
        return FALSE;
    pif_progress_set_text(progress, "comparing its card with the image");
    return pif_clone_rebase(store, card->path, image, error);
}

gboolean pif_clone_cmd_rebase(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean all = FALSE;
    g_autofree char *image = NULL;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every node of the farm", NULL},
        {"image", 'i', 0, G_OPTION_ARG_STRING, &image,
         "of the store (default: what farm.yaml gives the node)", "IMAGE"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "What the node sees stays as it is, byte for byte: its card then holds all in which it\n"
        "differs from IMAGE. That frees the image it was on, and room: after a commit nearly all\n"
        "of the card is in the new image. It does not bring IMAGE's newer files to the node, for\n"
        "two file systems cannot be merged block by block; `pifarm clone reset` does, and loses\n"
        "what the node wrote (`pifarm clone diff` shows it). A node that is on is refused, and\n"
        "there is no --force: it would go on writing to the card that is replaced.\n"
        "\n"
        "Exit status: 3 when IMAGE's disk is larger than the card, 7 when a node is on.";
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) cards = pif_cloned_cards_select(cli, argv + 1, all, "rebase", error);
    g_autoptr(PifStore) store = cards ? pif_image_open_store(error) : NULL;
    for (guint i = 0; store && i < cards->len; i++)
        if (!rebase(store, g_ptr_array_index(cards, i), image, error))
            return FALSE;
    return store != NULL;
}

gboolean pif_clone_cmd_flatten(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every node of the farm", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "What the node sees stays as it is, but its card no longer needs the image it was on,\n"
        "which may then be removed; the card takes as much room as that image did. `pifarm clone\n"
        "rebase` puts it on an image again. A node that is on is refused, and there is no\n"
        "--force: it would go on writing to the card that is replaced.\n"
        "\n"
        "Exit status: 7 when a node is on.";
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) cards = pif_cloned_cards_select(cli, argv + 1, all, "flatten", error);
    g_autoptr(PifStore) store = cards ? pif_image_open_store(error) : NULL;
    for (guint i = 0; store && i < cards->len; i++) {
        const PifClonedCard *card = g_ptr_array_index(cards, i);
        g_autofree char *title = g_strdup_printf("flattening %s", card->node->name);
        g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
        pif_progress_set_text(progress, "copying");
        if (!pif_clone_flatten(store, card->path, error))
            return FALSE;
    }
    return store != NULL;
}
