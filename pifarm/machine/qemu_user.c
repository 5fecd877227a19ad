// SPDX-License-Identifier: MIT
// The user whom QEMU runs as, and what that user can reach.
#include "pifarm/machine/qemu_user.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

#define LIBVIRT_USER "libvirt-qemu"

/* The first line of the initial namespace maps every ID to itself: "0 0 4294967295". */
static gboolean is_in_user_namespace(void)
{
    g_autofree char *map = NULL;
    if (!g_file_get_contents("/proc/self/uid_map", &map, NULL, NULL))
        return FALSE;
    return g_ascii_strtoull(strrchr(g_strchomp(map), ' ') ?: map, NULL, 10) != G_MAXUINT32;
}

PifQemuUser *pif_qemu_user_find(GError **error)
{
    const struct passwd *entry = getpwnam(LIBVIRT_USER);
    if (!entry) {
        pif_error_set(error, PIF_ERROR_NOT_FOUND,
                      "there is no user '%s' for QEMU to run as; try: apt install "
                      "libvirt-daemon-system",
                      LIBVIRT_USER);
        return NULL;
    }
    gboolean is_root = is_in_user_namespace();
    PifQemuUser *user = g_new0(PifQemuUser, 1);
    user->name = g_strdup(is_root ? "root" : LIBVIRT_USER);
    user->uid = is_root ? 0 : entry->pw_uid;
    user->gid = is_root ? 0 : entry->pw_gid;
    return user;
}

PifQemuUser *pif_qemu_user_find_any(void)
{
    g_autoptr(GError) error = NULL;
    PifQemuUser *user = pif_qemu_user_find(&error);
    const struct passwd *nobody = user ? NULL : getpwnam("nobody");
    if (nobody) {
        user = g_new0(PifQemuUser, 1);
        *user = (PifQemuUser){g_strdup(nobody->pw_name), nobody->pw_uid, nobody->pw_gid};
    }
    return user;
}

void pif_qemu_user_free(PifQemuUser *user)
{
    if (!user)
        return;
    g_free(user->name);
    g_free(user);
}

/* Opens path with the user's rights: the kernel takes our privileges over files away for as long as
 * the file system user ID is not 0. Returns 0 or an errno value. */
static int try_open(const PifQemuUser *user, const char *path, int flags)
{
    int our_gid = setfsgid(user->gid);
    int our_uid = setfsuid(user->uid);
    g_auto(PifFd) fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
    int err = fd < 0 ? errno : 0;
    setfsuid((uid_t)our_uid);
    setfsgid((gid_t)our_gid);
    return err;
}

/* The topmost folder above path that the user cannot pass; NULL when all are open. Free it. */
static char *find_closed_folder(const PifQemuUser *user, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));
        g_autofree char *inside = g_strconcat(folder, "/.", NULL);
        if (try_open(user, inside, O_PATH) != 0)
            return g_steal_pointer(&folder);
    }
    return NULL;
}

gboolean pif_qemu_user_check(const PifQemuUser *user, const char *path, int flags, GError **error)
{
    int err = try_open(user, path, flags);
    if (err == 0)
        return TRUE;
    if (err != EACCES)
        return pif_error_set_errno(error, err, "cannot open %s as user %s", path, user->name);
    g_autofree char *folder = find_closed_folder(user, path);
    if (folder)
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "QEMU runs as user %s, who cannot pass the folder %s to %s; try: "
                             "chmod o+x %s",
                             user->name, folder, path, folder);
    return pif_error_set(
        error, PIF_ERROR_DENIED, "QEMU runs as user %s, who cannot %s %s; try: chmod o+%s %s",
        user->name, flags & O_RDWR ? "write" : "read", path, flags & O_RDWR ? "rw" : "r", path);
}

gboolean pif_qemu_user_give(const PifQemuUser *user, const char *path, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot open %s", path);
    if (status.st_uid == user->uid)
        return TRUE;
    if (fchown(fd, user->uid, user->gid) < 0)
        return pif_error_set_errno(error, errno, "cannot give %s to user %s", path, user->name);
    return TRUE;
}
