// SPDX-License-Identifier: MIT
// A node's console: its second serial line, by a libvirt stream that never blocks.
#include "pifarm/base/error.h"
#include "pifarm/machine/internal.h"

/* Bytes that wait for the guest to take them in, at most: a pasted file, not a leak. */
enum { MAX_PENDING = 1 << 20 };

/* Counted references: the callback may free the very console that calls it. */
struct PifConsole {
    virStreamPtr stream;
    GByteArray *pending; /* to be written */
    PifConsoleFunc on_bytes;
    gpointer data;
    gboolean is_open; /* the stream has not ended and the owner has not let go */
};

static void clear(gpointer data)
{
    PifConsole *console = data;
    virStreamFree(console->stream);
    g_byte_array_unref(console->pending);
}

static void unref(gpointer console)
{
    g_rc_box_release_full(console, clear);
}

static void shut(PifConsole *console)
{
    if (!console->is_open)
        return;
    console->is_open = FALSE;
    virStreamEventRemoveCallback(console->stream);
    virStreamAbort(console->stream);
}

/* Tells the owner, last, unless it was the owner who closed. */
static void finish(PifConsole *console)
{
    gboolean was_open = console->is_open;
    shut(console);
    if (was_open)
        console->on_bytes(NULL, 0, console->data);
}

/* -2 is libvirt's word for "would block". */
static void receive(PifConsole *console)
{
    char bytes[16384];
    int count = virStreamRecv(console->stream, bytes, sizeof bytes);
    if (count > 0)
        console->on_bytes(bytes, (gsize)count, console->data);
    else if (count != -2)
        finish(console);
}

static void watch(PifConsole *console)
{
    int events = VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_HANGUP | VIR_STREAM_EVENT_ERROR;
    if (console->pending->len > 0)
        events |= VIR_STREAM_EVENT_WRITABLE;
    virStreamEventUpdateCallback(console->stream, events);
}

static gboolean send_pending(PifConsole *console)
{
    while (console->pending->len > 0) {
        int count = virStreamSend(console->stream, (const char *)console->pending->data,
                                  console->pending->len);
        if (count == -2)
            break;
        if (count < 0)
            return FALSE;
        g_byte_array_remove_range(console->pending, 0, (guint)count);
    }
    watch(console);
    return TRUE;
}

/* What the guest said before its end comes before the end. */
static void on_stream(virStreamPtr stream, int events, void *data)
{
    PifConsole *console = g_rc_box_acquire(data);
    if (console->is_open && events & VIR_STREAM_EVENT_READABLE)
        receive(console);
    else if (console->is_open && events & (VIR_STREAM_EVENT_HANGUP | VIR_STREAM_EVENT_ERROR))
        finish(console);
    if (console->is_open && events & VIR_STREAM_EVENT_WRITABLE && !send_pending(console))
        finish(console);
    unref(console);
}

/* libvirt calls its own serial lines serial0 and serial1: the second is the mini UART. */
static gboolean connect_stream(PifConsole *console, virDomain *domain, const char *node,
                               GError **error)
{
    if (virDomainOpenConsole(domain, "serial1", console->stream, VIR_DOMAIN_CONSOLE_FORCE) < 0)
        return pif_libvirt_error(error, "cannot open the console of node %s", node);
    if (virStreamEventAddCallback(console->stream,
                                  VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_HANGUP |
                                      VIR_STREAM_EVENT_ERROR,
                                  on_stream, g_rc_box_acquire(console), unref) < 0) {
        unref(console);
        virStreamAbort(console->stream);
        return pif_libvirt_error(error, "cannot watch the console of node %s", node);
    }
    return TRUE;
}

PifConsole *pif_console_open(PifHypervisor *hypervisor, const char *node, PifConsoleFunc on_bytes,
                             gpointer data, GError **error)
{
    g_autoptr(virDomain) domain = pif_hypervisor_find_domain(hypervisor, node);
    if (!domain || virDomainIsActive(domain) != 1) {
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "node %s is off: it has no console now", node);
        return NULL;
    }
    virStreamPtr stream = virStreamNew(hypervisor->connection, VIR_STREAM_NONBLOCK);
    if (!stream) {
        pif_libvirt_error(error, "cannot open the console of node %s", node);
        return NULL;
    }
    PifConsole *console = g_rc_box_new0(PifConsole);
    console->stream = stream;
    console->pending = g_byte_array_new();
    console->on_bytes = on_bytes;
    console->data = data;
    console->is_open = connect_stream(console, domain, node, error);
    if (!console->is_open)
        g_clear_pointer(&console, unref);
    return console;
}

gboolean pif_console_write(PifConsole *console, const void *bytes, gsize size, GError **error)
{
    if (!console->is_open)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "the console has ended: its node is off");
    if (size > MAX_PENDING - console->pending->len)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the guest does not read its console; %u bytes wait already",
                             console->pending->len);
    g_byte_array_append(console->pending, bytes, (guint)size);
    if (send_pending(console))
        return TRUE;
    return pif_libvirt_error(error, "cannot write to the console");
}

void pif_console_free(PifConsole *console)
{
    if (!console)
        return;
    shut(console);
    unref(console);
}
