// SPDX-License-Identifier: MIT
// A tmpfs over /run, and in it a bind mount of each entry that was there.
#include "netsetup/cover-run.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static const char folder[] = "/run";

/* libvirt makes its own here, also when the host's libvirt has one, which is not for us; nscd knows
 * the host's names and not the farm's. */
static gboolean is_wanted(const char *name)
{
    return !g_str_equal(name, "libvirt") && !g_str_equal(name, "nscd");
}

static void copy_link(const char *from, const char *to)
{
    g_autofree char *target = g_file_read_link(from, NULL);
    if (target && symlink(target, to) < 0)
        g_info("cannot make the link %s", to);
}

/* Something of the same kind to mount on. */
static gboolean make_place(const char *path, mode_t mode)
{
    if (S_ISDIR(mode))
        return mkdir(path, 0755) == 0;
    g_auto(PifFd) file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    return file >= 0;
}

/* An entry that cannot be shown is one that nobody here may use either. */
static void show(int old, const char *name)
{
    struct stat status;
    g_autofree char *from = g_strdup_printf("/proc/self/fd/%d/%s", old, name);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    if (fstatat(old, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISLNK(status.st_mode))
        copy_link(from, to);
    else if (make_place(to, status.st_mode) && mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
        remove(to);
}

gboolean pif_cover_run(GError **error)
{
    GError *failure = NULL;
    g_autoptr(GDir) entries = g_dir_open(folder, 0, &failure);
    g_auto(PifFd) old = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!entries)
        return pif_error_take(error, failure, "cannot see what is in %s", folder);
    if (old < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", folder);
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return pif_error_set_errno(error, errno, "cannot mount a %s of its own", folder);
    for (const char *name; (name = g_dir_read_name(entries));)
        if (is_wanted(name))
            show(old, name);
    return TRUE;
}
