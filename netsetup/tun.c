// SPDX-License-Identifier: MIT
// A TAP by /dev/net/tun. Until the last call it goes with this process: who is killed leaves none
// without its MAC.
#include "netsetup/tun.h"

#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/ioctl.h>

int pif_tun_add(const PifLink *link)
{
    struct ifreq tap = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL};
    struct ifreq mac = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
    g_auto(PifFd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    g_strlcpy(tap.ifr_name, link->name, sizeof tap.ifr_name);
    memcpy(mac.ifr_hwaddr.sa_data, link->mac, PIF_MAC_SIZE);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &tap) < 0 || ioctl(fd, SIOCSIFHWADDR, &mac) < 0 ||
        (link->tun.has_owner && ioctl(fd, TUNSETOWNER, link->tun.owner) < 0) ||
        ioctl(fd, TUNSETPERSIST, 1) < 0)
        return -nl_syserr2nlerr(errno);
    return 0;
}
