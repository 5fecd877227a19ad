// SPDX-License-Identifier: MIT
// Starts dnsmasq as an unprivileged child, and waits for it to answer or to say why not.
#include "netsetup/dnsmasq.h"

#include "netsetup/port.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

enum { DNS_PORT = 53 };

/* Who dnsmasq runs as; all 0 when we are not root ourselves, and stay who we are. */
typedef struct {
    uid_t uid;
    gid_t gid;
    char *name;
} Account;

static void account_clear(Account *account)
{
    g_free(account->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Account, account_clear)

/* Debian's dnsmasq-base makes the user; elsewhere it may be missing. */
static gboolean find_account(Account *account, GError **error)
{
    static const char *const names[] = {"dnsmasq", "nobody"};
    if (geteuid() != 0)
        return TRUE;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const struct passwd *entry = getpwnam(names[i]);
        if (!entry)
            continue;
        account->uid = entry->pw_uid;
        account->gid = entry->pw_gid;
        account->name = g_strdup(entry->pw_name);
        return TRUE;
    }
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "there is neither a user 'dnsmasq' nor a user 'nobody' to run dnsmasq as");
}

/* Makes an empty file, or keeps the one there is, for dnsmasq to write to. */
static gboolean make_file_for(const Account *account, const char *path, GError **error)
{
    g_auto(PifFd) fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 || (account->name && fchown(fd, account->uid, account->gid) < 0))
        return pif_error_set_errno(error, errno, "cannot make the file %s", path);
    return TRUE;
}

/* Only its log is dnsmasq's, not the folder: it can't put something else in the place
 * of a file that we write as root. It gets into the folder by being started there, so the folders
 * above may be closed to it. */
static gboolean prepare_folder(const PifDnsmasqSpec *spec, const Account *account,
                               const char *log_path, GError **error)
{
    enum { FOLDER_MODE = 0711 };
    g_autofree char *config = pif_dnsmasq_config(spec);
    g_autofree char *config_path = g_build_filename(spec->directory, "dnsmasq.conf", NULL);
    g_autofree char *last_log_path = g_strconcat(log_path, ".old", NULL);
    if (!pif_dir_make(spec->directory, FOLDER_MODE, error))
        return FALSE;
    if (chmod(spec->directory, FOLDER_MODE) < 0)
        return pif_error_set_errno(error, errno, "cannot open the folder %s to dnsmasq",
                                   spec->directory);
    rename(log_path, last_log_path); /* of the last start, if there was one */
    return pif_file_write(config_path, config, -1, 0644, error) &&
           make_file_for(account, log_path, error);
}

/* dnsmasq could change to its user by itself, but the kernel forgets the death signal of a process
 * that does so. setpriv changes first, and asks for the signal then. */
static void add_account(PifCommand *command, const Account *account)
{
    static const char capabilities[] = "-all,+net_bind_service";
    pif_command_add_format(command, "--reuid=%u", account->uid);
    pif_command_add_format(command, "--regid=%u", account->gid);
    pif_command_add_format(command, "--inh-caps=%s", capabilities);
    pif_command_add_format(command, "--ambient-caps=%s", capabilities);
    pif_command_add_format(command, "--bounding-set=%s", capabilities);
    pif_command_add(command, "--clear-groups");
    pif_command_add(command, "--no-new-privs");
    pif_command_add(command, "--pdeathsig=KILL");
}

/* An ordinary user's PATH has no sbin. Free it. */
static char *find_dnsmasq(GError **error)
{
    static const char in_sbin[] = "/usr/sbin/dnsmasq";
    char *path = g_find_program_in_path("dnsmasq");
    if (path)
        return path;
    if (g_file_test(in_sbin, G_FILE_TEST_IS_EXECUTABLE))
        return g_strdup(in_sbin);
    pif_error_set(error, PIF_ERROR_NOT_FOUND,
                  "the program 'dnsmasq' is not installed; try: apt install dnsmasq-base");
    return NULL;
}

static PifCommand *dnsmasq_command(const PifDnsmasqSpec *spec, const Account *account,
                                   const char *log_path, GError **error)
{
    g_autofree char *program = find_dnsmasq(error);
    if (!program)
        return NULL;
    PifCommand *command = pif_command_new(account->name ? "setpriv" : program, NULL);
    if (account->name) {
        add_account(command, account);
        pif_command_add(command, program);
        pif_command_add_format(command, "--user=%s", account->name);
    }
    pif_command_add(command, "--conf-file=dnsmasq.conf");
    pif_command_set_directory(command, spec->directory);
    pif_command_set_log_file(command, log_path);
    return command;
}

