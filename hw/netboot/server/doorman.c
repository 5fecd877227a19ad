// SPDX-License-Identifier: MIT
// The doorman of doorman.h: a fork that waits for the kernel to say that links or addresses change.
#include "hw/netboot/server/doorman.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_FD = 3, N_SOCKETS = sizeof(PifServeSockets) / sizeof(int), RETRY_MS = 500 };

typedef struct {
    const PifServeOptions *options;
    PifInterface known; /* as it was when the sockets in use were opened */
    gboolean is_gone;
    PifFd bell; /* netlink */
} Doorman;

/* The server is our own parent's image: bytes of a struct are safe with it. Descriptors that are
 * not open are not sent. */
static gboolean send_news(const PifDoorNews *news)
{
    int open[N_SOCKETS];
    int all[N_SOCKETS];
    size_t count = 0;
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof open)] = {0};
    struct iovec vector = {(void *)news, sizeof *news};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    memcpy(all, &news->sockets, sizeof all);
    for (unsigned i = 0; i < N_SOCKETS; i++)
        if (all[i] >= 0)
            open[count++] = all[i];
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof *open);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof *open);
        memcpy(CMSG_DATA(head), open, count * sizeof *open);
    }
    return sendmsg(OUT_FD, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *news;
}

static void drain(int fd)
{
    uint8_t bytes[8192];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
}

/* Its addresses are what leases and ranges were checked against. */
static gboolean is_as_before(const Doorman *doorman, const PifInterface *interface)
{
    return interface->address.s_addr == doorman->known.address.s_addr &&
           interface->netmask.s_addr == doorman->known.netmask.s_addr;
}

/* FALSE: its sockets cannot be opened yet, and nothing will ring when they can. */
static gboolean hand_in(Doorman *doorman, const PifInterface *interface)
{
    g_autoptr(GError) error = NULL;
    PifDoorNews news = {.is_back = TRUE, .interface = *interface, .sockets = PIF_SERVE_NO_SOCKETS};
    if (!pif_serve_sockets_open(doorman->options, interface, &news.sockets, &error)) {
        g_warning("%s", error->message);
        return FALSE;
    }
    send_news(&news);
    pif_serve_sockets_clear(&news.sockets);
    doorman->known = *interface;
    doorman->is_gone = FALSE;
    return TRUE;
}

static void say_gone(Doorman *doorman)
{
    const PifDoorNews news = {.interface = doorman->known, .sockets = PIF_SERVE_NO_SOCKETS};
    if (!doorman->is_gone)
        send_news(&news);
    doorman->is_gone = TRUE;
}

static gboolean look(Doorman *doorman)
{
    PifInterface interface;
    gboolean is_there = pif_interface_read(doorman->known.name, &interface, NULL);
    if (is_there && !doorman->is_gone && interface.index == doorman->known.index)
        return TRUE;
    say_gone(doorman);
    return !is_there || !is_as_before(doorman, &interface) || hand_in(doorman, &interface);
}

static void run(Doorman *doorman)
{
    struct pollfd fds[] = {{OUT_FD, 0, 0}, {doorman->bell, POLLIN, 0}};
    gboolean is_done = TRUE;
    while (poll(fds, G_N_ELEMENTS(fds), is_done ? -1 : RETRY_MS) >= 0 || errno == EINTR) {
        if (fds[0].revents)
            return;
        drain(doorman->bell);
        is_done = look(doorman);
    }
}

/* What the parent has open is not held open here, or its ports would stay taken. */
static G_NORETURN void live(Doorman *doorman, int out)
{
    int bell = fcntl(doorman->bell, F_DUPFD, OUT_FD + 2); /* out of the way of dup2() */
    int high_out = fcntl(out, F_DUPFD, OUT_FD + 2);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(high_out, OUT_FD) < 0 || dup2(bell, OUT_FD + 1) < 0)
        _exit(1);
    doorman->bell = OUT_FD + 1;
    close_range(OUT_FD + 2, ~0U, 0);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    run(doorman);
    _exit(0);
}

static gboolean open_bell(PifFd *ret_fd, GError **error)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR};
    g_auto(PifFd) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return pif_error_set_errno(error, errno, "cannot watch the network's links");
    *ret_fd = pif_fd_steal(&fd);
    return TRUE;
}

gboolean pif_doorman_start(const PifServeOptions *options, const PifInterface *interface,
                           int *ret_fd, GError **error)
{
    int ends[2];
    g_auto(PifFd) bell = -1;
    if (!open_bell(&bell, error))
        return FALSE;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return pif_error_set_errno(error, errno, "cannot make a socket pair");
    g_auto(PifFd) ours = ends[0];
    g_auto(PifFd) its = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return pif_error_set_errno(error, errno, "cannot start the server's doorman");
    if (pid == 0) {
        Doorman doorman = {.options = options, .known = *interface, .bell = bell};
        live(&doorman, its);
    }
    *ret_fd = pif_fd_steal(&ours);
    return TRUE;
}

static void take_sockets(struct msghdr *message, PifServeSockets *sockets)
{
    int all[N_SOCKETS];
    size_t next = 0;
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    const uint8_t *sent = head ? CMSG_DATA(head) : NULL;
    memcpy(all, sockets, sizeof all);
    for (unsigned i = 0; i < N_SOCKETS; i++)
        if (all[i] >= 0 && sent)
            memcpy(&all[i], sent + sizeof(int) * next++, sizeof(int));
    memcpy(sockets, all, sizeof all);
}

gboolean pif_doorman_receive(int fd, PifDoorNews *ret_news, GError **error)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(PifServeSockets))];
    struct iovec vector = {ret_news, sizeof *ret_news};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size == (ssize_t)sizeof *ret_news) {
        take_sockets(&message, &ret_news->sockets);
        return TRUE;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return FALSE;
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "the process that watches the interface has ended");
}
