// SPDX-License-Identifier: MIT
// Finds them by the folder <root>/lib/qemu/qmp-XXXXXX, which libvirt makes for each and names on
// its command line.
#include "pifarm/machine/stale_probe.h"

#include "pifarm/base/file.h"

#include <signal.h>
#include <string.h>

enum { MAX_COMMAND_LINE = 64 * 1024 };

static gboolean mentions(const char *pid, const char *folder)
{
    g_autofree char *path = g_build_filename("/proc", pid, "cmdline", NULL);
    g_autofree char *line = NULL;
    gsize size = 0;
    return pif_file_read(path, MAX_COMMAND_LINE, &line, &size, NULL) &&
           memmem(line, size, folder, strlen(folder)) != NULL;
}

static void kill_users_of(const char *folder)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    for (const char *pid; processes && (pid = g_dir_read_name(processes));)
        if (g_ascii_isdigit(*pid) && mentions(pid, folder))
            kill((pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
}

void pif_stale_probes_kill(const char *root)
{
    g_autofree char *parent = g_build_filename(root, "lib", "qemu", NULL);
    g_autoptr(GDir) folders = g_dir_open(parent, 0, NULL);
    for (const char *name; folders && (name = g_dir_read_name(folders));) {
        if (!g_str_has_prefix(name, "qmp-"))
            continue;
        g_autofree char *folder = g_build_filename(parent, name, NULL);
        kill_users_of(folder);
        pif_dir_remove(folder, NULL);
    }
}
