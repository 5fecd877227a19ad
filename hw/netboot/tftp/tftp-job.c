// SPDX-License-Identifier: MIT
// A transfer and its socket: packets in, packets out, one event at its end.
#include "hw/netboot/tftp/tftp-private.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, PACKET_SIZE = 600 };

PifTftpClient *pif_tftp_client_find(const PifTftpServer *server, uint32_t address)
{
    return g_hash_table_lookup(server->clients, GUINT_TO_POINTER(address));
}

PifTftpJob *pif_tftp_job_find(const PifTftpServer *server, const struct sockaddr_in *peer)
{
    PifTftpClient *client = pif_tftp_client_find(server, peer->sin_addr.s_addr);
    PifTftpJob *job = client ? client->first : NULL;
    while (job && job->peer.sin_port != peer->sin_port)
        job = job->next;
    return job;
}

static void link_to_client(PifTftpJob *job)
{
    PifTftpServer *server = job->server;
    uint32_t address = job->peer.sin_addr.s_addr;
    PifTftpClient *client = pif_tftp_client_find(server, address);
    if (!client) {
        client = g_new0(PifTftpClient, 1);
        client->address = address;
        g_hash_table_insert(server->clients, GUINT_TO_POINTER(address), client);
    }
    job->client = client;
    job->next = client->first;
    client->first = job;
    client->n_jobs++;
    server->n_jobs++;
}

static void unlink_from_client(PifTftpJob *job)
{
    PifTftpClient *client = job->client;
    PifTftpJob **link = &client->first;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    job->server->n_jobs--;
    if (--client->n_jobs == 0)
        g_hash_table_remove(job->server->clients, GUINT_TO_POINTER(client->address));
}

void pif_tftp_job_free(PifTftpJob *job)
{
    if (job->client)
        unlink_from_client(job);
    pif_loop_cancel_timer(job->server->loop, &job->timer);
    if (job->watch.fd >= 0) {
        pif_loop_remove(job->server->loop, &job->watch);
        close(job->watch.fd);
    }
    pif_served_file_release(job->file);
    g_free(job->asked);
    g_free(job->path);
    g_free(job);
}

static PifTftpEventKind kind_of_end(const PifTftpTransfer *transfer)
{
    switch (transfer->state) {
    case PIF_TFTP_DONE:
        return PIF_TFTP_EVENT_SENT;
    case PIF_TFTP_ABORTED:
        return PIF_TFTP_EVENT_PROBED;
    case PIF_TFTP_OFFERING:
    case PIF_TFTP_SENDING:
    case PIF_TFTP_SILENT:
        break;
    }
    return PIF_TFTP_EVENT_FAILED;
}

void pif_tftp_job_end(PifTftpJob *job, const char *message, int64_t now_us)
{
    const PifTftpTransfer *transfer = &job->transfer;
    const PifTftpConfig *config = &job->server->config;
    const PifTftpEvent event = {
        .kind = kind_of_end(transfer),
        .client = job->peer,
        .identity = job->identity,
        .file = job->asked,
        .path = job->path,
        .message = message || transfer->state != PIF_TFTP_SILENT ? message : "no answer any more",
        .size = transfer->file_size,
        .n_resent = transfer->n_resent,
        .blksize = transfer->blksize,
        .windowsize = transfer->windowsize,
        .duration_us = now_us - job->started_us};
    config->on_event(&event, config->data);
    pif_tftp_job_free(job);
}

static void send_error(const PifTftpJob *job, const char *message)
{
    uint8_t bytes[PACKET_SIZE];
    const PifTftpPacket packet = {.opcode = PIF_TFTP_ERROR, .message = message};
    size_t size = pif_tftp_format(&packet, bytes, sizeof bytes);
    send(job->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* False: it is over, and the job gone. What a full queue swallows, the timer sends again. */
static gboolean survive(PifTftpJob *job, int err, int64_t now_us)
{
    if (err == EAGAIN || err == ENOBUFS || err == EINTR || err == ENOMEM)
        return TRUE;
    if (err == EFAULT) {
        send_error(job, "the file became shorter");
        pif_tftp_job_end(job, "the file became shorter while it was sent", now_us);
    } else if (err == ECONNREFUSED)
        pif_tftp_job_end(job, "the client closed its port", now_us);
    else
        pif_tftp_job_end(job, g_strerror(err), now_us);
    return FALSE;
}

typedef struct {
    PifTftpOutput outputs[BATCH];
    struct iovec vectors[BATCH][2];
    struct mmsghdr messages[BATCH];
    unsigned count;
} Batch;

static void fill(PifTftpJob *job, Batch *batch)
{
    for (batch->count = 0; batch->count < BATCH; batch->count++) {
        PifTftpOutput *output = &batch->outputs[batch->count];
        struct iovec *vector = batch->vectors[batch->count];
        if (!pif_tftp_transfer_next(&job->transfer, output))
            return;
        vector[0] = (struct iovec){output->head, output->head_size};
        vector[1] = (struct iovec){NULL, output->length};
        if (output->length > 0)
            vector[1].iov_base = (void *)(job->file->bytes + output->offset);
        batch->messages[batch->count].msg_hdr =
            (struct msghdr){.msg_iov = vector, .msg_iovlen = output->length > 0 ? 2 : 1};
    }
}

enum {
    FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL,
    MAX_SEGMENTS = 64,         /* linux/udp.h: UDP_MAX_SEGMENTS */
    MAX_SEGMENTED = 65507 - 7, /* what an IPv4 datagram holds, with some room */
};

static unsigned segments_at_once(const PifTftpTransfer *transfer)
{
    return MIN(MAX_SEGMENTS, MAX_SEGMENTED / (transfer->blksize + PIF_TFTP_HEAD_SIZE));
}

/* Blocks of one window, of the same size but the last, as one datagram that the kernel cuts up: its
 * way through the network stack is gone once. */
static gboolean send_segments(const PifTftpJob *job, Batch *batch, unsigned first, unsigned count)
{
    uint16_t size = (uint16_t)(job->transfer.blksize + PIF_TFTP_HEAD_SIZE);
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof size)] = {0};
    const struct msghdr message = {.msg_iov = batch->vectors[first],
                                   .msg_iovlen = 2 * (size_t)count,
                                   .msg_control = control,
                                   .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){CMSG_LEN(sizeof size), SOL_UDP, UDP_SEGMENT};
    memcpy(CMSG_DATA(head), &size, sizeof size);
    return sendmsg(job->watch.fd, &message, FLAGS) >= 0;
}

