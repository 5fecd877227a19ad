// SPDX-License-Identifier: MIT
// chroot, another user, no new privileges.
#include "pifarm/base/drop-root.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static gboolean change_root(const char *folder, GError **error)
{
    if (chroot(folder) < 0 || chdir("/") < 0)
        return pif_error_set_errno(error, errno, "cannot confine ourselves to %s", folder);
    return TRUE;
}

/* To a folder that is gone: nothing is in it, and nothing can be. */
static gboolean leave_all_folders(GError **error)
{
    char folder[] = "/tmp/pifarm-XXXXXX";
    g_auto(PifFd) parent = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 || !g_mkdtemp(folder))
        return pif_error_set_errno(error, errno, "cannot make a folder in /tmp");
    gboolean is_inside = change_root(folder, error);
    unlinkat(parent, strrchr(folder, '/') + 1, AT_REMOVEDIR);
    return is_inside;
}

static gboolean confine(const char *folder, GError **error)
{
    if (!folder)
        return TRUE;
    return *folder ? change_root(folder, error) : leave_all_folders(error);
}

/* The kernel forgets the death signal of a process that changes its user. */
static gboolean become(const struct passwd *user, GError **error)
{
    int death_signal = 0;
    pid_t parent = getppid();
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
        return pif_error_set_errno(error, errno, "cannot become user %s", user->pw_name);
    prctl(PR_SET_PDEATHSIG, death_signal);
    if (death_signal != 0 && getppid() != parent)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "who started us has died");
    return TRUE;
}

static gboolean leave_root(const char *folder, const char *name, GError **error)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return pif_error_set(error, PIF_ERROR_USAGE, "there is no user '%s' to run as", name);
    return confine(folder, error) && become(user, error);
}

gboolean pif_drop_root(const char *folder, const char *user, GError **error)
{
    if (geteuid() == 0 && !leave_root(folder, user, error))
        return FALSE;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return pif_error_set_errno(error, errno, "cannot give up new privileges");
    return TRUE;
}
