// SPDX-License-Identifier: MIT
// From a port to a socket's inode by /proc/net, from there to a process by /proc/<pid>/fd.
#include "netsetup/port.h"

#include "netsetup/outside.h"
#include "pifarm/base/file.h"

#include <stdio.h>
#include <string.h>

/* Tables of sockets, IPv4 and IPv6, and the state in which one listens: proc(5), /proc/net/tcp. */
static const struct {
    const char *tables[2];
    unsigned listening;
} protocols[] = {
    [PIF_PORT_TCP] = {{"tcp", "tcp6"}, 0x0a},
    [PIF_PORT_UDP] = {{"udp", "udp6"}, 0x07},
};

/* Inode of the socket that listens on the port; 0: none. */
static unsigned long find_inode(const char *table, unsigned listening, uint16_t wanted)
{
    enum { MAX_SIZE = 16 << 20 };
    g_autofree char *text = NULL;
    if (!pif_file_read(table, MAX_SIZE, &text, NULL, NULL))
        return 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned port, state;
        unsigned long inode;
        line += *line == '\n';
        if (sscanf(line, "%*d: %*[0-9A-F]:%x %*s %x %*s %*s %*s %*d %*d %lu", &port, &state,
                   &inode) == 3 &&
            port == wanted && state == listening)
            return inode;
    }
    return 0;
}

static gboolean has_open(const char *pid, const char *target)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *fd; dir && (fd = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, fd, NULL);
        g_autofree char *link = g_file_read_link(path, NULL);
        if (g_strcmp0(link, target) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A farm's daemon has the lock <farm>.lock; NULL: it has none. */
static char *find_farm_of(const char *pid)
{
    static const char ending[] = ".lock";
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *fd; dir && (fd = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, fd, NULL);
        g_autofree char *link = g_file_read_link(path, NULL);
        g_autofree char *name = link ? g_path_get_basename(link) : NULL;
        if (name && *name != '.' && g_str_has_suffix(name, ending))
            return g_strndup(name, strlen(name) - strlen(ending));
    }
    return NULL;
}

static char *describe_process(const char *pid)
{
    enum { MAX_SIZE = 64 };
    g_autofree char *path = g_strdup_printf("/proc/%s/comm", pid);
    g_autofree char *name = NULL;
    if (!pif_file_read(path, MAX_SIZE, &name, NULL, NULL))
        return NULL;
    g_strchomp(name);
    g_autofree char *farm = g_str_equal(name, "pifarmd") ? find_farm_of(pid) : NULL;
    if (farm)
        return g_strdup_printf("farm '%s' (%s, pid %s)", farm, name, pid);
    return g_strdup_printf("%s (pid %s)", name, pid);
}

static char *find_process_with(unsigned long inode)
{
    g_autofree char *target = g_strdup_printf("socket:[%lu]", inode);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    for (const char *pid; processes && (pid = g_dir_read_name(processes));)
        if (g_ascii_isdigit(pid[0]) && has_open(pid, target))
            return describe_process(pid);
    return NULL;
}

char *pif_port_find_owner(PifPortProtocol protocol, uint16_t port)
{
    g_autofree char *folder = pif_outside_proc_net();
    for (size_t i = 0; i < G_N_ELEMENTS(protocols[protocol].tables); i++) {
        g_autofree char *table = g_build_filename(folder, protocols[protocol].tables[i], NULL);
        unsigned long inode = find_inode(table, protocols[protocol].listening, port);
        if (inode != 0)
            return find_process_with(inode);
    }
    return NULL;
}
