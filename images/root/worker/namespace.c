// SPDX-License-Identifier: MIT
// From a child process to the root of its own small world.
#include "images/root/worker/namespace.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { MAX_RESOLV_CONF = 64 * 1024, MAX_RESULT = 64 * 1024 };

/* What the two processes say to one another, a byte each, in this order; then comes the result. */
enum { MOUNTED = 'm', UNSHARED = 'u', MAPPED = 'i' };

static gboolean say(int socket, char word)
{
    return send(socket, &word, 1, MSG_NOSIGNAL) == 1;
}

static gboolean hear(int socket, char word)
{
    char heard = 0;
    return recv(socket, &heard, 1, MSG_PEEK) == 1 && heard == word && read(socket, &heard, 1) == 1;
}

/* Of the new process namespace; what root could do to the host by it is not there. */
static gboolean mount_proc(const char *root, GError **error)
{
    g_autofree char *proc = g_build_filename(root, "proc", NULL);
    g_autofree char *settings = g_build_filename(proc, "sys", NULL);
    g_autofree char *sysrq = g_build_filename(proc, "sysrq-trigger", NULL);
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mkdir(proc, 0755) < 0 && errno != EEXIST)
        return pif_error_set_errno(error, errno, "cannot make /proc in the image");
    g_auto(PifFd) point = open(proc, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (point < 0)
        return pif_error_set(error, PIF_ERROR_CONFIG, "/proc of the image is no folder");
    if (mount("proc", proc, "proc", flags, NULL) < 0 ||
        mount(settings, settings, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, settings, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) < 0)
        return pif_error_set_errno(error, errno, "cannot mount /proc of the image");
    return mount("/dev/null", sysrq, NULL, MS_BIND, NULL) == 0 || errno == ENOENT ||
           pif_error_set_errno(error, errno, "cannot hide /proc/sysrq-trigger");
}

/* The mounts that were there before are locked in the new user namespace: only what is mounted
 * anew can become its root. */
static gboolean change_root(const char *root, GError **error)
{
    if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0 ||
        syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return pif_error_set_errno(error, errno, "cannot make the image our root");
    return TRUE;
}

/* So that a prompt names the image's system. */
static void set_host_name(void)
{
    g_autofree char *name = NULL;
    if (pif_file_read("/etc/hostname", 4096, &name, NULL, NULL) && *g_strstrip(name))
        sethostname(name, MIN(strlen(name), 64));
}

/* As root of a user namespace in which everybody is who he is outside: files get the right owners,
 * while nothing of the host's kernel can be changed. */
static gboolean enter(const char *root, int socket, GError **error)
{
    if (!mount_proc(root, error))
        return FALSE;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
        return pif_error_set_errno(
            error, errno,
            "the kernel makes no namespaces to run the image's programs in (see "
            "/proc/sys/user/max_user_namespaces)");
    if (!say(socket, UNSHARED) || !hear(socket, MAPPED))
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "our parent process is gone");
    /* which the kernel has forgotten with our old rights; a parent gone since then is seen next */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct pollfd parent = {.fd = socket, .events = POLLRDHUP};
    if (poll(&parent, 1, 0) > 0)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "our parent process is gone");
    return TRUE;
}

static gboolean run_inside(const PifRootJob *job, int socket, PifRootResult *result, GError **error)
{
    g_autofree char *root = g_build_filename(job->folder, "root", NULL);
    g_autofree char *resolv_conf = NULL;
    pif_file_read("/etc/resolv.conf", MAX_RESOLV_CONF, &resolv_conf, NULL, NULL);
    if (!enter(root, socket, error) || !pif_machine_prepare(root, error) ||
        !change_root(root, error))
        return FALSE;
    set_host_name();
    PifHostFiles *files = pif_host_files_put(job, resolv_conf, error);
    if (!files)
        return FALSE;
    gboolean is_ok = pif_steps_run(job, result, error);
    kill(-1, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    return pif_host_files_take_back(files, is_ok ? error : NULL) && is_ok;
}

static G_NORETURN void be_first_process(const PifRootJob *job, int socket)
{
    g_auto(PifRootResult) result = {0};
    GError *error = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!hear(socket, MOUNTED))
        _exit(1);
    if (!run_inside(job, socket, &result, &error))
        result.error = error;
    g_autofree char *text = pif_root_result_format(&result);
    _exit(send(socket, text, strlen(text), MSG_NOSIGNAL) < 0);
}

gboolean pif_namespace_start(PifNamespace *namespace, const PifRootJob *job, GError **error)
{
    int ends[2];
    g_auto(PifFd) own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return pif_error_set_errno(error, errno, "cannot make a socket pair");
    namespace->socket = ends[0];
    if (own < 0 || unshare(CLONE_NEWPID) < 0 || (namespace->pid = fork()) < 0) {
        close(ends[1]);
        return pif_error_set_errno(error, errno, "cannot make a process namespace");
    }
    if (namespace->pid == 0) {
        close(ends[0]);
        be_first_process(job, ends[1]);
    }
    close(ends[1]);
    /* our other children are to be ours */
    return setns(own, CLONE_NEWPID) == 0 ||
           pif_error_set_errno(error, errno, "cannot stay in our process namespace");
}

/* The IDs that we have ourselves, each as itself. */
static gboolean write_map(pid_t pid, const char *name, GError **error)
{
    g_autofree char *ours = NULL;
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    g_autofree char *own_path = g_strdup_printf("/proc/self/%s", name);
    g_autoptr(GString) map = g_string_new(NULL);
    if (!pif_file_read(own_path, 64 * 1024, &ours, NULL, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(ours, "\n", -1);
    for (char **line = lines; *line; line++) {
        guint first, outside, count;
        if (sscanf(*line, "%u %u %u", &first, &outside, &count) == 3)
            g_string_append_printf(map, "%u %u %u\n", first, first, count);
    }
    g_auto(PifFd) fd = open(path, O_WRONLY | O_CLOEXEC);
    return (fd >= 0 && write(fd, map->str, map->len) == (ssize_t)map->len) ||
           pif_error_set_errno(error, errno, "cannot write %s", path);
}

static gboolean read_result(PifNamespace *namespace, PifRootResult *ret_result, GError **error)
{
    int status = 0;
    gsize size = 0;
    g_autofree char *text = g_malloc0(MAX_RESULT + 1);
    for (ssize_t got = 1; got > 0 && size < MAX_RESULT; size += (gsize)MAX(got, 0))
        got = read(namespace->socket, text + size, MAX_RESULT - size);
    pid_t pid = namespace->pid;
    namespace->pid = 0;
    if (waitpid(pid, &status, 0) < 0 || !size)
        return pif_error_set(error, PIF_ERROR_EXTERNAL,
                             "the image's first process ended without a word (status 0x%x)",
                             (guint)status);
    return pif_root_result_parse(text, ret_result, error);
}

gboolean pif_namespace_run(PifNamespace *namespace, PifRootResult *ret_result, GError **error)
{
    if (say(namespace->socket, MOUNTED) && hear(namespace->socket, UNSHARED)) {
        if (!write_map(namespace->pid, "uid_map", error) ||
            !write_map(namespace->pid, "gid_map", error))
            return FALSE;
        say(namespace->socket, MAPPED);
    }
    return read_result(namespace, ret_result, error);
}

void pif_namespace_clear(PifNamespace *namespace)
{
    if (namespace->pid > 0) {
        kill(namespace->pid, SIGKILL);
        waitpid(namespace->pid, NULL, 0);
        namespace->pid = 0;
    }
    pif_fd_clear(&namespace->socket);
}