/* The reason that dnsmasq printed before it gave up. Free it. */
static char *find_reason(const char *log)
{
    static const char prefix[] = "dnsmasq: "; /* what it prints; what it logs has the time first */
    const char *last = g_strrstr(log, prefix);
    const char *reason = last ? last + strlen(prefix) : log;
    return g_strstrip(g_strndup(reason, strcspn(reason, "\n")));
}

static gboolean set_start_error(GError **error, const PifDnsmasqSpec *spec, const char *log)
{
    g_autofree char *reason = find_reason(log);
    if (strstr(reason, g_strerror(EADDRINUSE))) {
        g_autofree char *owner = pif_port_find_owner(PIF_PORT_UDP, DNS_PORT);
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "dnsmasq cannot serve farm '%s' on %s: port %d is in use by %s; stop "
                             "it, or keep it off that interface",
                             spec->farm, spec->bridge, DNS_PORT, owner ? owner : "another process");
    }
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "dnsmasq cannot serve farm '%s' on %s: %s",
                         spec->farm, spec->bridge, reason);
}

/* A descriptor that becomes readable when the process ends; -1 when it has. */
static int open_process(GSubprocess *process)
{
    const char *pid = g_subprocess_get_identifier(process);
    return pid ? pidfd_open((pid_t)g_ascii_strtoll(pid, NULL, 10), 0) : -1;
}

static void drain(int inotify)
{
    char events[4096];
    while (read(inotify, events, sizeof events) > 0)
        continue;
}

/* dnsmasq logs that it has started once its sockets are bound. Follows its log until then. */
static gboolean wait_until_started(GSubprocess *process, const PifDnsmasqSpec *spec,
                                   const char *log_path, int inotify, GError **error)
{
    enum { DEADLINE_MS = 10000, MAX_LOG_SIZE = 1 << 20 };
    gint64 deadline_ms = g_get_monotonic_time() / 1000 + DEADLINE_MS;
    g_auto(PifFd) process_fd = open_process(process);
    struct pollfd awaited[] = {{inotify, POLLIN}, {process_fd, POLLIN}};
    for (;;) {
        gboolean has_ended = process_fd < 0 || (awaited[1].revents & POLLIN);
        g_autofree char *log = NULL;
        if (!pif_file_read(log_path, MAX_LOG_SIZE, &log, NULL, error))
            return FALSE;
        if (has_ended)
            return set_start_error(error, spec, log);
        if (strstr(log, ": started, version "))
            return TRUE;
        gint64 left_ms = deadline_ms - g_get_monotonic_time() / 1000;
        if (left_ms <= 0)
            return pif_error_set(error, PIF_ERROR_TIMEOUT,
                                 "dnsmasq for farm '%s' did not start within %d s; see %s",
                                 spec->farm, DEADLINE_MS / 1000, log_path);
        poll(awaited, G_N_ELEMENTS(awaited), (int)left_ms);
        drain(inotify);
    }
}

GSubprocess *pif_dnsmasq_start(const PifDnsmasqSpec *spec, GError **error)
{
    g_auto(Account) account = {0};
    g_autofree char *log_path = g_build_filename(spec->directory, "dnsmasq.log", NULL);
    if (!find_account(&account, error) || !prepare_folder(spec, &account, log_path, error))
        return NULL;
    g_auto(PifFd) inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify < 0 || inotify_add_watch(inotify, log_path, IN_MODIFY) < 0) {
        pif_error_set_errno(error, errno, "cannot watch %s", log_path);
        return NULL;
    }
    g_autoptr(PifCommand) command = dnsmasq_command(spec, &account, log_path, error);
    g_autoptr(GSubprocess) process = command ? pif_command_start(command, error) : NULL;
    if (!process)
        return NULL;
    if (!wait_until_started(process, spec, log_path, inotify, error)) {
        g_subprocess_force_exit(process);
        g_subprocess_wait(process, NULL, NULL);
        return NULL;
    }
    return g_steal_pointer(&process);
}
