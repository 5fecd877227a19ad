// SPDX-License-Identifier: MIT
// A process that sleeps holds the namespaces of a farm without root; the others enter its.
#include "netsetup/rootless.h"

#include "netsetup/cover-run.h"
#include "netsetup/outside.h"
#include "netsetup/resolver.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <net/if.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char *note_path(const char *farm)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *name = g_strconcat(farm, ".namespace", NULL);
    return g_build_filename(runtime, name, NULL);
}

/* In ticks since the host booted: with it a process ID is not taken for another's. 0: there is no
 * such process. proc(5): field 22 of stat, the 20th behind the name. */
static guint64 read_start_time(pid_t pid)
{
    enum { MAX_SIZE = 4096, START_TIME = 20 };
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    if (!pif_file_read(path, MAX_SIZE, &text, NULL, NULL))
        return 0;
    const char *name_end = strrchr(text, ')');
    g_auto(GStrv) fields = g_strsplit(name_end ? name_end : "", " ", -1);
    return g_strv_length(fields) > START_TIME ? g_ascii_strtoull(fields[START_TIME], NULL, 10) : 0;
}

/* Also when nobody has waited for it. */
static gboolean has_ended(int process)
{
    struct pollfd end = {.fd = process, .events = POLLIN};
    return poll(&end, 1, 0) != 0;
}

/* The process that holds the farm's namespaces; -1: there is none. */
static int open_holder(const char *farm)
{
    enum { MAX_SIZE = 64 };
    int pid = 0;
    guint64 start_time = 0;
    g_autofree char *path = note_path(farm);
    g_autofree char *note = NULL;
    if (!pif_file_read(path, MAX_SIZE, &note, NULL, NULL) ||
        sscanf(note, "%d %" G_GUINT64_FORMAT, &pid, &start_time) != 2 || pid <= 0)
        return -1;
    g_auto(PifFd) holder = pidfd_open(pid, 0);
    gboolean is_it = holder >= 0 && start_time != 0 && read_start_time(pid) == start_time;
    return is_it && !has_ended(holder) ? pif_fd_steal(&holder) : -1;
}

static gboolean write_note(const char *farm, pid_t pid, GError **error)
{
    g_autofree char *path = note_path(farm);
    g_autofree char *note =
        g_strdup_printf("%d %" G_GUINT64_FORMAT "\n", (int)pid, read_start_time(pid));
    return pif_paths_make_runtime_dir(error) && pif_file_write(path, note, -1, 0600, error);
}

/* The holder's life: says whether it has the namespaces, and sleeps when told to go on. Till then
 * it ends with whoever makes them. Nobody's files or terminal stay open in it. */
static void hold(int line, const char *name)
{
    enum { LINE = 3 };
    int null = open("/dev/null", O_RDWR);
    char go_on = 0;
    for (int fd = 0; fd < LINE; fd++)
        dup2(null, fd);
    dup2(line, LINE);
    close_range(LINE + 1, ~0U, 0);
    fcntl(LINE, F_SETFD, FD_CLOEXEC);
    setsid();
    int err = unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0 ? errno : 0;
    if (write(LINE, &err, sizeof err) == sizeof err && err == 0 && read(LINE, &go_on, 1) == 1)
        execlp("sleep", name, "infinity", NULL);
    _exit(1);
}

