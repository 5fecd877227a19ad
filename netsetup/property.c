// SPDX-License-Identifier: MIT
// The table of link properties: to let the farm set another one, add a row.
#include "netsetup/property.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

static char *format_bytes(const uint8_t *mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

static char *format_mac(const PifLink *link)
{
    return format_bytes(link->mac);
}

static int put_mac(struct nl_msg *request, const PifLink *link)
{
    return nla_put(request, IFLA_ADDRESS, PIF_MAC_SIZE, link->mac);
}

static char *format_stp(const PifLink *link)
{
    return g_strdup(link->bridge.has_stp ? "1" : "0");
}

static int put_stp(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_BR_STP_STATE, link->bridge.has_stp ? 1 : 0);
}

static char *format_forward_delay(const PifLink *link)
{
    return g_strdup_printf("%u", link->bridge.forward_delay_cs);
}

static int put_forward_delay(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_BR_FORWARD_DELAY, link->bridge.forward_delay_cs);
}

static char *format_ageing(const PifLink *link)
{
    return g_strdup_printf("%u", link->bridge.ageing_cs);
}

static int put_ageing(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_BR_AGEING_TIME, link->bridge.ageing_cs);
}

static gboolean has_group_address(const PifLink *link)
{
    static const uint8_t none[PIF_MAC_SIZE] = {0};
    return memcmp(link->bridge.group_address, none, sizeof none) != 0;
}

static char *format_group_address(const PifLink *link)
{
    return format_bytes(link->bridge.group_address);
}

static int put_group_address(struct nl_msg *request, const PifLink *link)
{
    return nla_put(request, IFLA_BR_GROUP_ADDR, PIF_MAC_SIZE, link->bridge.group_address);
}

static gboolean has_owner(const PifLink *link)
{
    return link->tun.has_owner;
}

static char *format_owner(const PifLink *link)
{
    return link->tun.has_owner ? g_strdup_printf("%u", link->tun.owner) : g_strdup("root");
}

/* Netlink tells whose a TAP is, but who makes it says so to /dev/net/tun (tun.c). */
static int put_owner(struct nl_msg *request, const PifLink *link)
{
    (void)request, (void)link;
    return -NLE_OPNOTSUPP;
}

static gboolean has_peer(const PifLink *link)
{
    return *link->peer != '\0';
}

static char *format_peer(const PifLink *link)
{
    return g_strdup(link->peer);
}

static int put_peer(struct nl_msg *request, const PifLink *link)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nlattr *peer = nla_nest_start(request, VETH_INFO_PEER);
    int err = nlmsg_append(request, &header, sizeof header, NLMSG_ALIGNTO);
    if (err == 0)
        err = nla_put_string(request, IFLA_IFNAME, link->peer);
    nla_nest_end(request, peer);
    return err;
}

static char *format_vxlan_id(const PifLink *link)
{
    return g_strdup_printf("%u", link->vxlan.id);
}

static int put_vxlan_id(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_VXLAN_ID, link->vxlan.id);
}

static char *format_vxlan_remote(const PifLink *link)
{
    return pif_ip_format(link->vxlan.remote);
}

static int put_vxlan_remote(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_VXLAN_GROUP, htonl(link->vxlan.remote));
}

static char *format_vxlan_port(const PifLink *link)
{
    return g_strdup_printf("%u", link->vxlan.port);
}

static int put_vxlan_port(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u16(request, IFLA_VXLAN_PORT, htons(link->vxlan.port));
}

static gboolean has_mtu(const PifLink *link)
{
    return link->mtu != 0;
}

static char *format_mtu(const PifLink *link)
{
    return g_strdup_printf("%u", link->mtu);
}

static int put_mtu(struct nl_msg *request, const PifLink *link)
{
    return nla_put_u32(request, IFLA_MTU, link->mtu);
}

static char *format_master(const PifLink *link)
{
    return *link->master ? g_strconcat("master ", link->master, NULL) : g_strdup("nomaster");
}

