// SPDX-License-Identifier: MIT
// One qemu-storage-daemon a disk, whose mount point is gone once it is open.
#include "hw/netboot/server/disk-export.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TIMEOUT_MS = 20 * 1000 };

typedef struct {
    char *folder;
    char *mount_point;
    char *pid_file; /* written when all is done that it was told */
    PifFd watch;    /* of the folder */
    pid_t pid;
    PifFd keeper;
} Export;

static void export_clear(Export *export)
{
    if (export->folder)
        pif_dir_remove(export->folder, NULL);
    g_free(export->folder);
    g_free(export->mount_point);
    g_free(export->pid_file);
    pif_fd_clear(&export->watch);
    pif_fd_clear(&export->keeper);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

/* Commas divide options for QEMU; two are one. */
static char *escape(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ",", -1);
    return g_strjoinv(",,", parts);
}

static char **make_arguments(const Export *export, const char *path)
{
    g_autofree char *disk = escape(path);
    g_autofree char *point = escape(export->mount_point);
    g_autoptr(GStrvBuilder) arguments = g_strv_builder_new();
    g_autofree char *blockdev = g_strdup_printf(
        "driver=qcow2,node-name=disk,read-only=on,file.driver=file,file.filename=%s", disk);
    g_autofree char *fuse =
        g_strdup_printf("type=fuse,id=disk,node-name=disk,mountpoint=%s", point);
    g_strv_builder_add_many(arguments, "qemu-storage-daemon", "--blockdev", blockdev, "--export",
                            fuse, "--pidfile", export->pid_file, NULL);
    return g_strv_builder_end(arguments);
}

static pid_t run_program(const Export *export, const char *path)
{
    g_auto(GStrv) arguments = make_arguments(export, path);
    sigset_t none;
    sigemptyset(&none);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    return pid;
}

static int open_process(pid_t pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

/* Ends with the program, or when nobody has the other end of the lifeline any more. */
static void keep_program(const Export *export, const char *path, int lifeline)
{
    int program = open_process(run_program(export, path));
    struct pollfd ends[] = {{lifeline, POLLIN, 0}, {program, POLLIN, 0}};
    if (program >= 0)
        poll(ends, G_N_ELEMENTS(ends), -1);
    _exit(1);
}

/* The program mounts, so it is root's, and would not die with us, who will be somebody else by
 * then: a keeper stands between. Not by PifCommand: GLib would watch the child from a thread, which
 * would keep the rights that we are about to give up. */
static gboolean start(Export *export, const char *path, GError **error)
{
    int lifeline[2] = {-1, -1};
    if (pipe2(lifeline, O_CLOEXEC) < 0)
        return pif_error_set_errno(error, errno, "cannot make a pipe");
    export->pid = fork();
    if (export->pid == 0) {
        close_range(STDERR_FILENO + 1, (unsigned)lifeline[0] - 1, 0);
        close_range((unsigned)lifeline[0] + 1, ~0U, 0);
        keep_program(export, path, lifeline[0]);
    }
    close(lifeline[0]); /* the other end stays open for as long as we live */
    export->keeper = open_process(export->pid);
    if (export->keeper < 0)
        return pif_error_set_errno(error, errno, "cannot start qemu-storage-daemon");
    return TRUE;
}

static gboolean wait_until_ready(const Export *export, const char *path, GError **error)
{
    struct pollfd ready[] = {{export->watch, POLLIN, 0}, {export->keeper, POLLIN, 0}};
    gint64 deadline_us = g_get_monotonic_time() + START_TIMEOUT_MS * G_GINT64_CONSTANT(1000);
    char events[4096];
    while (!g_file_test(export->pid_file, G_FILE_TEST_EXISTS)) {
        gint64 left_us = deadline_us - g_get_monotonic_time();
        int count = poll(ready, G_N_ELEMENTS(ready), (int)MAX(left_us / 1000, 0));
        if (count == 0)
            return pif_error_set(error, PIF_ERROR_TIMEOUT,
                                 "qemu-storage-daemon takes too long to export %s", path);
        if (ready[1].revents)
            return pif_error_set(
                error, PIF_ERROR_EXTERNAL,
                "qemu-storage-daemon (package qemu-system-common) cannot export %s by "
                "FUSE",
                path);
        if (ready[0].revents && read(export->watch, events, sizeof events) < 0)
            return pif_error_set_errno(error, errno, "cannot wait for qemu-storage-daemon");
    }
    return TRUE;
}

static gboolean prepare(Export *export, const char *path, GError **error)
{
    GError *failure = NULL;
    export->folder = g_dir_make_tmp("pifarm-netboot-XXXXXX", &failure);
    if (!export->folder)
        return pif_error_take(error, failure, "cannot serve files from %s", path);
    export->mount_point = g_build_filename(export->folder, "disk", NULL);
    export->pid_file = g_build_filename(export->folder, "pid", NULL);
    export->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (export->watch < 0 || inotify_add_watch(export->watch, export->folder, IN_CREATE) < 0)
        return pif_error_set_errno(error, errno, "cannot watch %s", export->folder);
    return pif_file_write(export->mount_point, "", 0, 0600, error);
}

int pif_disk_export_open(const char *path, GError **error)
{
    g_auto(Export) export = {.watch = -1, .keeper = -1};
    if (!prepare(&export, path, error) || !start(&export, path, error))
        return -1;
    gboolean is_ready = wait_until_ready(&export, path, error);
    int fd = is_ready ? open(export.mount_point, O_RDONLY | O_CLOEXEC) : -1;
    if (is_ready && fd < 0)
        pif_error_set_errno(error, errno, "cannot open what qemu-storage-daemon exports of %s",
                            path);
    umount2(export.mount_point, MNT_DETACH);
    if (fd >= 0)
        return fd;
    kill(export.pid, SIGKILL);
    waitpid(export.pid, NULL, 0);
    return -1;
}
