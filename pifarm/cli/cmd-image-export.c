// SPDX-License-Identifier: MIT
// pifarm image export.
#include "images/export/export.h"
#include "images/export/shrink.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/image-subject.h"

#include <unistd.h>

enum { IMAGE_MODE = 0666, CARD_MODE = 0600 /* its host keys are in it */ };

static gboolean check_stream(int fd, GError **error)
{
    return !isatty(fd) || pif_error_set(error, PIF_ERROR_USAGE,
                                        "a disk is nothing for a terminal; name a file, or pipe it "
                                        "into a program");
}

static gboolean write_out(const PifSubject *subject, const char *disk, const char *output,
                          PifExportOptions *options, GError **error)
{
    g_autoptr(PifDiskMap) map = NULL;
    g_autofree char *title = g_strdup_printf("exporting %s", subject->name);
    if (!pif_disk_map_open(disk, &map, error))
        return FALSE;
    g_autoptr(PifProgress) progress = pif_progress_new(title, pif_disk_map_data_size(map));
    options->progress = progress;
    return g_str_equal(output, "-") ? pif_export_stream(map, STDOUT_FILENO, progress, error)
                                    : pif_export_file(map, output, options, error);
}

/* *ret_copy NULL: it cannot become smaller. */
static gboolean shrink(PifStore *store, const PifSubject *subject, char **ret_copy, GError **error)
{
    GError *failure = NULL;
    g_autofree char *title = g_strdup_printf("shrinking %s", subject->name);
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    return pif_disk_shrink(store, subject->path, PIF_SHRINK_MARGIN, progress, ret_copy, &failure) ||
           pif_error_take(error, failure, "cannot shrink %s", subject->name);
}

static gboolean shrink_and_write_out(PifStore *store, const PifSubject *subject, const char *output,
                                     PifExportOptions *options, GError **error)
{
    g_autofree char *copy = NULL;
    if (!shrink(store, subject, &copy, error))
        return FALSE;
    gboolean is_ok = write_out(subject, copy ? copy : subject->path, output, options, error);
    if (copy)
        unlink(copy);
    return is_ok;
}

static gboolean export(PifStore *store, const PifSubject *subject, const char *output,
                       gboolean is_shrunk, PifExportOptions *options, GError **error)
{
    if (g_str_equal(output, "-") ? !check_stream(STDOUT_FILENO, error)
                                 : !pif_export_check(output, options, error))
        return FALSE;
    if (is_shrunk ? shrink_and_write_out(store, subject, output, options, error)
                  : write_out(subject, subject->path, output, options, error))
        return TRUE;
    pif_cli_advise(error, PIF_ERROR_BUSY, "pifarm down does");
    return FALSE;
}

gboolean pif_image_cmd_export(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    PifSubjectChoice choice = {0};
    PifExportOptions options = {0};
    gboolean is_shrunk = FALSE;
    g_auto(PifSubject) subject = {0};
    const GOptionEntry entries[] = {{"force", 0, 0, G_OPTION_ARG_NONE, &options.may_replace,
                                     "replace OUT if it is there", NULL},
                                    {"no-bmap", 0, 0, G_OPTION_ARG_NONE, &options.has_no_bmap,
                                     "no .bmap file beside it, which bmaptool flashes by", NULL},
                                    {"shrink", 0, 0, G_OPTION_ARG_NONE, &is_shrunk,
                                     "its root as small as it goes, but for 32 MiB", NULL},
                                    PIF_SUBJECT_ENTRIES(choice),
                                    G_OPTION_ENTRY_NULL};
    static const char description[] =
        "OUT's ending tells the form: .xz, .zst and .gz are compressed, all others raw with holes\n"
        "where the disk has none but zeros. - is standard output, raw. OUT is there when all of\n"
        "it is, or not at all.\n"
        "\n"
        "A node's card is exported as that node, with its host keys: flashed to a real card it is\n"
        "the same node. The node has to be off.\n"
        "\n"
        "With --shrink the disk ends with its root file system, which has to be the last, and "
        "what\n"
        "deleted files held is gone; see `pifarm image shrink`. `flash --grow` is the opposite.\n"
        "\n"
        "Example:\n"
        "  pifarm image export n1 n1.img.xz && bmaptool copy n1.img.xz /dev/sdX";
    if (!pif_image_parse(entries, description, &argc, &argv, error))
        return FALSE;
    if (argc < 3)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "export %s where to? pifarm image export NODE|IMAGE OUT", argv[1]);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    if (!store || !pif_subject_find(cli, store, argv[1], &choice, "export", &subject, error))
        return FALSE;
    options.mode = subject.is_node ? CARD_MODE : IMAGE_MODE;
    return export(store, &subject, argv[2], is_shrunk, &options, error);
}
