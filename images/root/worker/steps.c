// SPDX-License-Identifier: MIT
// The commands, one after the other, each with all that it leaves running ended.
#include "images/root/worker/namespace.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What passes from our environment into the image: a terminal's kind, and how to reach the
 * network. */
static const char *const passed[] = {"TERM",     "COLORTERM",  "http_proxy",  "https_proxy",
                                     "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"};

static char **make_environment(const PifRootJob *job)
{
    g_auto(GStrv) environment = NULL;
    static const char *const fixed[][2] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"HOME", "/root"},
        {"USER", "root"},
        {"LOGNAME", "root"},
        {"SHELL", "/bin/sh"},
        {"LANG", "C.UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        environment = g_environ_setenv(environment, fixed[i][0], fixed[i][1], TRUE);
    for (size_t i = job->has_terminal ? 0 : 2; i < G_N_ELEMENTS(passed); i++)
        if (g_getenv(passed[i]))
            environment = g_environ_setenv(environment, passed[i], g_getenv(passed[i]), TRUE);
    if (!job->has_terminal)
        environment = g_environ_setenv(environment, "DEBIAN_FRONTEND", "noninteractive", TRUE);
    if (job->apt_settings)
        environment = g_environ_setenv(environment, "APT_CONFIG", "/run/pifarm-apt.conf", TRUE);
    return g_steal_pointer(&environment);
}

/* Where a program that is named without a folder is; NULL: nowhere. Free it. */
static char *find_program(const char *name, char **environment)
{
    if (strchr(name, '/'))
        return g_strdup(name);
    g_auto(GStrv) folders = g_strsplit(g_environ_getenv(environment, "PATH"), ":", -1);
    for (char **folder = folders; *folder; folder++) {
        g_autofree char *path = g_build_filename(*folder, name, NULL);
        if (access(path, X_OK) == 0)
            return g_steal_pointer(&path);
    }
    return NULL;
}

static int open_input(const PifRootJob *job, const PifTerminal *terminal)
{
    if (terminal->slave >= 0)
        return terminal->slave;
    return job->is_shell ? PIF_ROOT_INPUT_FD : open("/dev/null", O_RDONLY);
}

static G_NORETURN void be_command(const PifRootJob *job, const PifTerminal *terminal, char **argv)
{
    sigset_t none;
    int input = open_input(job, terminal);
    setsid();
    umask(022);
    if (terminal->slave >= 0)
        ioctl(terminal->slave, TIOCSCTTY, 0);
    dup2(input, STDIN_FILENO);
    for (int fd = STDOUT_FILENO; terminal->slave >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(terminal->slave, fd);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    g_auto(GStrv) environment = make_environment(job);
    g_autofree char *program = find_program(argv[0], environment);
    if (chdir("/root") < 0 && chdir("/") < 0)
        _exit(127);
    if (program)
        execve(program, argv, environment);
    else
        errno = ENOENT;
    dprintf(STDERR_FILENO, "pifarm: cannot run %s in the image: %s\n", argv[0], g_strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* Whether the command is among those that have ended by now; the rest are orphans of somebody's. */
static gboolean reap(pid_t pid, int *ret_status)
{
    int status;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
        if (ended == pid) {
            *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            return TRUE;
        }
    return FALSE;
}

static void take_signals(int signals, const PifTerminal *terminal)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGWINCH && terminal->master >= 0)
            pif_terminal_resize(terminal);
}

static int follow(pid_t pid, int signals, PifTerminal *terminal)
{
    int status = 0;
    while (!reap(pid, &status)) {
        if (!pif_terminal_pass(terminal, signals))
            pif_fd_clear(&terminal->master); /* the program gets a SIGHUP */
        take_signals(signals, terminal);
    }
    return status;
}

static gboolean run_one(const PifRootJob *job, char **argv, int signals, int *ret_status,
                        GError **error)
{
    g_auto(PifTerminal) terminal = {-1, -1};
    if (job->has_terminal && !pif_terminal_open(&terminal, error))
        return FALSE;
    pid_t pid = fork();
    if (pid < 0)
        return pif_error_set_errno(error, errno, "cannot start a process in the image");
    if (pid == 0)
        be_command(job, &terminal, argv);
    pif_fd_clear(&terminal.slave);
    *ret_status = follow(pid, signals, &terminal);
    kill(-1, SIGKILL);
    pif_terminal_drain(&terminal);
    return TRUE;
}

gboolean pif_steps_run(const PifRootJob *job, PifRootResult *ret_result, GError **error)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGWINCH);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    g_auto(PifFd) signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0)
        return pif_error_set_errno(error, errno, "cannot wait for processes in the image");
    for (guint i = 0; i < job->commands->len && ret_result->status == 0; i++) {
        ret_result->command = i;
        if (!run_one(job, job->commands->pdata[i], signals, &ret_result->status, error))
            return FALSE;
    }
    return TRUE;
}
