// SPDX-License-Identifier: MIT
// Another root folder and user, and a list of system calls.
#include "hw/netboot/server/sandbox.h"

#include "pifarm/base/drop-root.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <seccomp.h>

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
    SCMP_SYS(memfd_create),   SCMP_SYS(epoll_create1), SCMP_SYS(eventfd2),
    SCMP_SYS(renameat2),      SCMP_SYS(renameat),      SCMP_SYS(unlinkat)};

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
    return pif_drop_root(folder, user, error) && filter_calls(error);
}
