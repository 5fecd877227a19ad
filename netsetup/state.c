// SPDX-License-Identifier: MIT
// The structs of a host's network, and arithmetic on subnets.
#include "netsetup/state.h"

PifLink *pif_link_new(const char *name, const char *kind)
{
    PifLink *link = g_new0(PifLink, 1);
    link->name = g_strdup(name);
    link->kind = g_strdup(kind);
    link->alias = g_strdup("");
    link->master = g_strdup("");
    link->peer = g_strdup("");
    link->addresses = g_array_new(FALSE, FALSE, sizeof(PifAddress));
    link->addresses6 = g_array_new(FALSE, FALSE, sizeof(PifAddress6));
    return link;
}

PifLink *pif_link_copy(const PifLink *link)
{
    PifLink *copy = g_memdup2(link, sizeof *link);
    copy->name = g_strdup(link->name);
    copy->kind = g_strdup(link->kind);
    copy->alias = g_strdup(link->alias);
    copy->master = g_strdup(link->master);
    copy->peer = g_strdup(link->peer);
    copy->addresses = g_array_copy(link->addresses);
    copy->addresses6 = g_array_copy(link->addresses6);
    return copy;
}

void pif_link_free(PifLink *link)
{
    if (!link)
        return;
    g_free(link->name);
    g_free(link->kind);
    g_free(link->alias);
    g_free(link->master);
    g_free(link->peer);
    g_array_unref(link->addresses);
    g_array_unref(link->addresses6);
    g_free(link);
}

static void table_state_free(gpointer data)
{
    PifTableState *table = data;
    g_free(table->name);
    g_free(table->text);
    g_free(table);
}

static void exception_state_clear(gpointer data)
{
    PifExceptionState *exception = data;
    g_free(exception->chain);
    g_free(exception->farm);
}

PifNetState *pif_net_state_new(void)
{
    PifNetState *state = g_new0(PifNetState, 1);
    state->links = g_ptr_array_new_with_free_func((GDestroyNotify)pif_link_free);
    state->routes = g_array_new(FALSE, FALSE, sizeof(PifRoute));
    state->routes6 = g_array_new(FALSE, FALSE, sizeof(PifRoute6));
    state->tables = g_ptr_array_new_with_free_func(table_state_free);
    state->dropping_chains = g_ptr_array_new_with_free_func(g_free);
    state->exceptions = g_array_new(FALSE, FALSE, sizeof(PifExceptionState));
    g_array_set_clear_func(state->exceptions, exception_state_clear);
    state->machine_id = g_strdup("");
    return state;
}

void pif_net_state_free(PifNetState *state)
{
    if (!state)
        return;
    g_ptr_array_unref(state->links);
    g_array_unref(state->routes);
    g_array_unref(state->routes6);
    g_ptr_array_unref(state->tables);
    g_ptr_array_unref(state->dropping_chains);
    g_array_unref(state->exceptions);
    g_free(state->machine_id);
    g_free(state);
}

PifLink *pif_net_state_find_link(const PifNetState *state, const char *name)
{
    for (guint i = 0; i < state->links->len; i++) {
        PifLink *link = g_ptr_array_index(state->links, i);
        if (g_str_equal(link->name, name))
            return link;
    }
    return NULL;
}

PifLink *pif_net_state_find_link_by_index(const PifNetState *state, int index)
{
    for (guint i = 0; i < state->links->len; i++) {
        PifLink *link = g_ptr_array_index(state->links, i);
        if (link->index == index)
            return link;
    }
    return NULL;
}

static uint32_t mask_of(unsigned prefix_length)
{
    return prefix_length == 0 ? 0 : UINT32_MAX << (32 - prefix_length);
}

gboolean pif_address_equal(PifAddress a, PifAddress b)
{
    return a.address == b.address && a.prefix_length == b.prefix_length;
}

gboolean pif_address_overlaps(PifAddress a, PifAddress b)
{
    uint32_t mask = mask_of(MIN(a.prefix_length, b.prefix_length));
    return (a.address & mask) == (b.address & mask);
}

PifAddress pif_address_network(PifAddress address)
{
    return (PifAddress){address.address & mask_of(address.prefix_length), address.prefix_length};
}

char *pif_ip_format(uint32_t address)
{
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

char *pif_address_format(PifAddress address)
{
    g_autofree char *text = pif_ip_format(address.address);
    return g_strdup_printf("%s/%u", text, address.prefix_length);
}
