// SPDX-License-Identifier: MIT
// An interface's addresses and MTU, and its neighbours, by ioctl: these work without rights.
#include "hw/netboot/server/interface.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static gboolean ask(int fd, unsigned long what, const char *name, struct ifreq *request)
{
    *request = (struct ifreq){0};
    g_strlcpy(request->ifr_name, name, IFNAMSIZ);
    return ioctl(fd, what, request) == 0;
}

static struct in_addr address_in(const struct sockaddr *address)
{
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return in.sin_addr;
}

gboolean pif_interface_read(const char *name, PifInterface *ret_interface, GError **error)
{
    PifInterface interface = {0};
    struct ifreq request;
    g_auto(PifFd) fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (strlen(name) >= sizeof interface.name || !ask(fd, SIOCGIFINDEX, name, &request))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "there is no network interface '%s'; see: ip link", name);
    g_strlcpy(interface.name, name, sizeof interface.name);
    interface.index = request.ifr_ifindex;
    if (ask(fd, SIOCGIFMTU, name, &request))
        interface.mtu = (uint32_t)request.ifr_mtu;
    if (ask(fd, SIOCGIFHWADDR, name, &request))
        memcpy(interface.mac, request.ifr_hwaddr.sa_data, sizeof interface.mac);
    if (ask(fd, SIOCGIFADDR, name, &request))
        interface.address = address_in(&request.ifr_addr);
    if (ask(fd, SIOCGIFNETMASK, name, &request))
        interface.netmask = address_in(&request.ifr_netmask);
    *ret_interface = interface;
    return TRUE;
}

gboolean pif_interface_find_mac(const char *name, int fd, struct in_addr address, uint8_t *ret_mac)
{
    struct arpreq request = {0};
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = address};
    memcpy(&request.arp_pa, &in, sizeof in);
    g_strlcpy(request.arp_dev, name, sizeof request.arp_dev);
    if (ioctl(fd, SIOCGARP, &request) < 0 || !(request.arp_flags & ATF_COM))
        return FALSE;
    memcpy(ret_mac, request.arp_ha.sa_data, 6);
    return TRUE;
}
