// SPDX-License-Identifier: MIT
// The client's socket and its clock.
#include "hw/netboot/dhcp/dhcp-client.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { SERVER_PORT = 67, CLIENT_PORT = 68, AGAIN_MS = 1000 };

static int open_socket(const char *interface)
{
    const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
    const int one = 1;
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

static gboolean read_mac(int fd, const char *interface, uint8_t *mac)
{
    struct ifreq request = {0};
    g_strlcpy(request.ifr_name, interface, sizeof request.ifr_name);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return FALSE;
    memcpy(mac, request.ifr_hwaddr.sa_data, PIF_DHCP_MAC_SIZE);
    return TRUE;
}

/* What cannot be sent now, as the link is not there yet, is sent a moment later. */
static void ask(PifDhcpClient *client, int fd)
{
    const struct sockaddr_in everybody = {.sin_family = AF_INET,
                                          .sin_port = htons(SERVER_PORT),
                                          .sin_addr.s_addr = htonl(INADDR_BROADCAST)};
    uint8_t message[PIF_DHCP_MAX_MESSAGE];
    size_t size = pif_dhcp_client_ask(client, message, sizeof message);
    sendto(fd, message, size, 0, (const struct sockaddr *)&everybody, sizeof everybody);
}

static gint64 now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* TRUE when a message has changed what there is to ask. */
static gboolean take_until(PifDhcpClient *client, int fd, gint64 deadline_ms)
{
    uint8_t message[PIF_DHCP_MAX_MESSAGE];
    for (gint64 left_ms; (left_ms = deadline_ms - now_ms()) > 0;) {
        struct pollfd waited = {fd, POLLIN, 0};
        if (poll(&waited, 1, (int)left_ms) < 0 && errno != EINTR)
            return FALSE;
        ssize_t size = recv(fd, message, sizeof message, 0);
        if (size > 0 && pif_dhcp_client_take(client, message, (size_t)size))
            return TRUE;
    }
    return FALSE;
}

gboolean pif_dhcp_client_run(const char *interface, unsigned timeout_ms, PifDhcpAnswer *ret_answer,
                             GError **error)
{
    gint64 deadline_ms = now_ms() + timeout_ms;
    PifDhcpClient client = {.xid = g_random_int()};
    g_auto(PifFd) fd = open_socket(interface);
    if (fd < 0 || !read_mac(fd, interface, client.mac))
        return pif_error_set_errno(error, errno, "cannot ask for an address on %s", interface);
    while (client.state != PIF_DHCP_BOUND && now_ms() < deadline_ms) {
        ask(&client, fd);
        take_until(&client, fd, MIN(now_ms() + AGAIN_MS, deadline_ms));
    }
    if (client.state != PIF_DHCP_BOUND)
        return pif_error_set(error, PIF_ERROR_TIMEOUT, "no DHCP server answered in %u s",
                             timeout_ms / 1000);
    *ret_answer = client.answer;
    return TRUE;
}