/* By name until the last moment: when the plan was made the bridge was not there yet. */
static int put_master(struct nl_msg *request, const PifLink *link)
{
    unsigned index = *link->master ? if_nametoindex(link->master) : 0;
    if (index == 0 && *link->master)
        return -NLE_NODEV;
    return nla_put_u32(request, IFLA_MASTER, index);
}

static char *format_alias(const PifLink *link)
{
    gboolean is_word =
        *link->alias && !link->alias[strcspn(link->alias, " '\"\\$&;|<>()*?[]#~`!\t\n")];
    return is_word ? g_strdup(link->alias) : g_shell_quote(link->alias);
}

static int put_alias(struct nl_msg *request, const PifLink *link)
{
    /* Without the NUL: an empty attribute is what takes an alias away. */
    return nla_put(request, IFLA_IFALIAS, (int)strlen(link->alias), link->alias);
}

static char *format_up(const PifLink *link)
{
    return g_strdup(link->is_up ? "up" : "down");
}

/* Up and down are no attribute: a flag in the request's own header says it. */
static int put_up(struct nl_msg *request, const PifLink *link)
{
    struct ifinfomsg *header = nlmsg_data(nlmsg_hdr(request));
    header->ifi_change |= IFF_UP;
    if (link->is_up)
        header->ifi_flags |= IFF_UP;
    return 0;
}

/* STP goes before the forward delay: with STP on the kernel refuses a delay under two seconds. The
 * alias goes before the master: a port that is ours can be told from one that is not. A bridge that
 * is made with an MTU gives it up for its ports'; one that is given it later keeps it. */
const PifLinkProperty pif_link_properties[] = {
    {"address", NULL, PIF_SET_FIRST, NULL, format_mac, put_mac},
    {"stp_state", "bridge", PIF_SET_FIRST, NULL, format_stp, put_stp},
    {"forward_delay", "bridge", PIF_SET_FIRST, NULL, format_forward_delay, put_forward_delay},
    {"ageing_time", "bridge", PIF_SET_FIRST, NULL, format_ageing, put_ageing},
    {"group_address", "bridge", PIF_SET_FIRST, has_group_address, format_group_address,
     put_group_address},
    {"user", "tun", PIF_SET_FIRST, has_owner, format_owner, put_owner},
    {"peer name", "veth", PIF_SET_FIRST, has_peer, format_peer, put_peer},
    {"id", "vxlan", PIF_SET_FIRST, NULL, format_vxlan_id, put_vxlan_id},
    {"remote", "vxlan", PIF_SET_FIRST, NULL, format_vxlan_remote, put_vxlan_remote},
    {"dstport", "vxlan", PIF_SET_FIRST, NULL, format_vxlan_port, put_vxlan_port},
    {"mtu", NULL, PIF_SET_NEXT, has_mtu, format_mtu, put_mtu},
    {"alias", NULL, PIF_SET_NEXT, NULL, format_alias, put_alias},
    {NULL, NULL, PIF_SET_NEXT, NULL, format_master, put_master},
    {NULL, NULL, PIF_SET_LAST, NULL, format_up, put_up},
};
const size_t pif_n_link_properties = G_N_ELEMENTS(pif_link_properties);

const PifLinkProperty *pif_link_property_alias(void)
{
    for (size_t i = 0; i < pif_n_link_properties; i++)
        if (pif_link_properties[i].put == put_alias)
            return &pif_link_properties[i];
    g_assert_not_reached();
}

gboolean pif_link_property_applies(const PifLinkProperty *property, const PifLink *link)
{
    return (!property->kind || g_str_equal(property->kind, link->kind)) &&
           (!property->is_said || property->is_said(link));
}

gboolean pif_link_property_equal(const PifLinkProperty *property, const PifLink *a,
                                 const PifLink *b)
{
    g_autofree char *value_a = property->format(a);
    g_autofree char *value_b = property->format(b);
    return g_str_equal(value_a, value_b);
}
