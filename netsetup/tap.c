// SPDX-License-Identifier: MIT
// The choice of a TAP's name.
#include "netsetup/tap.h"

#include "netsetup/owner.h"

const PifLink *pif_tap_find(const PifNetState *have, const char *farm, const char *node)
{
    for (guint i = 0; i < have->links->len; i++) {
        const PifLink *link = g_ptr_array_index(have->links, i);
        g_autofree char *found = pif_link_node(link, farm);
        if (g_strcmp0(found, node) == 0)
            return link;
    }
    return NULL;
}

/* Nobody's, or this farm's: a TAP has its alias a moment after it is in the bridge. */
static gboolean is_ours_to_take(const PifNetState *have, const char *name, const char *farm)
{
    const PifLink *link = pif_net_state_find_link(have, name);
    const PifLink *master = link ? pif_net_state_find_link(have, link->master) : NULL;
    g_autofree char *owner = master ? pif_link_farm(master) : NULL;
    return !link || (!*link->alias && g_strcmp0(owner, farm) == 0);
}

char *pif_tap_name(const PifNetState *have, const char *farm, const char *node, unsigned id)
{
    enum { HASH_LENGTH = 6 };
    const PifLink *present = pif_tap_find(have, farm, node);
    g_autofree char *plain = g_strdup_printf("q0tap%u", id);
    if (present)
        return g_strdup(present->name);
    if (is_ours_to_take(have, plain, farm))
        return g_steal_pointer(&plain);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, farm, -1);
    return g_strdup_printf("q0%.*st%u", HASH_LENGTH, hash, id);
}