/* A holder that waits at the other end of the line. */
static gboolean start_holder(const char *farm, pid_t *ret_pid, PifFd *ret_line, GError **error)
{
    int ends[2];
    int err = 0;
    g_autofree char *name = g_strconcat("pifarm-namespace-of-", farm, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return pif_error_set_errno(error, errno, "cannot make a pair of sockets");
    g_auto(PifFd) line = ends[0];
    g_auto(PifFd) its_line = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return pif_error_set_errno(error, errno, "cannot start a process");
    if (pid == 0)
        hold(its_line, name);
    pif_fd_clear(&its_line);
    if (read(line, &err, sizeof err) != sizeof err)
        err = ECHILD;
    if (err) {
        waitpid(pid, NULL, 0);
        return pif_error_set_errno(error, err, "farm '%s' without root: cannot make its namespaces",
                                   farm);
    }
    *ret_pid = pid;
    *ret_line = pif_fd_steal(&line);
    return TRUE;
}

/* Without a thread, as setns() wants it, so not by base/command.h. */
static gboolean run_mapper(const char *program, pid_t pid, unsigned own, unsigned first,
                           GError **error)
{
    g_autofree char *line =
        g_strdup_printf("%s %d 0 %u 1 1 %u %d", program, (int)pid, own, first, PIF_SUBID_COUNT);
    g_auto(GStrv) arguments = g_strsplit(line, " ", -1);
    g_autofree char *words = NULL;
    GError *failure = NULL;
    int status = 0;
    if (g_spawn_sync(NULL, arguments, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                     NULL, NULL, &words, &status, &failure) &&
        g_spawn_check_wait_status(status, &failure))
        return TRUE;
    g_autofree char *prefix = g_strdup_printf("`%s`: %s", line, words ? words : "");
    g_strdelimit(prefix, "\n", ' ');
    return pif_error_take(error, failure, "%s", prefix);
}

static gboolean map_ids(const char *file, const char *program, pid_t pid, unsigned own,
                        GError **error)
{
    enum { MAX_SIZE = 1 << 20 };
    g_autofree char *text = NULL;
    const struct passwd *user = getpwuid(getuid());
    unsigned first = 0;
    if (!pif_file_read(file, MAX_SIZE, &text, NULL, error))
        return FALSE;
    if (!pif_subid_find(text, user ? user->pw_name : "", getuid(), &first))
        return pif_error_set(error, PIF_ERROR_DENIED, "%s gives this user no IDs", file);
    return run_mapper(program, pid, own, first, error);
}

static gboolean set_loopback_up(GError **error)
{
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return pif_error_set_errno(error, errno, "cannot set the loopback interface up");
    return TRUE;
}

/* Whom we become there is root by name only: files stay where they are. */
static void keep_folders(void)
{
    g_autofree char *state = pif_paths_state_dir();
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_setenv("PIFARM_STATE_DIR", state, TRUE);
    g_setenv("PIFARM_RUNTIME_DIR", runtime, TRUE);
}

/* The mounts of another namespace make the working folder its root. */
static gboolean join(int holder, GError **error)
{
    g_autofree char *folder = g_get_current_dir();
    keep_folders();
    if (holder < 0 || setns(holder, CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return pif_error_set_errno(error, errno, "cannot enter the farm's namespaces");
    pif_outside_stay();
    if (setns(holder, CLONE_NEWNET) < 0)
        return pif_error_set_errno(error, errno, "cannot enter the farm's network namespace");
    return chdir(folder) == 0 || chdir("/") == 0;
}

static gboolean set_up(const PifNetSpec *spec, pid_t pid, GError **error)
{
    g_auto(PifFd) holder = pidfd_open(pid, 0);
    return map_ids("/etc/subuid", "newuidmap", pid, getuid(), error) &&
           map_ids("/etc/subgid", "newgidmap", pid, getgid(), error) && join(holder, error) &&
           pif_cover_run(error) && pif_resolver_replace(spec, error) && set_loopback_up(error) &&
           write_note(spec->farm, pid, error);
}

void pif_rootless_end(const char *farm)
{
    g_autofree char *path = note_path(farm);
    g_auto(PifFd) holder = open_holder(farm);
    unlink(path); /* then its end is no accident */
    if (holder >= 0)
        pidfd_send_signal(holder, SIGKILL, NULL, 0);
}

static gboolean replace_holder(const char *farm, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new("sleep", "infinity", NULL);
    pif_command_set_detached(command, TRUE);
    pif_command_set_directory(command, "/");
    g_autoptr(GSubprocess) holder = pif_command_start(command, error);
    const char *pid = holder ? g_subprocess_get_identifier(holder) : NULL;
    return pid && write_note(farm, (pid_t)g_ascii_strtoll(pid, NULL, 10), error);
}

static gboolean on_holder_ended(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    const char *farm = data;
    g_autofree char *path = note_path(farm);
    g_autoptr(GError) error = NULL;
    close(fd);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return G_SOURCE_REMOVE;
    if (replace_holder(farm, &error))
        pif_rootless_keep(farm);
    else
        g_warning("nobody holds the namespaces of farm '%s': %s", farm,
                  error ? error->message : "it died at once");
    return G_SOURCE_REMOVE;
}

void pif_rootless_keep(const char *farm)
{
    int holder = open_holder(farm);
    if (holder >= 0)
        g_unix_fd_add_full(G_PRIORITY_DEFAULT, holder, G_IO_IN, on_holder_ended, g_strdup(farm),
                           g_free);
}

static void undo_make(gpointer farm)
{
    pif_rootless_end(farm);
}

gboolean pif_rootless_make(const PifNetSpec *spec, PifUndo *undo, GError **error)
{
    pid_t pid = 0;
    g_auto(PifFd) line = -1;
    g_auto(PifFd) holder = open_holder(spec->farm);
    if (!pif_rootless_applies())
        return TRUE;
    if (!pif_rootless_check(spec, error))
        return FALSE;
    if (holder >= 0)
        return join(holder, error);
    if (!start_holder(spec->farm, &pid, &line, error))
        return FALSE;
    pif_undo_push(undo, undo_make, g_strdup(spec->farm), g_free);
    if (set_up(spec, pid, error) && write(line, "", 1) == 1)
        return TRUE;
    g_prefix_error(error, "farm '%s' without root: ", spec->farm);
    return FALSE;
}

gboolean pif_rootless_is_apart(const char *farm)
{
    g_auto(PifFd) holder = pif_rootless_applies() ? open_holder(farm) : -1;
    return holder >= 0;
}

gboolean pif_rootless_enter(const char *farm, GError **error)
{
    g_auto(PifFd) holder = pif_rootless_applies() ? open_holder(farm) : -1;
    return holder < 0 || join(holder, error);
}
