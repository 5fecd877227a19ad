// SPDX-License-Identifier: MIT
// Looking at a card without starting anything: libblkid, mtools and debugfs.
#include "pifarm/boot/inspect.h"

#include "hw/firmware/boot-planner.h"
#include "hw/firmware/qemu.h"
#include "images/card/card-layout.h"
#include "images/card/card-root.h"
#include "images/disk/partition.h"
#include "images/disk/scratch.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"
#include "pifarm/boot/card-source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_VERSION_LENGTH = 64 };

void pif_inspection_free(PifInspection *inspection)
{
    if (!inspection)
        return;
    g_free(inspection->table);
    g_clear_pointer(&inspection->partitions, g_ptr_array_unref);
    g_free(inspection->os_name);
    g_free(inspection->kernel);
    g_free(inspection->kernel_version);
    g_free(inspection->initramfs);
    g_free(inspection->device_tree);
    g_free(inspection->problem);
    g_free(inspection);
}

static gboolean read_partitions(const PifCard *card, PifInspection *inspection, GError **error)
{
    g_auto(PifFd) fd = open(pif_card_raw_path(card), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the disk");
    inspection->partitions = pif_partitions_read(fd, &inspection->table, error);
    return inspection->partitions != NULL;
}

/* 0: no partition begins there. */
static unsigned number_at(const PifInspection *inspection, guint64 start)
{
    for (guint i = 0; i < inspection->partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(inspection->partitions, i);
        if (partition->start == start)
            return partition->number;
    }
    return 0;
}

static void number_partitions(const PifCard *card, PifInspection *inspection)
{
    PifCardLayout layout;
    if (!pif_card_layout_read(pif_card_raw_path(card), &layout, NULL))
        return;
    inspection->boot_partition = number_at(inspection, layout.boot_offset);
    inspection->root_partition = number_at(inspection, layout.root_offset);
}

/* "Linux version 6.1.0-56-arm64 (...": what the kernel says first. NULL when it is compressed. */
static char *find_banner_version(const char *kernel)
{
    static const char banner[] = "Linux version ";
    g_autoptr(GMappedFile) file = g_mapped_file_new(kernel, FALSE, NULL);
    const char *begin = file ? g_mapped_file_get_contents(file) : NULL;
    const char *end = begin ? begin + g_mapped_file_get_length(file) : NULL;
    const char *found = begin ? memmem(begin, (size_t)(end - begin), banner, strlen(banner)) : NULL;
    if (!found)
        return NULL;
    const char *version = found + strlen(banner);
    const char *space = memchr(version, ' ', (size_t)MIN(end - version, MAX_VERSION_LENGTH));
    return space && space > version ? g_strndup(version, (gsize)(space - version)) : NULL;
}

/* Goes the way that a start goes, up to the reason why it would fail. */
static gboolean inspect_plan(const PifBootPartition *boot, const PifBootPlan *plan,
                             PifInspection *inspection, GError **error)
{
    g_autofree char *copy = NULL;
    g_autoptr(PifQemuBoot) qemu = pif_qemu_boot_new(plan, error);
    if (!qemu)
        return FALSE;
    inspection->kernel = g_strdup(plan->kernel);
    inspection->device_tree = g_strdup(plan->device_tree);
    inspection->initramfs = *plan->initramfs ? g_strjoinv(",", plan->initramfs) : NULL;
    if (!pif_boot_partition_copy_kernel(boot, plan->kernel, &copy, error))
        return FALSE;
    inspection->kernel_version = find_banner_version(copy);
    return TRUE;
}

static gboolean inspect_boot(const PifCard *card, const char *folder, PifInspection *inspection,
                             GError **error)
{
    g_auto(PifBootPartition) boot = {0};
    PifBoard board = pif_board_new(0);
    if (!pif_boot_partition_open(card, folder, &boot, error))
        return FALSE;
    g_autoptr(PifBootSource) source = pif_boot_source_new_card(card, &boot);
    board.boot_partition = boot.number;
    g_autoptr(PifBootPlan) plan = pif_boot_plan_make(source, &board, error);
    return plan && inspect_plan(&boot, plan, inspection, error);
}

/* os-release(5): a shell assignment, whose value may be quoted. */
static char *parse_os_name(const char *os_release)
{
    static const char key[] = "PRETTY_NAME=";
    g_auto(GStrv) lines = g_strsplit(os_release, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, key))
            continue;
        g_autofree char *name = g_shell_unquote(*line + strlen(key), NULL);
        return name && *name ? g_utf8_make_valid(name, -1) : NULL;
    }
    return NULL;
}

