// SPDX-License-Identifier: MIT
// pifarm clone commit.
#include "images/clone/commit.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/cmd-clone.h"
#include "pifarm/cli/cmd-image.h"

static gboolean commit(const PifFarm *farm, const PifClonedCard *card, const char *name,
                       gboolean keep_identity, GError **error)
{
    g_autofree char *title = g_strdup_printf("committing %s", card->node->name);
    g_autofree char *origin =
        g_strdup_printf("committed from %s of farm %s", card->node->name, farm->name);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(PifImage) image = NULL;
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    const PifCommitOptions options = {
        .name = name,
        .origin = origin,
        .keep_identity = keep_identity,
        .progress = progress,
    };
    if (!store || !pif_clone_commit(store, card->path, &options, &image, error))
        return FALSE;
    g_clear_pointer(&progress, pif_progress_free);
    pif_image_print_result(image, name);
    return TRUE;
}

gboolean pif_clone_cmd_commit(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    g_autofree char *name = NULL;
    gboolean keep_identity = FALSE;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &name, "the new image's name", "NEW"},
        {"keep-identity", 0, 0, G_OPTION_ARG_NONE, &keep_identity,
         "leave machine ID, SSH host keys and such as they are", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Makes a new image of what is on NODE's card; the card and the image under it stay as "
        "they\n"
        "are. What two nodes must not share (machine ID, SSH host keys, random seeds, DHCP DUIDs)\n"
        "is left out, for each clone of the new image gets its own. After a power cut the new\n"
        "image's file systems are mended, not the card's. A node that is on is refused, and there\n"
        "is no --force: its files would be of different moments.\n"
        "\n"
        "So a node is set up once and becomes many: name the new image under `images:` in\n"
        "farm.yaml and give it to the nodes.\n"
        "\n"
        "Exit status: 5 when the name is taken, 7 when the node is on.\n"
        "\n"
        "Example:\n"
        "  pifarm down n1 && pifarm clone commit n1 --name lab-2";
    g_auto(PifClonedCard) card = {0};
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    if (!name)
        return pif_error_set(error, PIF_ERROR_USAGE, "what is the new image to be called? --name");
    g_autoptr(GPtrArray) found = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    if (!found)
        return FALSE;
    if (found->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "an image is made of one node, not of %u",
                             found->len);
    return pif_cloned_card_take(cli, g_ptr_array_index(found, 0), PIF_CLAIM_OFF, "commit", &card,
                                error) &&
           commit(cli->farm, &card, name, keep_identity, error);
}
