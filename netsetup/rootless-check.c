// SPDX-License-Identifier: MIT
// What a host must grant a user who is not root for a farm, and the command that grants it.
#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

gboolean pif_rootless_applies(void)
{
    return geteuid() != 0;
}

/* "user:first:count", the user by name or number. */
static gboolean parse_line(const char *line, char **ret_owner, guint64 *ret_first,
                           guint64 *ret_count)
{
    g_auto(GStrv) fields = g_strsplit(line, ":", -1);
    if (g_strv_length(fields) != 3 ||
        !g_ascii_string_to_unsigned(fields[1], 10, 0, UINT32_MAX, ret_first, NULL) ||
        !g_ascii_string_to_unsigned(fields[2], 10, 0, UINT32_MAX, ret_count, NULL))
        return FALSE;
    *ret_owner = g_strdup(fields[0]);
    return TRUE;
}

gboolean pif_subid_find(const char *text, const char *user, unsigned uid, unsigned *ret_first)
{
    g_autofree char *number = g_strdup_printf("%u", uid);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *owner = NULL;
        guint64 first = 0, count = 0;
        if (!parse_line(*line, &owner, &first, &count) || count < PIF_SUBID_COUNT ||
            (!g_str_equal(owner, user) && !g_str_equal(owner, number)))
            continue;
        *ret_first = (unsigned)first;
        return TRUE;
    }
    return FALSE;
}

unsigned pif_subid_find_free(const char *text)
{
    enum { LEAST = 100000 }; /* useradd's own, login.defs(5) */
    guint64 free = LEAST;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *owner = NULL;
        guint64 first = 0, count = 0;
        if (parse_line(*line, &owner, &first, &count))
            free = MAX(free, first + count);
    }
    return (unsigned)MIN(free, UINT32_MAX - PIF_SUBID_COUNT);
}

typedef struct {
    char *problem;
    char *mend;
} Obstacle;

static gboolean set(Obstacle *obstacle, const char *mend, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean set(Obstacle *obstacle, const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    obstacle->problem = g_strdup_vprintf(format, args);
    va_end(args);
    obstacle->mend = g_strdup(mend);
    return TRUE;
}

/* Settings of Linux, Debian's kernels and Ubuntu's that forbid user namespaces. */
static const struct {
    const char *path;
    const char *forbids;
    const char *mend;
} settings[] = {
    {"/proc/sys/user/max_user_namespaces", "0", "sudo sysctl user.max_user_namespaces=10000"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0",
     "sudo sysctl kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
     "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
};

static gboolean is_forbidden(Obstacle *obstacle)
{
    enum { MAX_SIZE = 64 };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *value = NULL;
        if (pif_file_read(settings[i].path, MAX_SIZE, &value, NULL, NULL) &&
            g_str_equal(g_strchomp(value), settings[i].forbids))
            return set(obstacle, settings[i].mend,
                       "this host lets only root have user namespaces (%s is %s)",
                       settings[i].path + strlen("/proc/sys/"), value);
    }
    return FALSE;
}

/* Some containers forbid it in other ways. */
static gboolean is_refused(Obstacle *obstacle)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0 ? errno : 0);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status == 0)
        return FALSE;
    return set(obstacle, "in a container: let it have user namespaces",
               "the kernel refuses namespaces: %s", g_strerror(WEXITSTATUS(status)));
}

static gboolean has_no_mapper(Obstacle *obstacle)
{
    static const char *const programs[] = {"newuidmap", "newgidmap"};
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = g_find_program_in_path(programs[i]);
        if (!path)
            return set(obstacle, "sudo apt install uidmap", "the program %s is not installed",
                       programs[i]);
    }
    return FALSE;
}

/* The option of usermod(8) that gives the user such IDs; NULL: there are some. Free it. */
static char *find_missing_ids(const char *path, const char *option, const char *user)
{
    enum { MAX_SIZE = 1 << 20 };
    unsigned first = 0;
    g_autofree char *text = NULL;
    if (!pif_file_read(path, MAX_SIZE, &text, NULL, NULL))
        text = g_strdup("");
    if (pif_subid_find(text, user, getuid(), &first))
        return NULL;
    first = pif_subid_find_free(text);
    return g_strdup_printf("%s %u-%u ", option, first, first + PIF_SUBID_COUNT - 1);
}

static gboolean has_no_ids(Obstacle *obstacle)
{
    const struct passwd *entry = getpwuid(getuid());
    g_autofree char *user = entry ? g_strdup(entry->pw_name) : g_strdup_printf("%u", getuid());
    g_autofree char *users = find_missing_ids("/etc/subuid", "--add-subuids", user);
    g_autofree char *groups = find_missing_ids("/etc/subgid", "--add-subgids", user);
    if (!users && !groups)
        return FALSE;
    g_autofree char *mend =
        g_strdup_printf("sudo usermod %s%s%s", users ? users : "", groups ? groups : "", user);
    return set(obstacle, mend, "/etc/sub%s gives user %s no %d IDs to map", users ? "uid" : "gid",
               user, PIF_SUBID_COUNT);
}

static gboolean has_no_tun(Obstacle *obstacle)
{
    static const char path[] = "/dev/net/tun";
    g_auto(PifFd) fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        return FALSE;
    if (errno == EACCES)
        return set(obstacle, "sudo chmod 666 /dev/net/tun", "%s is closed to this user", path);
    return set(obstacle, "sudo modprobe tun", "%s does not open: %s", path, g_strerror(errno));
}

gboolean pif_rootless_find_obstacle(char **ret_problem, char **ret_mend)
{
    Obstacle obstacle = {0};
    if (!pif_rootless_applies() ||
        (!is_forbidden(&obstacle) && !has_no_mapper(&obstacle) && !has_no_ids(&obstacle) &&
         !is_refused(&obstacle) && !has_no_tun(&obstacle)))
        return FALSE;
    *ret_problem = obstacle.problem;
    *ret_mend = obstacle.mend;
    return TRUE;
}

/* What of farm.yaml needs the host's own network; NULL: nothing. */
static const char *find_key_of_root(const PifNetSpec *spec)
{
    if (spec->uplink || spec->vxlan.remote)
        return "lan.uplink";
    return spec->has_nat ? "lan.nat" : NULL;
}

gboolean pif_rootless_check(const PifNetSpec *spec, GError **error)
{
    g_autofree char *problem = NULL;
    g_autofree char *mend = NULL;
    const char *key = find_key_of_root(spec);
    if (!pif_rootless_applies())
        return TRUE;
    if (key)
        return pif_error_set(error, PIF_ERROR_DENIED,
                             "farm '%s' has %s, which only root can have: without root its network "
                             "leads nowhere; take it out of farm.yaml, or try again with sudo",
                             spec->farm, key);
    if (!pif_rootless_find_obstacle(&problem, &mend))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_DENIED,
                         "farm '%s' without root: %s; try: %s (or all of this with sudo)",
                         spec->farm, problem, mend);
}
