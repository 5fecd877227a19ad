// SPDX-License-Identifier: MIT
// Checks of the network: packet filters, the farm's subnet, and the ports it listens on.
#include "netsetup/port.h"
#include "netsetup/rootless.h"
#include "pifarm/base/fd.h"
#include "pifarm/cli/checks.h"
#include "pifarm/model/farm-net.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

PifFinding pif_check_packet_filter(const PifDoctor *doctor)
{
    static const char mend[] = "sudo sysctl net.bridge.bridge-nf-call-iptables=0 "
                               "net.bridge.bridge-nf-call-ip6tables=0";
    if (pif_rootless_applies())
        return pif_finding_ok("a namespace of its own has none of this host's");
    if (!pif_net_bridge_filtered())
        return pif_finding_ok("frames between nodes meet no packet filter");
    if (doctor->farm && doctor->farm->lan.is_accepted)
        return pif_finding_ok("br_netfilter is on; farm.yaml has the bridge excepted");
    switch (pif_net_forward_policy()) {
    case PIF_FORWARD_DROPS:
        return pif_finding_fail(mend, "br_netfilter is on and FORWARD drops (Docker does that): "
                                      "nodes will not hear one another");
    case PIF_FORWARD_UNKNOWN:
        return pif_finding_warn("sudo pifarm doctor",
                                "br_netfilter is on: if FORWARD drops, which only root is told, "
                                "nodes will not hear one another");
    case PIF_FORWARD_ACCEPTS:
        break;
    }
    return pif_finding_ok("br_netfilter is on, but FORWARD accepts");
}

PifFinding pif_check_subnet(const PifDoctor *doctor)
{
    const PifFarm *farm = doctor->farm;
    g_autoptr(GError) error = NULL;
    g_autoptr(PifFarmNet) net = pif_farm_net_new(farm);
    if (pif_rootless_applies())
        return pif_rootless_check(&net->spec, &error)
                   ? pif_finding_ok("all are free in a namespace of its own")
                   : pif_finding_warn("sudo pifarm up", "%s", error->message);
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&net->spec, &error);
    g_autofree char *address = pif_ipv4_format(farm->lan.host_address);
    if (!plan)
        return pif_finding_fail("choose another `subnet` or `bridge` under `lan` in farm.yaml",
                                "%s", error->message);
    return pif_finding_ok("%s/%u on %s %s", address, farm->lan.prefix_length, farm->lan.bridge,
                          pif_net_plan_is_empty(plan) ? "is up" : "is free");
}

/* Whether a server of ours could have the port: 0, or an errno value. */
static int try_port(PifPortProtocol protocol, uint32_t address, uint16_t port)
{
    const int yes = 1;
    const struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    int type = protocol == PIF_PORT_TCP ? SOCK_STREAM : SOCK_DGRAM;
    g_auto(PifFd) fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    /* the farm's address need not be there yet; other DHCP servers on other links may be */
    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return bind(fd, (const struct sockaddr *)&where, sizeof where) == 0 ? 0 : errno;
}

static gboolean is_taken(GString *taken, PifPortProtocol protocol, uint32_t address, uint16_t port)
{
    if (try_port(protocol, address, port) != EADDRINUSE)
        return FALSE;
    g_autofree char *owner = pif_port_find_owner(protocol, port);
    g_string_append_printf(taken, "%s%s %u by %s", taken->len ? ", " : "",
                           protocol == PIF_PORT_TCP ? "TCP" : "UDP", port,
                           owner ? owner : "another process");
    return TRUE;
}

PifFinding pif_check_ports(const PifDoctor *doctor)
{
    enum { DNS = 53, DHCP_SERVER = 67, MAX_TOLD = 3 };
    const PifFarm *farm = doctor->farm;
    unsigned n_taken = 0;
    if (doctor->client)
        return pif_finding_ok("the farm's daemon has them");
    g_autoptr(GString) taken = g_string_new(NULL);
    if (!pif_rootless_applies()) {
        n_taken += (unsigned)is_taken(taken, PIF_PORT_UDP, INADDR_ANY, DHCP_SERVER);
        n_taken += (unsigned)is_taken(taken, PIF_PORT_UDP, farm->lan.host_address, DNS);
    }
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        for (guint j = 0; j < node->forwards->len && n_taken < MAX_TOLD; j++) {
            const PifNodeForward *forward = &g_array_index(node->forwards, PifNodeForward, j);
            n_taken +=
                (unsigned)is_taken(taken, forward->protocol, forward->address, forward->port);
        }
    }
    if (n_taken)
        return pif_finding_fail(
            "stop them, or choose other ports by `forward`, for SSH by `ssh-ports` under `lan`",
            "in use: %s", taken->str);
    return pif_finding_ok("free: DHCP, DNS, and the forwards to nodes");
}
