// SPDX-License-Identifier: MIT
// pifarm net capture.
#include "netsetup/capture.h"
#include "netsetup/inventory.h"
#include "pifarm/base/fd.h"
#include "pifarm/cli/cmd-net.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    PifCapture *capture;
    const char *path;
    int out;
    int left; /* frames to go; negative: no limit */
    GMainLoop *loop;
    GError *error;
} Session;

/* Who reads a pipe may have had enough, which ends the capture and is no error. */
static gboolean write_all(Session *session, const GByteArray *bytes)
{
    for (gsize done = 0; done < bytes->len;) {
        ssize_t n = write(session->out, bytes->data + done, bytes->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EPIPE)
            pif_error_set_errno(&session->error, errno, "cannot write to %s", session->path);
        if (n < 0)
            return FALSE;
        done += (gsize)n;
    }
    return TRUE;
}

static gboolean on_frames(int fd, GIOCondition condition, gpointer data)
{
    (void)fd, (void)condition;
    Session *session = data;
    PifFrame frame;
    gboolean has_frame = FALSE;
    while (session->left != 0) {
        g_autoptr(GByteArray) block = g_byte_array_new();
        if (!pif_capture_read(session->capture, &frame, &has_frame, &session->error))
            break;
        if (!has_frame)
            return G_SOURCE_CONTINUE;
        pif_pcapng_append_frame(block, &frame);
        if (!write_all(session, block))
            break;
        session->left--;
    }
    g_main_loop_quit(session->loop);
    return G_SOURCE_REMOVE;
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean run(Session *session, const char *link, GError **error)
{
    g_autoptr(GByteArray) heading = g_byte_array_new();
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    pif_pcapng_append_heading(heading, link);
    session->loop = loop;
    g_unix_signal_add(SIGINT, on_signal, loop);
    g_unix_signal_add(SIGTERM, on_signal, loop);
    signal(SIGPIPE, SIG_IGN);
    g_unix_fd_add(pif_capture_fd(session->capture), G_IO_IN | G_IO_ERR, on_frames, session);
    if (write_all(session, heading))
        g_main_loop_run(loop);
    if (session->error)
        g_propagate_error(error, session->error);
    return session->error == NULL;
}

/* The TAP that has the node's mark. Free it. */
static char *find_tap(const PifFarm *farm, const char *node, GError **error)
{
    g_autoptr(GArray) links = pif_net_inventory(farm->name, error);
    for (guint i = 0; links && i < links->len; i++) {
        const PifNetEntry *entry = &g_array_index(links, PifNetEntry, i);
        if (g_strcmp0(entry->node, node) == 0)
            return g_strdup(entry->name);
    }
    if (links)
        pif_error_set(error, PIF_ERROR_NOT_FOUND,
                      "node '%s' is not on: there is nothing to capture; first: pifarm up %s", node,
                      node);
    return NULL;
}

static gboolean open_file(const char *path, PifFd *ret_fd, GError **error)
{
    enum { MODE = 0600 };
    *ret_fd = g_str_equal(path, "-") ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (*ret_fd < 0)
        return pif_error_set_errno(error, errno, "cannot write to %s", path);
    if (g_str_equal(path, "-") && isatty(*ret_fd))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "a capture is no text for a terminal: give it a file (-w n1.pcapng) "
                             "or pipe it (| wireshark -k -i -)");
    return TRUE;
}

static gboolean capture_node(const PifFarm *farm, const PifNode *node, const char *path, int count,
                             GError **error)
{
    g_auto(PifFd) out = -1;
    g_autofree char *tap = find_tap(farm, node->name, error);
    g_autoptr(PifCapture) capture = tap ? pif_capture_open(tap, error) : NULL;
    if (!capture || !open_file(path, &out, error))
        return FALSE;
    Session session = {capture, path, out, count > 0 ? count : -1, NULL, NULL};
    return run(&session, tap, error);
}

gboolean pif_net_cmd_capture(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    g_autofree char *path = NULL;
    int count = 0;
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &path, "to FILE, or - for a pipe (default)",
         "FILE"},
        {"count", 'c', 0, G_OPTION_ARG_INT, &count, "end after N frames", "N"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Writes what crosses the node's link, as pcapng, until Ctrl-C or until the node is off.\n"
        "\n"
        "  pifarm net capture n3 -w - | wireshark -k -i -\n"
        "\n"
        "Exit status: 4 when the node is not on, 6 without root.";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is %u nodes; a capture is of one",
                             argv[1], nodes->len);
    return capture_node(cli->farm, g_ptr_array_index(nodes, 0), path ? path : "-", count, error);
}
