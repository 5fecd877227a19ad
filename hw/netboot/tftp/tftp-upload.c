// SPDX-License-Identifier: MIT
// A file that a client sends: its socket, what it writes, one event at its end.
#include "hw/netboot/tftp/tftp-private.h"
#include "hw/netboot/tftp/tftp-reception.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_US = 2 * 1000 * 1000, REPLY_SIZE = 600, MAX_PACKET = 65464 + PIF_TFTP_HEAD_SIZE };

struct PifTftpUpload {
    PifWatch watch;
    PifTimer timer;
    PifTftpServer *server;
    PifTftpReception reception;
    PifUpload *upload;
    struct sockaddr_in peer;
    PifNodeIdentity identity;
    char *asked;
    int64_t started_us;
    gboolean is_told; /* its event is out */
};

static gint64 key_of(const struct sockaddr_in *peer)
{
    return (gint64)peer->sin_addr.s_addr << 16 | peer->sin_port;
}

void pif_tftp_upload_free(gpointer data)
{
    PifTftpUpload *upload = data;
    pif_loop_cancel_timer(upload->server->loop, &upload->timer);
    if (upload->watch.fd >= 0) {
        pif_loop_remove(upload->server->loop, &upload->watch);
        close(upload->watch.fd);
    }
    pif_upload_free(upload->upload);
    g_free(upload->asked);
    g_free(upload);
}

static void tell(PifTftpUpload *upload, PifTftpEventKind kind, const char *message, int64_t now_us)
{
    const PifTftpConfig *config = &upload->server->config;
    const PifTftpReception *reception = &upload->reception;
    const PifTftpEvent event = {.kind = kind,
                                .client = upload->peer,
                                .identity = upload->identity,
                                .file = upload->asked,
                                .path = pif_upload_path(upload->upload),
                                .message = message,
                                .size = reception->size,
                                .blksize = reception->blksize,
                                .windowsize = reception->windowsize,
                                .duration_us = now_us - upload->started_us};
    if (!upload->is_told)
        config->on_event(&event, config->data);
    upload->is_told = TRUE;
}

static void forget(PifTftpUpload *upload)
{
    gint64 key = key_of(&upload->peer);
    g_hash_table_remove(upload->server->uploads, &key);
}

static void fail(PifTftpUpload *upload, PifTftpErrorCode code, const char *message, int64_t now_us)
{
    uint8_t bytes[REPLY_SIZE];
    const PifTftpPacket packet = {
        .opcode = PIF_TFTP_ERROR, .error = (uint16_t)code, .message = message};
    size_t size = pif_tftp_format(&packet, bytes, sizeof bytes);
    send(upload->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    tell(upload, PIF_TFTP_EVENT_FAILED, message, now_us);
    forget(upload);
}

static PifTftpErrorCode code_of(const GError *error)
{
    return g_error_matches(error, PIF_ERROR, PIF_ERROR_EXISTS) ? PIF_TFTP_ERROR_EXISTS
                                                               : PIF_TFTP_ERROR_FULL;
}

static void reply(PifTftpUpload *upload)
{
    uint8_t bytes[REPLY_SIZE];
    size_t size = pif_tftp_reception_reply(&upload->reception, bytes, sizeof bytes);
    if (size > 0)
        send(upload->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Its name before the last ACK: who has that may rely on it. Then it lingers, should the ACK be
 * lost. */
static void finish(PifTftpUpload *upload, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    if (!upload->is_told && !pif_upload_finish(upload->upload, &error)) {
        fail(upload, code_of(error), error->message, now_us);
        return;
    }
    reply(upload);
    if (!upload->is_told)
        pif_loop_set_timer(upload->server->loop, &upload->timer, now_us + LINGER_US);
    tell(upload, PIF_TFTP_EVENT_RECEIVED, NULL, now_us);
}

static void go_on(PifTftpUpload *upload, int64_t now_us)
{
    switch (upload->reception.state) {
    case PIF_TFTP_RECEIVING:
        reply(upload);
        pif_loop_set_timer(upload->server->loop, &upload->timer, upload->reception.deadline_us);
        return;
    case PIF_TFTP_RECEIVED:
        finish(upload, now_us);
        return;
    case PIF_TFTP_TOO_LARGE:
        fail(upload, PIF_TFTP_ERROR_FULL, "the file is too large", now_us);
        return;
    case PIF_TFTP_GIVEN_UP:
        fail(upload, PIF_TFTP_ERROR_OTHER, "the client gave up", now_us);
        return;
    }
}

static void on_packet(PifWatch *watch, int64_t now_us)
{
    PifTftpUpload *upload = PIF_CONTAINER_OF(watch, PifTftpUpload, watch);
    uint8_t bytes[MAX_PACKET];
    g_autoptr(GError) error = NULL;
    size_t data_size = 0;
    ssize_t size = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0 && errno == ECONNREFUSED) {
        tell(upload, PIF_TFTP_EVENT_FAILED, "the client closed its port", now_us);
        forget(upload);
    }
    if (size < 0)
        return;
    const uint8_t *data =
        pif_tftp_reception_receive(&upload->reception, bytes, (size_t)size, now_us, &data_size);
    if (data && !pif_upload_write(upload->upload, data, data_size, &error))
        fail(upload, code_of(error), error->message, now_us);
    else
        go_on(upload, now_us);
}

static void on_time(PifTimer *timer, int64_t now_us)
{
    PifTftpUpload *upload = PIF_CONTAINER_OF(timer, PifTftpUpload, timer);
    if (upload->is_told) {
        forget(upload);
        return;
    }
    pif_tftp_reception_expire(&upload->reception, now_us);
    go_on(upload, now_us);
}

gboolean pif_tftp_upload_repeat(PifTftpServer *server, const PifTftpRequest *request)
{
    gint64 key = key_of(&request->peer);
    PifTftpUpload *upload = g_hash_table_lookup(server->uploads, &key);
    if (!upload)
        return FALSE;
    if (upload->reception.last == 0 && g_str_equal(upload->asked, request->packet.file)) {
        pif_tftp_reception_repeat(&upload->reception);
        reply(upload);
        return TRUE;
    }
    tell(upload, PIF_TFTP_EVENT_FAILED, "the client began anew", request->now_us);
    forget(upload);
    return FALSE;
}

gboolean pif_tftp_upload_start(PifTftpServer *server, const PifTftpRequest *request,
                               PifUpload *file, GError **error)
{
    PifTftpUpload *upload = g_new0(PifTftpUpload, 1);
    const PifTftpConfig *config = &server->config;
    upload->watch = (PifWatch){pif_tftp_connect(request), on_packet};
    upload->timer.fire = on_time;
    upload->server = server;
    upload->upload = file;
    upload->peer = request->peer;
    upload->identity = request->identity;
    upload->started_us = request->now_us;
    if (upload->watch.fd < 0)
        pif_error_set_errno(error, errno, "cannot make a socket for a transfer");
    if (upload->watch.fd < 0 || !pif_loop_add(server->loop, &upload->watch, error)) {
        pif_tftp_upload_free(upload);
        return FALSE;
    }
    gint64 key = key_of(&request->peer);
    upload->asked = g_strdup(request->packet.file);
    g_hash_table_insert(server->uploads, g_memdup2(&key, sizeof key), upload);
    pif_tftp_reception_init(&upload->reception, &config->limits, &request->packet.options,
                            pif_uploads_max_size(config->uploads), request->now_us);
    go_on(upload, request->now_us);
    return TRUE;
}
