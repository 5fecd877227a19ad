// SPDX-License-Identifier: MIT
// A packet socket on one link.
#include "netsetup/capture.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The longest frame: what a TAP may hand over at once, segmented later or never. */
enum { MAX_FRAME = 64 * 1024 + 256 };

struct PifCapture {
    char *link;
    PifFd fd;
    uint8_t frame[MAX_FRAME];
};

static gboolean open_socket(PifCapture *capture, GError **error)
{
    const int yes = 1;
    struct sockaddr_ll where = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)if_nametoindex(capture->link)};
    if (where.sll_ifindex == 0)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no link %s", capture->link);
    /* no protocol until it is bound: it would hear all links until then */
    capture->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (capture->fd < 0 ||
        setsockopt(capture->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes) < 0 ||
        bind(capture->fd, (const struct sockaddr *)&where, sizeof where) < 0)
        return pif_error_set_errno(error, errno, "cannot listen to %s", capture->link);
    return TRUE;
}

PifCapture *pif_capture_open(const char *link, GError **error)
{
    g_autoptr(PifCapture) capture = g_new0(PifCapture, 1);
    capture->fd = -1;
    capture->link = g_strdup(link);
    return open_socket(capture, error) ? g_steal_pointer(&capture) : NULL;
}

void pif_capture_free(PifCapture *capture)
{
    if (!capture)
        return;
    pif_fd_clear(&capture->fd);
    g_free(capture->link);
    g_free(capture);
}

int pif_capture_fd(const PifCapture *capture)
{
    return capture->fd;
}

static gint64 time_of(struct msghdr *message)
{
    enum { NS_PER_S = 1000000000 };
    struct timespec stamp = {0};
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item))
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&stamp, CMSG_DATA(item), sizeof stamp);
    return (gint64)stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
}

gboolean pif_capture_read(PifCapture *capture, PifFrame *ret_frame, gboolean *ret_has_frame,
                          GError **error)
{
    char control[CMSG_SPACE(sizeof(struct timespec))];
    struct sockaddr_ll from;
    struct iovec space = {capture->frame, sizeof capture->frame};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &space,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(capture->fd, &message, MSG_TRUNC);
    *ret_has_frame = size >= 0;
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    if (size < 0 && (errno == ENETDOWN || errno == ENXIO))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "%s went down", capture->link);
    if (size < 0)
        return pif_error_set_errno(error, errno, "cannot listen to %s", capture->link);
    *ret_frame = (PifFrame){.time_ns = time_of(&message),
                            .is_outbound = from.sll_pkttype == PACKET_OUTGOING,
                            .bytes = capture->frame,
                            .size = (uint32_t)MIN((size_t)size, sizeof capture->frame),
                            .original = (uint32_t)size};
    return TRUE;
}
