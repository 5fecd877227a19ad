// SPDX-License-Identifier: MIT
// The table of link properties: to let the farm set another one (an MTU, a master), add a row.
#include "netsetup/property.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

static char *format_mac(const PifLink *link)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0], link->mac[1],
                           link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
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

static char *format_alias(const PifLink *link)
{
    return *link->alias ? g_strdup(link->alias) : g_strdup("''");
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

/* STP goes before the forward delay: with STP on the kernel refuses a delay under two seconds. */
const PifLinkProperty pif_link_properties[] = {
    {"address", NULL, PIF_SET_FIRST, format_mac, put_mac},
    {"stp_state", "bridge", PIF_SET_FIRST, format_stp, put_stp},
    {"forward_delay", "bridge", PIF_SET_FIRST, format_forward_delay, put_forward_delay},
    {"alias", NULL, PIF_SET_NEXT, format_alias, put_alias},
    {NULL, NULL, PIF_SET_LAST, format_up, put_up},
};
const size_t pif_n_link_properties = G_N_ELEMENTS(pif_link_properties);

gboolean pif_link_property_applies(const PifLinkProperty *property, const PifLink *link)
{
    return !property->kind || g_str_equal(property->kind, link->kind);
}

gboolean pif_link_property_equal(const PifLinkProperty *property, const PifLink *a,
                                 const PifLink *b)
{
    g_autofree char *value_a = property->format(a);
    g_autofree char *value_b = property->format(b);
    return g_str_equal(value_a, value_b);
}
