// SPDX-License-Identifier: MIT
// Checks of room: memory for the nodes, disk for images and cards.
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/checks.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum { MAX_PROC_FILE = 64 * 1024 };

/* Resident memory of a node's QEMU some time after its boot, measured: Debian 12 with systemd takes
 * 0.40 to 0.42 GB with a translation buffer of 128 MiB. */
static const guint64 node_memory = 420 * 1000 * 1000;

/* An image and the libguestfs appliance's cache take about 1.5 GB; a card some megabytes more with
 * each thing its node writes. */
static const guint64 little_disk = (guint64)4 << 30, least_disk = (guint64)1 << 30;

/* "MemAvailable:    123 kB" */
static guint64 read_available_memory(void)
{
    g_autofree char *text = NULL;
    unsigned long long kib = 0;
    if (!pif_file_read("/proc/meminfo", MAX_PROC_FILE, &text, NULL, NULL))
        return 0;
    const char *line = strstr(text, "MemAvailable:");
    return line && sscanf(line, "MemAvailable: %llu kB", &kib) == 1 ? kib * 1024 : 0;
}

static gboolean read_number(const char *folder, const char *file, guint64 *ret_number)
{
    g_autofree char *path = g_build_filename("/sys/fs/cgroup", folder, file, NULL);
    g_autofree char *text = NULL;
    return pif_file_read(path, MAX_PROC_FILE, &text, NULL, NULL) &&
           g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT64, ret_number, NULL);
}

/* The least that our cgroup (version 2) and those above it leave us. */
static guint64 limit_by_cgroups(guint64 available)
{
    g_autofree char *text = NULL;
    if (!pif_file_read("/proc/self/cgroup", MAX_PROC_FILE, &text, NULL, NULL) ||
        !g_str_has_prefix(text, "0::/"))
        return available;
    g_autofree char *folder = g_strndup(text + 3, strcspn(text + 3, "\n"));
    for (;;) {
        guint64 limit = 0, used = 0;
        if (read_number(folder, "memory.max", &limit) &&
            read_number(folder, "memory.current", &used))
            available = MIN(available, limit > used ? limit - used : 0);
        char *slash = strrchr(folder, '/');
        if (!slash)
            return available;
        *slash = '\0';
    }
}

PifFinding pif_check_memory(const PifDoctor *doctor)
{
    guint64 available = read_available_memory();
    if (!available)
        return pif_finding_warn(NULL, "/proc/meminfo does not tell how much is free");
    available = limit_by_cgroups(available);
    guint64 wanted = doctor->n_nodes_to_go * node_memory;
    g_autofree char *free_text = g_format_size(available);
    g_autofree char *wanted_text = g_format_size(wanted);
    unsigned n_fitting = (unsigned)(available / node_memory);
    g_autofree char *mend = g_strdup_printf("turn on %u of them: pifarm up NODE...", n_fitting);
    if (n_fitting < 1)
        return pif_finding_fail(NULL, "%s free: not enough for one node (420 MB)", free_text);
    if (wanted > available)
        return pif_finding_warn(mend, "%s free, and the %u nodes that are off want %s", free_text,
                                doctor->n_nodes_to_go, wanted_text);
    return pif_finding_ok("%s free, for about %u more nodes", free_text, n_fitting);
}

/* The folder, or the first above it that is there already. */
static char *find_existing(const char *path)
{
    char *folder = g_strdup(path);
    while (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        char *parent = g_path_get_dirname(folder);
        g_free(folder);
        folder = parent;
    }
    return folder;
}

PifFinding pif_check_disk(const PifDoctor *doctor)
{
    (void)doctor;
    struct statvfs status;
    g_autofree char *state = pif_paths_state_dir();
    g_autofree char *folder = find_existing(state);
    if (statvfs(folder, &status) < 0)
        return pif_finding_warn(NULL, "cannot find out how much is free in %s", folder);
    guint64 available = (guint64)status.f_bavail * status.f_frsize;
    g_autofree char *text = g_format_size(available);
    const char *mend = "remove images: pifarm image list; pifarm image rm IMAGE";
    if (available < least_disk)
        return pif_finding_fail(mend, "%s free for images and cards in %s", text, state);
    if (available < little_disk)
        return pif_finding_warn(mend, "%s free for images and cards in %s", text, state);
    return pif_finding_ok("%s free for images and cards in %s", text, state);
}
