// SPDX-License-Identifier: MIT
// pifarm image flash: what may be lost is shown and asked about before anything is.
#include "images/export/flash.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/flash-source.h"
#include "pifarm/cli/image-subject.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *device_is;
    char *node;
    gboolean must_grow;
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
    if (!fgets(answer, sizeof answer, stdin))
        fputc('\n', stderr); /* Ctrl-D */
    if (*answer == 'y' || *answer == 'Y')
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "nothing was written to %s", device->path);
}

static void show_plan(const PifSubject *subject, PifDiskMap *map, const PifDevice *device,
                      const PifFlashPlan *plan, const FlashOptions *options)
{
    g_autofree char *description = pif_device_describe(device);
    g_autofree char *written = g_format_size_full(plan->bytes, G_FORMAT_SIZE_IEC_UNITS);
    fprintf(stderr, "%s\n", description);
    fprintf(stderr, "%s: %s to write%s%s%s%s\n", subject->name, written,
            plan->size < pif_disk_map_size(map)
                ? "; the disk is larger than the card, but its partitions end before"
                : "",
            options->must_grow ? "; its root grows to the end of the card" : "",
            options->node ? "; it becomes the card of node " : "",
            options->node ? options->node : "");
}

/* A handler may call little more than write; so its words are made before. */
static char last_words[512];

static void say_last_words(int number)
{
    ssize_t written = write(STDERR_FILENO, last_words, strlen(last_words));
    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

/* What is ignored, as in the background of a shell, stays so. */
static void handle(int number, void (*handler)(int))
{
    if (signal(number, SIG_IGN) != SIG_IGN)
        signal(number, handler);
}

/* From here on the card has no partition table until all of it is written. */
static void set_last_words(const PifDevice *device)
{
    g_snprintf(last_words, sizeof last_words,
               "%spifarm: stopped; %.200s is half written and has no partition table now: flash it "
               "again\n",
               isatty(STDERR_FILENO) ? "\n" : "", device->path);
    handle(SIGINT, say_last_words);
    handle(SIGTERM, say_last_words);
}

static void forget_last_words(void)
{
    handle(SIGINT, SIG_DFL);
    handle(SIGTERM, SIG_DFL);
}

static gboolean write_card(const char *title, PifDiskMap *map, PifDevice *device,
                           const PifFlashPlan *plan, GError **error)
{
    g_autoptr(PifProgress) progress = pif_progress_new(title, plan->bytes);
    set_last_words(device);
    gboolean is_ok = pif_flash_write(map, device, plan, progress, error);
    forget_last_words();
    return is_ok;
}

static gboolean verify_card(PifDiskMap *map, PifDevice *device, const PifFlashPlan *plan,
                            GError **error)
{
    g_autoptr(PifProgress) progress = pif_progress_new("reading back", plan->bytes);
    return pif_flash_verify(map, device, plan, progress, error);
}

static gboolean flash(const PifSubject *subject, const PifFlashSource *source, PifDiskMap *map,
                      PifDevice *device, const FlashOptions *options, GError **error)
{
    g_auto(PifFlashPlan) plan = {0};
    g_autofree char *title = g_strdup_printf("writing %s", subject->name);
    if (!pif_flash_plan(map, device, source->whole, &plan, error))
        return FALSE;
    if (!options->is_sure || options->is_dry_run)
        show_plan(subject, map, device, &plan, options);
    if (options->is_dry_run)
        return TRUE;
    if (!confirm(subject, device, options, error) ||
        !write_card(title, map, device, &plan, error) ||
        !(options->has_no_verify || verify_card(map, device, &plan, error)) ||
        !pif_flash_source_record(source, error))
        return FALSE;
    pif_flash_announce(device);
    printf("%s is on %s%s%s%s; the card can be taken out\n", subject->name, device->path,
           options->node ? " as " : "", options->node ? options->node : "",
           options->has_no_verify ? "" : " and was read back");
    return TRUE;
}

static gboolean find_node(PifCli *cli, char *name, const PifNode **ret_node, GError **error)
{
    char *arguments[] = {name, NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, arguments, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    *ret_node = nodes->pdata[0];
    return nodes->len == 1 ||
           pif_error_set(error, PIF_ERROR_USAGE, "--as %s: that is %u nodes, and this is one card",
                         name, nodes->len);
}

static gboolean open_and_flash(PifCli *cli, PifStore *store, const PifSubject *subject,
                               const char *path, const FlashOptions *options, GError **error)
{
    PifFlashChanges changes = {0};
    g_auto(PifDevice) device = {.fd = -1};
    g_auto(PifFlashSource) source = {0};
    g_autoptr(PifDiskMap) map = NULL;
    if ((options->node && !find_node(cli, options->node, &changes.node, error)) ||
        !pif_device_open(path, &device, error) || !check_named(&device, options, error))
        return FALSE;
    changes.farm = cli->farm;
    changes.grown_size = options->must_grow ? device.size : 0;
    if (!pif_flash_source_open(store, subject->path, &changes, &source, error) ||
        !pif_disk_map_open(source.path, &map, error)) {
        pif_cli_advise(error, PIF_ERROR_BUSY, "pifarm down does");
        return FALSE;
    }
    return flash(subject, &source, map, &device, options, error);
}

gboolean pif_image_cmd_flash(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    PifSubjectChoice choice = {0};
    FlashOptions options = {0};
    g_auto(PifSubject) subject = {0};
    g_autofree char *device_is = NULL;
    g_autofree char *node = NULL;
    const GOptionEntry entries[] = {
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &options.is_sure, "do not ask", NULL},
        {"as", 0, 0, G_OPTION_ARG_STRING, &node, "make it the card of NODE, with its identity",
         "NODE"},
        {"grow", 0, 0, G_OPTION_ARG_NONE, &options.must_grow,
         "let the root file system have all of the card", NULL},
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
        "has to be off. An image is written as it is; with --as it becomes the card of a node "
        "that\n"
        "has none yet: name, machine ID, SSH host key, node.env. A card may be smaller than the\n"
        "image if the partitions fit. With --grow free space behind the image is not written.\n"
        "\n"
        "Exit status: 7 when DEVICE is in use, 9 when the card does not keep what was written.";
    if (!pif_image_parse(entries, description, &argc, &argv, error))
        return FALSE;
    options.device_is = device_is;
    options.node = node;
    if (argc < 3)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "flash %s where to? pifarm image flash NODE|IMAGE DEVICE", argv[1]);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    return store && pif_subject_find(cli, store, argv[1], &choice, "flash", &subject, error) &&
           open_and_flash(cli, store, &subject, argv[2], &options, error);
}
