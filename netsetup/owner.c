// SPDX-License-Identifier: MIT
// Aliases and MACs made from a farm's name, and read again.
#include "netsetup/owner.h"

#include <string.h>

#define ALIAS_PREFIX "pifarm:"

/* A bridge without a MAC of its own takes on, and changes with, its ports'. Two hosts with a farm
 * of the same name may meet on one segment, hence the machine ID. */
static void derive_mac(uint8_t mac[PIF_MAC_SIZE], const char *farm, const char *kind,
                       const char *machine_id)
{
    enum { GROUP_BIT = 0x01, LOCAL_BIT = 0x02 }; /* IEEE 802-2014, 8.2.2 */
    uint8_t digest[32];
    gsize size = sizeof digest;
    g_autofree char *seed = g_strconcat(machine_id, ALIAS_PREFIX, farm, kind, NULL);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)seed, -1);
    g_checksum_get_digest(checksum, digest, &size);
    memcpy(mac, digest, PIF_MAC_SIZE);
    mac[0] = (uint8_t)((mac[0] & ~GROUP_BIT) | LOCAL_BIT);
}

void pif_link_mark(PifLink *link, const char *farm, const char *machine_id)
{
    g_free(link->alias);
    link->alias = g_strconcat(ALIAS_PREFIX, farm, NULL);
    /* nothing is added for a bridge, so that bridges keep the MACs that they have always had */
    const char *kind = g_str_equal(link->kind, "bridge") ? "" : link->kind;
    derive_mac(link->mac, farm, kind, machine_id);
}

char *pif_link_farm(const PifLink *link)
{
    if (!g_str_has_prefix(link->alias, ALIAS_PREFIX))
        return NULL;
    const char *farm = link->alias + strlen(ALIAS_PREFIX);
    return g_strndup(farm, strcspn(farm, " "));
}

gboolean pif_link_is_marked_like(const PifLink *link, const PifLink *marked)
{
    if (!g_str_equal(link->kind, marked->kind))
        return FALSE;
    if (*link->alias)
        return g_str_equal(link->alias, marked->alias);
    return memcmp(link->mac, marked->mac, PIF_MAC_SIZE) == 0;
}

/* What follows the farm and the role in an alias "pifarm:<farm> <role> ..."; NULL: another alias.
 */
static const char *find_rest(const PifLink *link, const char *farm, const char *role)
{
    g_autofree char *mark = g_strconcat(ALIAS_PREFIX, farm, role, NULL);
    size_t length = strlen(mark);
    return strncmp(link->alias, mark, length) == 0 ? link->alias + length : NULL;
}

static void take_alias(PifLink *link, char *alias)
{
    g_free(link->alias);
    link->alias = alias;
}

#define UPLINK_ROLE " uplink "
#define NODE_ROLE " node "
#define FAULT_ROLE " fault "
#define WLAN_ROLE " wlan "

void pif_link_mark_uplink(PifLink *link, const char *farm)
{
    take_alias(link,
               g_strdup_printf(ALIAS_PREFIX "%s" UPLINK_ROLE "%s%s%s", farm,
                               link->is_up ? "up" : "down", *link->alias ? " " : "", link->alias));
    link->is_up = TRUE;
}

gboolean pif_link_is_uplink_of(const PifLink *link, const char *farm)
{
    return find_rest(link, farm, UPLINK_ROLE) != NULL;
}

void pif_link_unmark_uplink(PifLink *link)
{
    g_autofree char *farm = pif_link_farm(link);
    const char *was = find_rest(link, farm, UPLINK_ROLE);
    const char *alias = strchr(was, ' ');
    link->is_up = g_str_has_prefix(was, "up");
    take_alias(link, g_strdup(alias ? alias + 1 : ""));
}

char *pif_link_node_alias(const char *farm, const char *node)
{
    return g_strconcat(ALIAS_PREFIX, farm, NODE_ROLE, node, NULL);
}

char *pif_link_node(const PifLink *link, const char *farm)
{
    return g_strdup(find_rest(link, farm, NODE_ROLE));
}

/* A link of that role, whose node the alias names. */
static void mark_for_node(PifLink *link, const char *farm, const char *role, const char *node,
                          const char *machine_id)
{
    pif_link_mark(link, farm, machine_id);
    take_alias(link, g_strconcat(ALIAS_PREFIX, farm, role, node, NULL));
}

static gboolean has_role(const PifLink *link, const char *farm, const char *role, const char *kind,
                         const char *machine_id)
{
    g_autoptr(PifLink) marked = pif_link_new(link->name, kind);
    pif_link_mark(marked, farm, machine_id);
    return find_rest(link, farm, role) || pif_link_is_marked_like(link, marked);
}

void pif_link_mark_fault(PifLink *link, const char *farm, const char *node, const char *machine_id)
{
    mark_for_node(link, farm, FAULT_ROLE, node, machine_id);
}

gboolean pif_link_is_fault_of_node(const PifLink *link, const char *farm, const char *node)
{
    return g_strcmp0(find_rest(link, farm, FAULT_ROLE), node) == 0;
}

gboolean pif_link_is_fault(const PifLink *link, const char *farm, const char *machine_id)
{
    return has_role(link, farm, FAULT_ROLE, "ifb", machine_id);
}

void pif_link_mark_wlan(PifLink *link, const char *farm, const char *node, const char *machine_id)
{
    mark_for_node(link, farm, WLAN_ROLE, node, machine_id);
}

gboolean pif_link_is_wlan_of_node(const PifLink *link, const char *farm, const char *node)
{
    return g_strcmp0(find_rest(link, farm, WLAN_ROLE), node) == 0;
}

gboolean pif_link_is_wlan(const PifLink *link, const char *farm, const char *machine_id)
{
    return has_role(link, farm, WLAN_ROLE, "tun", machine_id);
}

char *pif_link_wlan_node(const PifLink *link, const char *farm)
{
    return g_strdup(find_rest(link, farm, WLAN_ROLE));
}
