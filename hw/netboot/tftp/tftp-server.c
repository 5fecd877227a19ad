// SPDX-License-Identifier: MIT
// Requests: what is refused, what is found, and what a new request says about older transfers.
#include "hw/netboot/tftp/tftp-private.h"

#include "pifarm/base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sent from a port of its own, as the answer would be. */
static void send_error(const PifTftpRequest *request, PifTftpErrorCode code, const char *message)
{
    uint8_t bytes[PIF_TFTP_REQUEST_MAX];
    const PifTftpPacket packet = {
        .opcode = PIF_TFTP_ERROR, .error = (uint16_t)code, .message = message};
    size_t size = pif_tftp_format(&packet, bytes, sizeof bytes);
    int fd = pif_tftp_connect(request);
    if (fd < 0)
        return;
    send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void refuse(const PifTftpServer *server, const PifTftpRequest *request,
                   PifTftpErrorCode code, const char *message)
{
    const PifTftpEvent event = {.kind = code == PIF_TFTP_ERROR_NOT_FOUND ? PIF_TFTP_EVENT_MISSING
                                                                         : PIF_TFTP_EVENT_REFUSED,
                                .client = request->peer,
                                .identity = request->identity,
                                .file = request->packet.file,
                                .message = message};
    send_error(request, code, message);
    server->config.on_event(&event, server->config.data);
}

/* A transfer whose client asks for something else, and has not answered two repeats, is forgotten:
 * a Pi that gave up on a file does not say so, and must not hear of it again (firmware issue 1025).
 */
static void forget_silent(const PifTftpServer *server, const PifTftpRequest *request)
{
    enum { SILENT_TRIES = 3 };
    const PifTftpClient *client = pif_tftp_client_find(server, request->peer.sin_addr.s_addr);
    PifTftpJob *next = NULL;
    for (PifTftpJob *job = client ? client->first : NULL; job; job = next) {
        next = job->next;
        if (job->transfer.tries >= SILENT_TRIES)
            pif_tftp_job_end(job, "the client asked for another file", request->now_us);
    }
}

static gboolean is_full(const PifTftpServer *server, const PifTftpRequest *request)
{
    const PifTftpClient *client = pif_tftp_client_find(server, request->peer.sin_addr.s_addr);
    return server->n_jobs >= server->config.max_transfers ||
           (client && client->n_jobs >= server->config.max_per_client);
}

static gboolean is_same(const PifTftpOptions *a, const PifTftpOptions *b)
{
    return memcmp(a->is_set, b->is_set, sizeof a->is_set) == 0 &&
           memcmp(a->value, b->value, sizeof a->value) == 0;
}

/* The same port asks again: for the same it did not hear us, and is answered again; else it has
 * restarted (the ROM counts ports from 49153 in each of its stages). */
static gboolean repeat(const PifTftpServer *server, const PifTftpRequest *request,
                       const PifServedFile *file)
{
    PifTftpJob *job = pif_tftp_job_find(server, &request->peer);
    if (!job)
        return FALSE;
    if (job->transfer.acked == 0 && job->transfer.state <= PIF_TFTP_SENDING && job->file == file &&
        is_same(&job->options, &request->packet.options)) {
        pif_tftp_job_repeat(job, request->now_us);
        return TRUE;
    }
    pif_tftp_job_end(job, "the client began anew", request->now_us);
    return FALSE;
}

static void start(PifTftpServer *server, const PifTftpRequest *request, PifServedFile *file,
                  const char *path)
{
    g_autoptr(GError) error = NULL;
    forget_silent(server, request);
    if (is_full(server, request)) {
        pif_served_file_release(file);
        refuse(server, request, PIF_TFTP_ERROR_OTHER, "too many open transfers");
    } else if (!pif_tftp_job_start(server, request, file, path, &error)) {
        refuse(server, request, PIF_TFTP_ERROR_OTHER, error->message);
    }
}

static void serve(PifTftpServer *server, const PifTftpRequest *request)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    PifServedFile *file = pif_served_tree_get(server->config.tree, request->packet.file,
                                              &request->identity, &path, &error);
    if (file && repeat(server, request, file)) {
        pif_served_file_release(file);
    } else if (file) {
        start(server, request, file, path);
    } else {
        gboolean is_missing = g_error_matches(error, PIF_ERROR, PIF_ERROR_NOT_FOUND);
        refuse(server, request, is_missing ? PIF_TFTP_ERROR_NOT_FOUND : PIF_TFTP_ERROR_ACCESS,
               is_missing ? "file not found" : error->message);
    }
}

static PifTftpErrorCode code_of(const GError *error)
{
    if (g_error_matches(error, PIF_ERROR, PIF_ERROR_EXISTS))
        return PIF_TFTP_ERROR_EXISTS;
    return PIF_TFTP_ERROR_ACCESS;
}

