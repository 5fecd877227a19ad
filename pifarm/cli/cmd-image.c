// SPDX-License-Identifier: MIT
// pifarm image: its commands as a table, and the one that takes images away.
#include "pifarm/cli/cmd-image.h"

#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/base/size.h"
#include "pifarm/cli/group.h"

#include <stdio.h>
#include <string.h>

const PifCliCommand pif_image_commands[] = {
    {"import", "take a disk image from a file or URL into the store", "FILE|URL|-",
     pif_image_cmd_import},
    {"fetch", "download an image that an os_list names", "[NAME]", pif_image_cmd_fetch},
    {"list", "list the images in the store", "", pif_image_cmd_list},
    {"inspect", "show what is in an image and whether it boots here", "IMAGE|FILE",
     pif_image_cmd_inspect},
    {"prepare", "make a grown and enrolled image from an image", "IMAGE", pif_image_cmd_prepare},
    {"verify", "hash images again and compare with their names", "[IMAGE...]",
     pif_image_cmd_verify},
    {"export", "write an image or a node's card to a file, raw or compressed", "NODE|IMAGE OUT",
     pif_image_cmd_export},
    {"flash", "write an image or a node's card to a real card, and read it back",
     "NODE|IMAGE DEVICE", pif_image_cmd_flash},
    {"shrink", "make a smaller image from an image", "IMAGE", pif_image_cmd_shrink},
    {"shell", "run a shell or a command in a copy of an image", "IMAGE [-- COMMAND...]",
     pif_image_cmd_shell},
    {"rm", "remove images that no node's card needs", "IMAGE...", pif_image_cmd_rm},
    {"gc", "remove what nothing uses", "", pif_image_cmd_gc},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "image",
    pif_image_commands,
    "Keeps card images in a store: read-only, named by their SHA-256, found by name.",
    "IMAGE is a name, or the first 6 or more digits of the SHA-256.",
};

gboolean pif_cmd_image(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}

gboolean pif_image_parse(const GOptionEntry *options, const char *description, int *argc,
                         char ***argv, GError **error)
{
    return pif_cli_parse_in_group(&group, options, description, argc, argv, error) &&
           pif_cli_need_argument(&group, *argv, error);
}

PifStore *pif_image_open_store(GError **error)
{
    g_autofree char *directory = pif_paths_store_dir();
    return pif_store_open(directory, error);
}

void pif_image_print_result(const PifImage *image, const char *name)
{
    printf("%s  sha256:%.12s\n", name, image->sha256);
}

gboolean pif_image_parse_size(const char *option, const char *text, guint64 *ret_size,
                              GError **error)
{
    if (!text || pif_size_parse(text, ret_size))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "%s wants a size like 4GiB or 512MiB, not '%s'",
                         option, text);
}

static gboolean all_known(PifStore *store, char **names, GError **error)
{
    for (; *names; names++) {
        g_autoptr(PifImage) image = NULL;
        if (!pif_store_find(store, *names, &image, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean remove_all(PifStore *store, char **names, GError **error)
{
    for (; *names; names++)
        if (!pif_store_remove(store, *names, error))
            return FALSE;
    return TRUE;
}

gboolean pif_image_cmd_rm(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    static const char description[] =
        "An image with several names loses the one given, and goes with the last; given by its\n"
        "SHA-256 it goes with all of them. Nothing is removed when one of IMAGE is unknown.\n"
        "\n"
        "Exit status: 7 when cards are clones of it; pifarm down --purge removes those.";
    if (!pif_image_parse(NULL, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(PifStore) store = pif_image_open_store(error);
    return store && all_known(store, argv + 1, error) && remove_all(store, argv + 1, error);
}
