// SPDX-License-Identifier: MIT
// chroot, another user, no new privileges, a list of system calls.
#include "hw/netboot/server/sandbox.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What the loop, the sockets, the files and libc's allocator need. Everything else is EPERM. */
static const int allowed_calls[] = {
    SCMP_SYS(epoll_wait),     SCMP_SYS(epoll_pwait),   SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),           SCMP_SYS(ppoll),         SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmsg),        SCMP_SYS(recvfrom),      SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),       SCMP_SYS(sendto),        SCMP_SYS(socket),
    SCMP_SYS(bind),           SCMP_SYS(connect),       SCMP_SYS(ioctl),
    SCMP_SYS(read),           SCMP_SYS(write),         SCMP_SYS(fdatasync),
    SCMP_SYS(close),          SCMP_SYS(openat2),       SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),     SCMP_SYS(statx),         SCMP_SYS(fadvise64),
    SCMP_SYS(mmap),           SCMP_SYS(munmap),        SCMP_SYS(mremap),
    SCMP_SYS(madvise),        SCMP_SYS(mprotect),      SCMP_SYS(brk),
    SCMP_SYS(futex),          SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),      SCMP_SYS(getpid),        SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),  SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),     SCMP_SYS(accept4),       SCMP_SYS(sendfile),
    SCMP_SYS(shutdown),       SCMP_SYS(pread64),       SCMP_SYS(fcntl),
    SCMP_SYS(memfd_create)};

static gboolean change_root(const char *folder, GError **error)
{
    if (folder && (chroot(folder) < 0 || chdir("/") < 0))
        return pif_error_set_errno(error, errno, "cannot confine the server to %s", folder);
    return TRUE;
}

static gboolean become(const struct passwd *user, GError **error)
{
    if (setgroups(0, NULL) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0)
        return TRUE;
    return pif_error_set_errno(error, errno, "cannot become user %s", user->pw_name);
}

static gboolean drop_root(const char *folder, const char *name, GError **error)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return pif_error_set(error, PIF_ERROR_USAGE, "there is no user '%s' to run as", name);
    return change_root(folder, error) && become(user, error);
}

static gboolean filter_calls(GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = filter ? 0 : -ENOMEM;
    for (size_t i = 0; i < G_N_ELEMENTS(allowed_calls) && result == 0; i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
    if (result == 0)
        result = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    return result == 0 || pif_error_set_errno(error, -result, "cannot limit the system calls");
}

gboolean pif_sandbox_enter(const char *folder, const char *user, GError **error)
{
    if (geteuid() == 0 && !drop_root(folder, user, error))
        return FALSE;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return pif_error_set_errno(error, errno, "cannot give up new privileges");
    return filter_calls(error);
}