static void take(PifTftpServer *server, const PifTftpRequest *request)
{
    enum { MAX_UPLOADS = 64 };
    g_autoptr(GError) error = NULL;
    const PifUploads *uploads = server->config.uploads;
    if (!uploads) {
        refuse(server, request, PIF_TFTP_ERROR_ACCESS, "files are only read here");
        return;
    }
    if (pif_tftp_upload_repeat(server, request))
        return;
    if (g_hash_table_size(server->uploads) >= MAX_UPLOADS) {
        refuse(server, request, PIF_TFTP_ERROR_OTHER, "too many open transfers");
        return;
    }
    PifUpload *upload = pif_upload_start(uploads, &request->identity, request->packet.file, &error);
    if (!upload || !pif_tftp_upload_start(server, request, upload, &error))
        refuse(server, request, code_of(error), error->message);
}

static void handle(PifTftpServer *server, PifTftpRequest *request)
{
    const PifTftpConfig *config = &server->config;
    if (config->identify)
        config->identify(&request->peer, &request->identity, config->data);
    if (strcasecmp(request->packet.mode, "octet") != 0) {
        refuse(server, request, PIF_TFTP_ERROR_ILLEGAL, "ask in octet (binary) mode");
        return;
    }
    if (request->packet.opcode == PIF_TFTP_WRQ)
        take(server, request);
    else
        serve(server, request);
}

static struct in_addr local_address(struct msghdr *message)
{
    struct in_addr address = {INADDR_ANY};
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        struct in_pktinfo info;
        if (head->cmsg_level != IPPROTO_IP || head->cmsg_type != IP_PKTINFO)
            continue;
        memcpy(&info, CMSG_DATA(head), sizeof info);
        address = info.ipi_spec_dst;
    }
    return address;
}

enum { BATCH = 32, ROOM = PIF_TFTP_REQUEST_MAX + 1 };

typedef struct {
    struct sockaddr_in peers[BATCH];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
    uint8_t bytes[BATCH][ROOM];
    _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
} Batch;

static int receive_batch(int fd, Batch *batch)
{
    for (unsigned i = 0; i < BATCH; i++) {
        batch->vectors[i] = (struct iovec){batch->bytes[i], ROOM};
        batch->messages[i].msg_hdr = (struct msghdr){.msg_name = &batch->peers[i],
                                                     .msg_namelen = sizeof batch->peers[i],
                                                     .msg_iov = &batch->vectors[i],
                                                     .msg_iovlen = 1,
                                                     .msg_control = batch->control[i],
                                                     .msg_controllen = sizeof batch->control[i]};
    }
    return recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
}

/* What is no request gets no answer: it may come from anybody, in somebody else's name. */
static void on_request(PifWatch *watch, int64_t now_us)
{
    PifTftpServer *server = PIF_CONTAINER_OF(watch, PifTftpServer, watch);
    Batch batch;
    int count = receive_batch(watch->fd, &batch);
    for (int i = 0; i < count; i++) {
        PifTftpRequest request = {.peer = batch.peers[i], .now_us = now_us};
        if (!pif_tftp_parse(batch.bytes[i], batch.messages[i].msg_len, &request.packet) ||
            (request.packet.opcode != PIF_TFTP_RRQ && request.packet.opcode != PIF_TFTP_WRQ) ||
            request.peer.sin_port == 0)
            continue;
        request.local = local_address(&batch.messages[i].msg_hdr);
        handle(server, &request);
    }
}

PifTftpServer *pif_tftp_server_new(PifLoop *loop, int fd, const PifTftpConfig *config,
                                   GError **error)
{
    PifTftpServer *server = g_new0(PifTftpServer, 1);
    server->watch = (PifWatch){fd, on_request};
    server->loop = loop;
    server->config = *config;
    server->clients = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    server->uploads =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, pif_tftp_upload_free);
    if (pif_loop_add(loop, &server->watch, error))
        return server;
    pif_tftp_server_free(server);
    return NULL;
}

void pif_tftp_server_free(PifTftpServer *server)
{
    GHashTableIter iter;
    gpointer value = NULL;
    if (!server)
        return;
    for (;;) {
        g_hash_table_iter_init(&iter, server->clients);
        if (!g_hash_table_iter_next(&iter, NULL, &value))
            break;
        pif_tftp_job_free(((PifTftpClient *)value)->first);
    }
    g_hash_table_unref(server->clients);
    g_hash_table_unref(server->uploads);
    pif_loop_remove(server->loop, &server->watch);
    close(server->watch.fd);
    g_free(server);
}

unsigned pif_tftp_server_count(const PifTftpServer *server)
{
    return server->n_jobs;
}
