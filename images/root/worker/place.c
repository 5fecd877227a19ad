// SPDX-License-Identifier: MIT
// Mounts: the root by a loop device, the boot partition as a copy, and what programs expect beside.
#include "images/root/worker/place.h"

#include "images/disk/partition.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum { CHECK_TIMEOUT_MS = 10 * 60 * 1000 };

int pif_place_open(const PifPlace *place, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (__u64)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, place->root_fd, path, &how, sizeof how);
}

static const char *filesystem_of(const char *disk, unsigned number, GPtrArray **ret_partitions,
                                 GError **error)
{
    g_autofree char *table = NULL;
    g_auto(PifFd) fd = open(disk, O_RDONLY | O_CLOEXEC);
    *ret_partitions = pif_partitions_read(fd, &table, error);
    for (guint i = 0; *ret_partitions && i < (*ret_partitions)->len; i++) {
        const PifPartition *partition = (*ret_partitions)->pdata[i];
        if (partition->number == number && partition->filesystem)
            return partition->filesystem;
    }
    return "none";
}

static gboolean check_layout(PifPlace *place, GError **error)
{
    const char *disk = place->job->disk;
    g_autoptr(GPtrArray) partitions = NULL;
    if (!pif_card_layout_read(disk, &place->layout, error))
        return FALSE;
    if (!place->layout.root_size)
        return pif_error_set(error, PIF_ERROR_CONFIG, "no Linux partition (type 83) for a root");
    const char *filesystem = filesystem_of(disk, place->layout.root_number, &partitions, error);
    if (!partitions)
        return FALSE;
    if (!g_str_equal(filesystem, "ext4"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the root partition (%u) has no ext4 file system but: %s",
                             place->layout.root_number, filesystem);
    return TRUE;
}

/* The host's kernel is to see nothing that e2fsck has not seen; it replays the journal, too. */
static gboolean check_filesystem(const PifPlace *place, GError **error)
{
    GError *failure = NULL;
    g_autoptr(PifCommand) command =
        pif_command_new("sh", "-c", "e2fsck -f -p \"$1\" >&2 || [ $? -lt 4 ]", "sh", NULL);
    pif_command_add_format(command, "%s?offset=%" G_GUINT64_FORMAT, place->job->disk,
                           place->layout.root_offset);
    pif_command_set_timeout_ms(command, CHECK_TIMEOUT_MS);
    if (pif_command_run(command, NULL, &failure))
        return TRUE;
    pif_error_set(error, PIF_ERROR_CONFIG,
                  "the root file system has errors that e2fsck does not mend by itself: %s",
                  failure->message);
    g_error_free(failure);
    return FALSE;
}

static gboolean mount_root(PifPlace *place, GError **error)
{
    g_autofree char *device = NULL;
    g_auto(PifFd) loop = -1;
    place->root = g_build_filename(place->job->folder, "root", NULL);
    if (mkdir(place->root, 0700) < 0)
        return pif_error_set_errno(error, errno, "cannot make %s", place->root);
    if (!pif_loop_attach(place->job->disk, place->layout.root_offset, place->layout.root_size,
                         &device, &loop, error))
        return FALSE;
    if (mount(device, place->root, "ext4", MS_NODEV | MS_NOATIME, NULL) < 0)
        return pif_error_set_errno(error, errno, "cannot mount the root file system");
    place->root_fd = open(place->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return place->root_fd >= 0 ||
           pif_error_set_errno(error, errno, "cannot open the root file system");
}

/* What programs expect to find, beside /proc, which belongs to the process namespace. */
static const struct {
    const char *path;
    const char *type;
    unsigned long flags;
    const char *options;
} mounts[] = {
    {"sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
    {"dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=1m"},
    {"run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"},
    {"tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"},
};

static gboolean mount_at(const PifPlace *place, const char *path, const char *type,
                         unsigned long flags, const char *options, GError **error)
{
    mkdirat(place->root_fd, path, 0755);
    g_auto(PifFd) point =
        openat(place->root_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    g_autofree char *target = g_strdup_printf("/proc/self/fd/%d", point);
    if (point < 0)
        return pif_error_set(error, PIF_ERROR_CONFIG, "/%s of the image is no folder", path);
    return mount(type, target, type, flags, options) == 0 ||
           pif_error_set_errno(error, errno, "cannot mount a %s on /%s of the image", type, path);
}

static const struct {
    const char *name;
    unsigned major; /* Linux, Documentation/admin-guide/devices.txt */
    unsigned minor;
} devices[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const char *const device_links[][2] = {
    {"pts/ptmx", "ptmx"},          {"/proc/self/fd", "fd"},       {"/proc/self/fd/0", "stdin"},
    {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"},
};

static gboolean make_devices(const PifPlace *place, GError **error)
{
    g_auto(PifFd) dev = openat(place->root_fd, "dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
    gboolean is_ok = dev >= 0;
    for (size_t i = 0; is_ok && i < G_N_ELEMENTS(devices); i++)
        is_ok = mknodat(dev, devices[i].name, S_IFCHR | 0666,
                        makedev(devices[i].major, devices[i].minor)) == 0 &&
                fchmodat(dev, devices[i].name, 0666, 0) == 0;
    for (size_t i = 0; is_ok && i < G_N_ELEMENTS(device_links); i++)
        is_ok = symlinkat(device_links[i][0], dev, device_links[i][1]) == 0;
    if (!is_ok)
        return pif_error_set_errno(error, errno, "cannot make devices for the image");
    return mount_at(place, "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                    "newinstance,gid=5,mode=620,ptmxmode=666", error) &&
           mount_at(place, "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", error) &&
           mount_at(place, "run/lock", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "mode=1777,size=5m", error);
}

gboolean pif_place_mount(PifPlace *place, GError **error)
{
    if (!check_layout(place, error) || !check_filesystem(place, error) || !mount_root(place, error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++)
        if (!mount_at(place, mounts[i].path, mounts[i].type, mounts[i].flags, mounts[i].options,
                      error))
            return FALSE;
    return make_devices(place, error);
}

/* What was written and removed again becomes holes in the image; a disk that has none does not
 * matter. */
static void trim(const PifPlace *place)
{
    struct fstrim_range range = {.len = G_MAXUINT64};
    g_auto(PifFd) root = open(place->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0)
        ioctl(root, FITRIM, &range);
}

/* Read-only is what leaves the file system clean; the mount itself ends with the last process that
 * had it. */
gboolean pif_place_unmount(PifPlace *place, GError **error)
{
    trim(place);
    if (mount(NULL, place->root, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return pif_error_set_errno(error, errno, "cannot end writing to the root file system");
    pif_fd_clear(&place->root_fd);
    if (umount2(place->root, MNT_DETACH) < 0)
        return pif_error_set_errno(error, errno, "cannot unmount the root file system");
    g_auto(PifFd) disk = open(place->job->disk, O_RDONLY | O_CLOEXEC);
    return (disk >= 0 && fsync(disk) == 0) ||
           pif_error_set_errno(error, errno, "cannot write %s", place->job->disk);
}

void pif_place_clear(PifPlace *place)
{
    g_free(place->root);
    pif_fd_clear(&place->root_fd);
    g_free(place->boot_point);
    g_free(place->boot);
    g_clear_pointer(&place->before, g_hash_table_unref);
}