static char *read_os_name(PifCardRoot *root)
{
    static const char *const paths[] = {"/usr/lib/os-release", "/etc/os-release"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *text = NULL;
        char *name = pif_card_root_read(root, paths[i], &text, NULL) ? parse_os_name(text) : NULL;
        if (name)
            return name;
    }
    return NULL;
}

/* Raspberry Pi OS installs modules of several kernels: those of kernel8.img end in v8. */
static gboolean is_arm64_version(const char *version)
{
    return g_str_has_suffix(version, "v8") || strstr(version, "-v8") || strstr(version, "arm64");
}

/* For a compressed kernel: the one set of modules there is, or the one for 64-bit cores. */
static char *find_modules_version(PifCardRoot *root)
{
    static const char *const folders[] = {"/usr/lib/modules", "/lib/modules", NULL};
    g_autoptr(GHashTable) entries = NULL;
    g_autofree char *only = NULL;
    guint count = 0;
    GHashTableIter iter;
    gpointer path;
    gpointer entry;
    if (!pif_card_root_list(root, folders, &entries, NULL))
        return NULL;
    g_hash_table_iter_init(&iter, entries);
    while (g_hash_table_iter_next(&iter, &path, &entry)) {
        g_autofree char *version = g_path_get_basename(path);
        if (!S_ISDIR(((PifCardEntry *)entry)->mode) || !g_ascii_isdigit(*version) ||
            g_strcmp0(version, only) == 0)
            continue;
        if (is_arm64_version(version))
            return g_steal_pointer(&version);
        g_free(only);
        only = g_steal_pointer(&version);
        count++;
    }
    return count == 1 ? g_steal_pointer(&only) : NULL;
}

/* A card need not have a root that we can read: it may boot into its initramfs. */
static void inspect_root(const PifCard *card, PifInspection *inspection)
{
    g_autoptr(PifCardRoot) root = NULL;
    if (!pif_card_root_open(card, &root, NULL))
        return;
    inspection->os_name = read_os_name(root);
    if (inspection->kernel && !inspection->kernel_version)
        inspection->kernel_version = find_modules_version(root);
}

static char *find_root_problem(const PifInspection *inspection)
{
    for (guint i = 0; i < inspection->partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(inspection->partitions, i);
        if (g_strcmp0(partition->filesystem, "crypto_LUKS") == 0)
            return g_strdup_printf(
                "partition %u is encrypted (LUKS): the node would wait for a passphrase",
                partition->number);
    }
    return NULL;
}

/* What is wrong with the card is part of the answer; what is wrong with this host is an error. */
static gboolean take_problem(PifInspection *inspection, GError *failure, GError **error)
{
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_CONFIG) &&
        !g_error_matches(failure, PIF_ERROR, PIF_ERROR_EXTERNAL)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    inspection->problem = g_strdup(failure->message);
    g_error_free(failure);
    return TRUE;
}

static gboolean inspect(const PifCard *card, const char *folder, PifInspection *inspection,
                        GError **error)
{
    GError *failure = NULL;
    if (!read_partitions(card, inspection, error))
        return FALSE;
    number_partitions(card, inspection);
    if (!inspect_boot(card, folder, inspection, &failure) &&
        !take_problem(inspection, failure, error))
        return FALSE;
    inspect_root(card, inspection);
    if (!inspection->problem)
        inspection->problem = find_root_problem(inspection);
    return TRUE;
}

gboolean pif_image_inspect(const char *path, PifInspection **ret_inspection, GError **error)
{
    g_autoptr(PifInspection) inspection = g_new0(PifInspection, 1);
    g_autoptr(PifCard) card = NULL;
    g_auto(PifScratch) scratch = {0};
    if (!pif_card_open(path, FALSE, &card, error) || !pif_scratch_make(&scratch, error) ||
        !inspect(card, scratch.folder, inspection, error))
        return FALSE;
    *ret_inspection = g_steal_pointer(&inspection);
    return TRUE;
}
