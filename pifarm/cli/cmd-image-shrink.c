// SPDX-License-Identifier: MIT
// pifarm image shrink.
#include "images/export/shrink.h"
#include "pifarm/cli/cmd-image.h"

static gboolean shrink(const char *base_name, PifShrinkOptions *options, GError **error)
{
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(PifImage) base = NULL;
    g_autoptr(PifImage) image = NULL;
    if (!store || !pif_store_find(store, base_name, &base, error))
        return FALSE;
    g_autofree char *title = g_strdup_printf("shrinking %s", base_name);
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    options->progress = progress;
    if (!pif_image_shrink(store, base, options, &image, error))
        return FALSE;
    g_clear_pointer(&progress, pif_progress_free);
    const char *shown = options->name ? options->name : image->names[0];
    pif_image_print_result(image, shown ? shown : "-");
    return TRUE;
}

gboolean pif_image_cmd_shrink(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    g_autofree char *name = NULL;
    g_autofree char *margin = NULL;
    PifShrinkOptions options = {.margin = PIF_SHRINK_MARGIN};
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &name, "the new image's name", "NEW"},
        {"margin", 0, 0, G_OPTION_ARG_STRING, &margin,
         "room that the root file system keeps (32MiB)", "SIZE"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Makes a new image; IMAGE stays as it is. The root file system, which has to be in the\n"
        "last partition, is made as small as it goes, and the disk ends with it. What deleted\n"
        "files held is gone. The same IMAGE is shrunk once; one that cannot become smaller is\n"
        "the answer itself. Without --name: IMAGE and 8 digits.\n"
        "\n"
        "Clones of it are of the next power of two, as the SD card of a virtual node has to be.\n"
        "\n"
        "Example:\n"
        "  pifarm image shrink lab --name small && pifarm image export small lab.img.xz";
    if (!pif_image_parse(entries, description, &argc, &argv, error) ||
        !pif_image_parse_size("--margin", margin, &options.margin, error))
        return FALSE;
    options.name = name;
    return shrink(argv[1], &options, error);
}
