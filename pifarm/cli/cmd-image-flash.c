// SPDX-License-Identifier: MIT
// pifarm image flash: what may be lost is shown and asked about before anything is.
#include "images/export/flash.h"
#include "pifarm/cli/image-subject.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *device_is;
    gboolean is_sure;
    gboolean has_no_verify;
    gboolean is_dry_run;
} FlashOptions;

/* The same device under another name (/dev/disk/by-id/...) is the same device. */
static gboolean is_same_device(const char *one, const char *other)
{
    struct stat first, second;
    return stat(one, &first) == 0 && stat(other, &second) == 0 && S_ISBLK(second.st_mode) &&
           first.st_rdev == second.st_rdev;
}

static gboolean check_named(const PifDevice *device, const FlashOptions *options, GError **error)
{
    if (options->device_is && !is_same_device(device->path, options->device_is))
        return pif_error_set(error, PIF_ERROR_USAGE, "--device-is %s, but the device is %s",
                             options->device_is, device->path);
    if (device->is_removable || options->device_is)
        return TRUE;
    g_autofree char *description = pif_device_describe(device);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "%s: no card or stick, but a disk of this host; if you mean it, name it "
                         "twice: --device-is %s",
                         description, device->path);
}

static gboolean confirm(const PifSubject *subject, const PifDevice *device,
                        const FlashOptions *options, GError **error)
{
    char answer[16] = "";
    if (options->is_sure)
        return TRUE;
    if (!isatty(STDIN_FILENO))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "nobody to ask whether %s may be overwritten; -y says it may",
                             device->path);
    fprintf(stderr, "Everything on it will be lost. Write %s to %s? [y/N] ", subject->name,
            device->path);
    if (fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y'))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "nothing was written to %s", device->path);
}

static void show_plan(const PifSubject *subject, PifDiskMap *map, const PifDevice *device,
                      guint64 size)
{
    g_autofree char *description = pif_device_describe(device);
    g_autofree char *written = g_format_size_full(size, G_FORMAT_SIZE_IEC_UNITS);
    fprintf(stderr, "%s\n", description);
    fprintf(stderr, "%s: %s to write%s\n", subject->name, written,
            size < pif_disk_map_size(map)
                ? "; the disk is larger than the card, but its partitions end before"
                : "");
}

static gboolean write_card(const char *title, PifDiskMap *map, PifDevice *device, guint64 size,
                           GError **error)
{
    g_autoptr(PifProgress) progress = pif_progress_new(title, size);
    return pif_flash_write(map, device, size, progress, error);
}

static gboolean verify_card(PifDiskMap *map, PifDevice *device, guint64 size, GError **error)
{
    g_autoptr(PifProgress) progress = pif_progress_new("reading back", size);
    return pif_flash_verify(map, device, size, progress, error);
}

static gboolean flash(const PifSubject *subject, PifDiskMap *map, PifDevice *device,
                      const FlashOptions *options, GError **error)
{
    guint64 size = 0;
    g_autofree char *title = g_strdup_printf("writing %s", subject->name);
    if (!check_named(device, options, error) || !pif_flash_plan(map, device, &size, error))
        return FALSE;
    if (!options->is_sure || options->is_dry_run)
        show_plan(subject, map, device, size);
    if (options->is_dry_run)
        return TRUE;
    if (!confirm(subject, device, options, error) || !write_card(title, map, device, size, error) ||
        !(options->has_no_verify || verify_card(map, device, size, error)))
        return FALSE;
    pif_flash_announce(device);
    printf("%s is on %s%s; the card can be taken out\n", subject->name, device->path,
           options->has_no_verify ? "" : " and was read back");
    return TRUE;
}

static gboolean open_and_flash(const PifSubject *subject, const char *path,
                               const FlashOptions *options, GError **error)
{
    g_auto(PifDevice) device = {.fd = -1};
    g_autoptr(PifDiskMap) map = NULL;
    if (!pif_device_open(path, &device, error))
        return FALSE;
    if (!pif_disk_map_open(subject->path, &map, error)) {
        pif_cli_advise(error, PIF_ERROR_BUSY, "pifarm down does");
        return FALSE;
    }
    return flash(subject, map, &device, options, error);
}

gboolean pif_image_cmd_flash(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    PifSubjectChoice choice = {0};
    FlashOptions options = {0};
    g_auto(PifSubject) subject = {0};
    g_autofree char *device_is = NULL;
    const GOptionEntry entries[] = {
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &options.is_sure, "do not ask", NULL},
        {"device-is", 0, 0, G_OPTION_ARG_FILENAME, &device_is,
         "DEVICE again: wanted when it is no card or stick", "DEVICE"},
        {"no-verify", 0, 0, G_OPTION_ARG_NONE, &options.has_no_verify,
         "do not read the card back and compare", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options.is_dry_run,
         "only show what would be overwritten", NULL},
        PIF_SUBJECT_ENTRIES(choice),
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "DEVICE is a whole disk; it is refused while anything of it is mounted or in use. All of\n"
        "the image is written, zeros too, and read back from the card. The partition table comes\n"
        "last, so that a card taken out too early does not boot half a system.\n"
        "\n"
        "A node's card makes the real one the same node, with its name and host keys; the node\n"
        "has to be off. An image is written as it is.\n"
        "\n"
        "A card may be smaller than the image if the partitions fit.\n"
        "\n"
        "Exit status: 7 when DEVICE is in use, 9 when the card does not keep what was written.";
    if (!pif_image_parse(entries, description, &argc, &argv, error))
        return FALSE;
    options.device_is = device_is;
    if (argc < 3)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "flash %s where to? pifarm image flash NODE|IMAGE DEVICE", argv[1]);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    return store && pif_subject_find(cli, store, argv[1], &choice, "flash", &subject, error) &&
           open_and_flash(&subject, argv[2], &options, error);
}
