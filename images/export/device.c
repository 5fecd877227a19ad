// SPDX-License-Identifier: MIT
// What sysfs and the disk itself say of it.
#include "images/export/device.h"

#include "images/disk/partition.h"
#include "images/export/device-users.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { MAX_ATTRIBUTE = 4096, SECTOR = 512 };

void pif_device_clear(PifDevice *device)
{
    pif_fd_clear(&device->fd);
    g_clear_pointer(&device->path, g_free);
    g_clear_pointer(&device->sysfs, g_free);
    g_clear_pointer(&device->model, g_free);
    g_clear_pointer(&device->table, g_free);
    g_clear_pointer(&device->partitions, g_ptr_array_unref);
}

/* NULL when there is none, or nothing in it. Free it. */
static char *read_attribute(const PifDevice *device, const char *name)
{
    char *text = NULL;
    g_autofree char *path = g_build_filename(device->sysfs, name, NULL);
    if (!pif_file_read(path, MAX_ATTRIBUTE, &text, NULL, NULL))
        return NULL;
    if (!*g_strstrip(text))
        g_clear_pointer(&text, g_free);
    return text;
}

/* A card in a slot of the board does not call itself removable, but a card. */
static gboolean is_removable(const PifDevice *device)
{
    g_autofree char *removable = read_attribute(device, "removable");
    g_autofree char *type = read_attribute(device, "device/type");
    return g_strcmp0(removable, "1") == 0 || g_strcmp0(type, "SD") == 0;
}

static char *find_model(const PifDevice *device)
{
    g_autofree char *vendor = read_attribute(device, "device/vendor");
    g_autofree char *model = read_attribute(device, "device/model");
    g_autofree char *name = read_attribute(device, "device/name");
    g_autofree char *file = read_attribute(device, "loop/backing_file");
    if (model && vendor && !g_str_has_prefix(vendor, "0x"))
        return g_strdup_printf("%s %s", vendor, model);
    return g_strdup(model ? model : name ? name : file);
}

static gboolean find_in_sysfs(PifDevice *device, GError **error)
{
    struct stat status;
    if (stat(device->path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot find the device %s", device->path);
    if (!S_ISBLK(status.st_mode))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s is no disk; name one, like /dev/sdb or /dev/mmcblk0 (lsblk lists "
                             "them); to write a file: pifarm image export",
                             device->path);
    device->sysfs =
        g_strdup_printf("/sys/dev/block/%u:%u", major(status.st_rdev), minor(status.st_rdev));
    g_autofree char *number = read_attribute(device, "partition");
    if (number)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s is partition %s of a disk; a card is written as a whole: name the "
                             "disk (lsblk shows which)",
                             device->path, number);
    return TRUE;
}

static gboolean open_alone(PifDevice *device, GError **error)
{
    device->fd = open(device->path, O_RDWR | O_EXCL | O_DIRECT | O_CLOEXEC);
    if (device->fd >= 0)
        return TRUE;
    if (errno == EBUSY)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "%s is in use by the kernel (mounted in a container, part of a RAID "
                             "or a volume group?)",
                             device->path);
    if (errno == EROFS || errno == EACCES)
        return pif_error_set(error, PIF_ERROR_DENIED, "%s may not be written%s", device->path,
                             errno == EROFS ? ": it is write-protected (the slide on the card's "
                                              "edge?)"
                                            : "");
    if (errno == ENOMEDIUM)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no card in %s", device->path);
    return pif_error_set_errno(error, errno, "cannot open %s", device->path);
}

static gboolean measure(PifDevice *device, GError **error)
{
    int is_read_only = 0, sector = SECTOR;
    if (ioctl(device->fd, BLKGETSIZE64, &device->size) < 0 ||
        ioctl(device->fd, BLKROGET, &is_read_only) < 0 || ioctl(device->fd, BLKSSZGET, &sector) < 0)
        return pif_error_set_errno(error, errno, "cannot tell the size of %s", device->path);
    if (is_read_only)
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "%s is write-protected (the slide on the card's edge?)", device->path);
    if (sector != SECTOR)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "%s has sectors of %d bytes; card images are made for %d",
                             device->path, sector, SECTOR);
    return TRUE;
}

/* Not by the fd of ours, which wants aligned memory. */
static gboolean read_partitions(PifDevice *device, GError **error)
{
    g_auto(PifFd) fd = open(device->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot read %s", device->path);
    device->partitions = pif_partitions_read(fd, &device->table, error);
    return device->partitions != NULL;
}

gboolean pif_device_open(const char *path, PifDevice *ret_device, GError **error)
{
    g_auto(PifDevice) device = {.path = g_strdup(path), .fd = -1};
    if (!find_in_sysfs(&device, error) ||
        !pif_device_check_unused(device.path, device.sysfs, error) || !open_alone(&device, error) ||
        !measure(&device, error) || !read_partitions(&device, error))
        return FALSE;
    device.is_removable = is_removable(&device);
    device.model = find_model(&device);
    *ret_device = device;
    device = (PifDevice){.fd = -1};
    return TRUE;
}

/* Labels are a stranger's words. */
static void append_shown(GString *text, const char *words)
{
    g_autofree char *valid = g_utf8_make_valid(words, -1);
    for (char *c = valid; *c; c++)
        g_string_append_c(text, g_ascii_iscntrl(*c) ? '?' : *c);
}

static void append_partitions(GString *text, const GPtrArray *partitions)
{
    g_string_append_printf(text, ", with %u partition%s (", partitions->len,
                           partitions->len == 1 ? "" : "s");
    for (guint i = 0; i < partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(partitions, i);
        const char *name = partition->label        ? partition->label
                           : partition->filesystem ? partition->filesystem
                                                   : "?";
        g_string_append(text, i ? ", " : "");
        append_shown(text, name);
    }
    g_string_append_c(text, ')');
}

char *pif_device_describe(const PifDevice *device)
{
    GString *text = g_string_new(NULL);
    g_autofree char *size = g_format_size_full(device->size, G_FORMAT_SIZE_IEC_UNITS);
    append_shown(text, device->path);
    if (device->model) {
        g_string_append(text, ", ");
        append_shown(text, device->model);
    }
    g_string_append_printf(text, ", %s", size);
    if (device->partitions->len)
        append_partitions(text, device->partitions);
    else
        g_string_append(text, ", no partitions");
    return g_string_free(text, FALSE);
}
