// SPDX-License-Identifier: MIT
// tail -F by inotify (GFileMonitor).
#include "pifarm/daemon/tail.h"

#include "pifarm/base/fd.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>

/* How often one file's changes are reported at most; a guest's console changes byte by byte. */
enum { RATE_LIMIT_MS = 20, CHUNK = 16384 };

struct PifTail {
    char *path;
    GFileMonitor *monitor;
    PifTailFunc on_bytes;
    gpointer data;
    int fd;
    gint64 offset;
};

static void read_new_bytes(PifTail *tail)
{
    char chunk[CHUNK];
    for (ssize_t got; (got = pread(tail->fd, chunk, sizeof chunk, tail->offset)) > 0;) {
        tail->offset += got;
        tail->on_bytes(chunk, (gsize)got, tail->data);
    }
}

static void reopen(PifTail *tail, gint64 offset)
{
    struct stat status;
    pif_fd_clear(&tail->fd);
    tail->fd = open(tail->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    tail->offset = offset;
    if (tail->fd >= 0 && offset < 0 && fstat(tail->fd, &status) == 0)
        tail->offset = MAX(0, status.st_size + offset);
}

static gboolean has_been_replaced(const PifTail *tail)
{
    struct stat now;
    struct stat ours;
    if (stat(tail->path, &now) < 0)
        return FALSE;
    return tail->fd < 0 || fstat(tail->fd, &ours) < 0 || now.st_ino != ours.st_ino ||
           now.st_dev != ours.st_dev || now.st_size < tail->offset;
}

static void on_changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
                       gpointer data)
{
    (void)monitor, (void)file, (void)other, (void)event;
    PifTail *tail = data;
    if (tail->fd >= 0)
        read_new_bytes(tail);
    if (has_been_replaced(tail)) {
        reopen(tail, 0);
        if (tail->fd >= 0)
            read_new_bytes(tail);
    }
}

PifTail *pif_tail_start(const char *path, gint64 offset, PifTailFunc on_bytes, gpointer data)
{
    PifTail *tail = g_new0(PifTail, 1);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    tail->path = g_strdup(path);
    tail->on_bytes = on_bytes;
    tail->data = data;
    tail->fd = -1;
    tail->monitor = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, NULL);
    if (tail->monitor) {
        g_file_monitor_set_rate_limit(tail->monitor, RATE_LIMIT_MS);
        g_signal_connect(tail->monitor, "changed", G_CALLBACK(on_changed), tail);
    }
    reopen(tail, offset);
    if (tail->fd >= 0)
        read_new_bytes(tail);
    return tail;
}

void pif_tail_free(PifTail *tail)
{
    if (!tail)
        return;
    if (tail->monitor)
        g_signal_handlers_disconnect_by_data(tail->monitor, tail);
    g_clear_object(&tail->monitor);
    pif_fd_clear(&tail->fd);
    g_free(tail->path);
    g_free(tail);
}