/* The kernel or the interface does not do that, or the path takes smaller packets only. */
static gboolean is_unsupported(int err)
{
    return err == EINVAL || err == EIO || err == EMSGSIZE || err == ENOPROTOOPT ||
           err == EOPNOTSUPP;
}

static gboolean send_window(const PifTftpJob *job, Batch *batch)
{
    unsigned at_once = segments_at_once(&job->transfer);
    unsigned first = 0;
    while (at_once > 1 && first < batch->count) {
        unsigned count = MIN(at_once, batch->count - first);
        if (!send_segments(job, batch, first, count)) {
            if (!is_unsupported(errno))
                return FALSE;
            break;
        }
        first += count;
    }
    return first == batch->count ||
           sendmmsg(job->watch.fd, batch->messages + first, batch->count - first, FLAGS) >= 0;
}

static gboolean send_batch(const PifTftpJob *job, Batch *batch)
{
    if (batch->count == 1)
        return sendmsg(job->watch.fd, &batch->messages[0].msg_hdr, FLAGS) >= 0;
    return send_window(job, batch);
}

/* Sends what is due and sets the timer; ends the job when it is over. */
static void go_on(PifTftpJob *job, int64_t now_us)
{
    Batch batch;
    do {
        fill(job, &batch);
        if (batch.count > 0 && !send_batch(job, &batch) && !survive(job, errno, now_us))
            return;
    } while (batch.count == BATCH);
    if (pif_tftp_transfer_is_over(&job->transfer))
        pif_tftp_job_end(job, NULL, now_us);
    else
        pif_loop_set_timer(job->server->loop, &job->timer, job->transfer.deadline_us);
}

static void on_packet(PifWatch *watch, int64_t now_us)
{
    PifTftpJob *job = PIF_CONTAINER_OF(watch, PifTftpJob, watch);
    uint8_t bytes[PACKET_SIZE];
    ssize_t size = recv(watch->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0) {
        survive(job, errno, now_us);
        return;
    }
    pif_tftp_transfer_receive(&job->transfer, bytes, (size_t)size, now_us);
    go_on(job, now_us);
}

static void on_time(PifTimer *timer, int64_t now_us)
{
    PifTftpJob *job = PIF_CONTAINER_OF(timer, PifTftpJob, timer);
    pif_tftp_transfer_expire(&job->transfer, now_us);
    go_on(job, now_us);
}

void pif_tftp_job_repeat(PifTftpJob *job, int64_t now_us)
{
    pif_tftp_transfer_repeat(&job->transfer, now_us);
    go_on(job, now_us);
}

/* Other ports of the peer are other transfers; what strangers send, the kernel turns away. */
int pif_tftp_connect(const PifTftpRequest *request)
{
    const struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = request->local};
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof local) < 0 ||
        connect(fd, (const struct sockaddr *)&request->peer, sizeof request->peer) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

gboolean pif_tftp_job_start(PifTftpServer *server, const PifTftpRequest *request,
                            PifServedFile *file, const char *path, GError **error)
{
    PifTftpJob *job = g_new0(PifTftpJob, 1);
    job->watch = (PifWatch){pif_tftp_connect(request), on_packet};
    job->timer.fire = on_time;
    job->server = server;
    job->file = file;
    job->options = request->packet.options;
    job->peer = request->peer;
    job->identity = request->identity;
    job->started_us = request->now_us;
    if (job->watch.fd < 0)
        pif_error_set_errno(error, errno, "cannot make a socket for a transfer");
    if (job->watch.fd < 0 || !pif_loop_add(server->loop, &job->watch, error)) {
        pif_tftp_job_free(job);
        return FALSE;
    }
    job->asked = g_strdup(request->packet.file);
    job->path = g_strdup(path);
    link_to_client(job);
    pif_tftp_transfer_init(&job->transfer, &server->config.limits, &request->packet.options,
                           file->size, request->now_us);
    go_on(job, request->now_us);
    return TRUE;
}
