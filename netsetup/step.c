// SPDX-License-Identifier: MIT
// From two links to the steps between them; from a step to its inverse, and to its `ip` command.
#include "netsetup/step.h"

#include "netsetup/filter-run.h"
#include "netsetup/ipv6.h"

#include <linux/rtnetlink.h>

GArray *pif_net_steps_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(PifNetStep));
}

static void add_step(GArray *steps, PifNetStep step)
{
    g_array_append_val(steps, step);
}

static void add_property_steps(GArray *steps, const PifLink *from, const PifLink *to,
                               PifSetWhen when)
{
    for (size_t i = 0; i < pif_n_link_properties; i++) {
        const PifLinkProperty *property = &pif_link_properties[i];
        if (property->when == when && pif_link_property_applies(property, to) &&
            !pif_link_property_equal(property, from, to))
            add_step(steps, (PifNetStep){PIF_STEP_SET_PROPERTY, to->name, from, to, property});
    }
}

static PifAddress address_at(const PifLink *link, guint index)
{
    return g_array_index(link->addresses, PifAddress, index);
}

/* Addresses have an order: the first of a subnet is the one that we are seen as, and the kernel
 * removes the others with it. So all that follow the first difference are removed, last first, and
 * those wanted are added. */
static void add_address_steps(GArray *steps, const PifLink *from, const PifLink *to)
{
    guint same = 0;
    while (same < from->addresses->len && same < to->addresses->len &&
           pif_address_equal(address_at(from, same), address_at(to, same)))
        same++;
    for (guint i = from->addresses->len; i > same; i--)
        add_step(steps, (PifNetStep){PIF_STEP_REMOVE_ADDRESS, to->name, from, to, NULL,
                                     address_at(from, i - 1)});
    for (guint i = same; i < to->addresses->len; i++)
        add_step(steps,
                 (PifNetStep){PIF_STEP_ADD_ADDRESS, to->name, from, to, NULL, address_at(to, i)});
}

/* What a link is of a kind's own besides a bridge cannot be changed once it is made. */
static gboolean must_be_made_anew(const PifLink *from, const PifLink *to)
{
    for (size_t i = 0; i < pif_n_link_properties; i++) {
        const PifLinkProperty *property = &pif_link_properties[i];
        if (property->kind && !g_str_equal(property->kind, "bridge") &&
            pif_link_property_applies(property, to) && !pif_link_property_equal(property, from, to))
            return TRUE;
    }
    return FALSE;
}

void pif_net_steps_add_difference(GArray *steps, const PifLink *from, const PifLink *to)
{
    static char none[] = "";
    static GArray no_addresses;
    static const PifLink just_made = {.alias = none, .master = none, .addresses = &no_addresses};

    if (!to || (from && must_be_made_anew(from, to)))
        add_step(steps, (PifNetStep){PIF_STEP_REMOVE_LINK, from->name, from, NULL});
    if (!to)
        return;
    if (from && must_be_made_anew(from, to))
        from = NULL;
    if (from)
        add_property_steps(steps, from, to, PIF_SET_FIRST);
    else
        add_step(steps, (PifNetStep){PIF_STEP_ADD_LINK, to->name, NULL, to});
    const PifLink *made = from ? from : &just_made;
    add_property_steps(steps, made, to, PIF_SET_NEXT);
    add_address_steps(steps, made, to);
    add_property_steps(steps, made, to, PIF_SET_LAST);
}

static gboolean is_same_route(const PifRoute *a, const PifRoute *b)
{
    return pif_address_equal(a->to, b->to) && a->gateway == b->gateway && a->table == b->table &&
           a->metric == b->metric;
}

static gboolean has_route(const GArray *routes, const PifRoute *route)
{
    for (guint i = 0; i < routes->len; i++)
        if (is_same_route(&g_array_index(routes, PifRoute, i), route))
            return TRUE;
    return FALSE;
}

/* A gateway has to be within reach at every moment, forwards and backwards: routes without one may
 * lead to those of the others, so they are there twice in between. */
void pif_net_steps_add_moved_routes(GArray *steps, const GArray *routes, const GArray *present,
                                    const char *from, const char *to)
{
    static const struct {
        PifNetVerb verb;
        gboolean have_gateway;
    } turns[] = {
        {PIF_STEP_ADD_ROUTE, FALSE}, {PIF_STEP_MOVE_ROUTE, TRUE}, {PIF_STEP_REMOVE_ROUTE, FALSE}};
    for (size_t turn = 0; turn < G_N_ELEMENTS(turns); turn++)
        for (guint i = 0; i < routes->len; i++) {
            PifNetVerb verb = turns[turn].verb;
            PifRoute route = g_array_index(routes, PifRoute, i);
            if ((route.gateway != 0) != turns[turn].have_gateway ||
                (verb == PIF_STEP_ADD_ROUTE && has_route(present, &route)))
                continue;
            add_step(steps, (PifNetStep){verb, verb == PIF_STEP_REMOVE_ROUTE ? from : to,
                                         .route = route, .old_link = from});
        }
}

GArray *pif_net_step_invert(const PifNetStep *step)
{
    GArray *inverse = pif_net_steps_new();
    PifNetStep turned = *step;
    turned.from = step->to;
    turned.to = step->from;
    switch (step->verb) {
    case PIF_STEP_ADD_LINK:
    case PIF_STEP_REMOVE_LINK:
        pif_net_steps_add_difference(inverse, turned.from, turned.to);
        return inverse;
    case PIF_STEP_SET_PROPERTY: /* of a link only now made there may be no value to go back to */
        if (step->property->is_said && !step->property->is_said(turned.to))
            return inverse;
        break;
    case PIF_STEP_ADD_ADDRESS:
        turned.verb = PIF_STEP_REMOVE_ADDRESS;
        break;
    case PIF_STEP_REMOVE_ADDRESS:
        turned.verb = PIF_STEP_ADD_ADDRESS;
        break;
    case PIF_STEP_ADD_ROUTE:
        turned.verb = PIF_STEP_REMOVE_ROUTE;
        break;
    case PIF_STEP_REMOVE_ROUTE:
        turned.verb = PIF_STEP_ADD_ROUTE;
        break;
    case PIF_STEP_ADD_ADDRESS6:
        turned.verb = PIF_STEP_REMOVE_ADDRESS6;
        break;
    case PIF_STEP_REMOVE_ADDRESS6:
        turned.verb = PIF_STEP_ADD_ADDRESS6;
        break;
    case PIF_STEP_MOVE_ROUTE:
    case PIF_STEP_MOVE_ROUTE6:
        turned.link = step->old_link;
        turned.old_link = step->link;
        break;
    case PIF_STEP_SET_TABLE:
    case PIF_STEP_SET_FORWARDING:
        turned.text_from = step->text_to;
        turned.text_to = step->text_from;
        break;
    case PIF_STEP_ADD_EXCEPTION:
        turned.verb = PIF_STEP_REMOVE_EXCEPTION;
        break;
    case PIF_STEP_REMOVE_EXCEPTION:
        turned.verb = PIF_STEP_ADD_EXCEPTION;
        break;
    }
    add_step(inverse, turned);
    return inverse;
}

/* " name value", or " value" for a property without a name. */
static void append_property(GString *command, const PifLinkProperty *property, const PifLink *link)
{
    g_autofree char *value = property->format(link);
    if (property->name)
        g_string_append_printf(command, " %s", property->name);
    g_string_append_printf(command, " %s", value);
}

/* What a link is made with: properties of every link go before "type", those of one kind after it.
 */
static void append_first_properties(GString *command, const PifLink *link, gboolean of_kind)
{
    for (size_t i = 0; i < pif_n_link_properties; i++) {
        const PifLinkProperty *property = &pif_link_properties[i];
        if (property->when == PIF_SET_FIRST && pif_link_property_applies(property, link) &&
            (property->kind != NULL) == of_kind)
            append_property(command, property, link);
    }
}

/* `ip` takes two commands for what is one step here. */
static char *format_add_tap(const PifNetStep *step)
{
    GString *command = g_string_new(NULL);
    g_string_printf(command, "ip tuntap add dev %s mode tap", step->link);
    append_first_properties(command, step->to, TRUE);
    g_string_append_printf(command, "\nip link set dev %s", step->link);
    append_first_properties(command, step->to, FALSE);
    return g_string_free(command, FALSE);
}

static char *format_add_link(const PifNetStep *step)
{
    if (g_str_equal(step->to->kind, "tun"))
        return format_add_tap(step);
    GString *command = g_string_new("ip link add name ");
    g_string_append(command, step->link);
    append_first_properties(command, step->to, FALSE);
    g_string_append_printf(command, " type %s", step->to->kind);
    append_first_properties(command, step->to, TRUE);
    return g_string_free(command, FALSE);
}

static char *format_set_property(const PifNetStep *step)
{
    GString *command = g_string_new("ip link set dev ");
    g_string_append(command, step->link);
    if (step->property->kind)
        g_string_append_printf(command, " type %s", step->property->kind);
    append_property(command, step->property, step->to);
    return g_string_free(command, FALSE);
}

static char *format_address(const PifNetStep *step, const char *verb)
{
    g_autofree char *address = pif_address_format(step->address);
    GString *command = g_string_new(NULL);
    g_string_printf(command, "ip address %s %s", verb, address);
    if (step->verb == PIF_STEP_ADD_ADDRESS && step->address.broadcast) {
        g_autofree char *broadcast = pif_ip_format(step->address.broadcast);
        g_string_append_printf(command, " broadcast %s", broadcast);
    }
    g_string_append_printf(command, " dev %s", step->link);
    if (step->verb == PIF_STEP_ADD_ADDRESS && step->address.is_bare)
        g_string_append(command, " noprefixroute");
    return g_string_free(command, FALSE);
}

static void append_ip(GString *command, const char *word, uint32_t address)
{
    g_autofree char *text = pif_ip_format(address);
    if (address)
        g_string_append_printf(command, " %s %s", word, text);
}

static void append_number(GString *command, const char *word, unsigned number, unsigned usual)
{
    if (number != usual)
        g_string_append_printf(command, " %s %u", word, number);
}

static char *format_route(const PifNetStep *step, const char *verb)
{
    const PifRoute *route = &step->route;
    g_autofree char *to = pif_address_format(route->to);
    GString *command = g_string_new(NULL);
    g_string_printf(command, "ip route %s %s", verb, to);
    append_ip(command, "via", route->gateway);
    g_string_append_printf(command, " dev %s", step->link);
    append_number(command, "table", route->table, RT_TABLE_MAIN);
    append_number(command, "proto", route->protocol, RTPROT_BOOT);
    append_number(command, "scope", route->scope,
                  route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
    append_ip(command, "src", route->source);
    append_number(command, "metric", route->metric, 0);
    if (route->is_onlink)
        g_string_append(command, " onlink");
    return g_string_free(command, FALSE);
}

char *pif_net_step_format(const PifNetStep *step)
{
    switch (step->verb) {
    case PIF_STEP_ADD_LINK:
        return format_add_link(step);
    case PIF_STEP_REMOVE_LINK:
        return g_strdup_printf("ip link delete dev %s", step->link);
    case PIF_STEP_SET_PROPERTY:
        return format_set_property(step);
    case PIF_STEP_ADD_ADDRESS:
        return format_address(step, "add");
    case PIF_STEP_REMOVE_ADDRESS:
        return format_address(step, "delete");
    case PIF_STEP_ADD_ROUTE:
        return format_route(step, "append");
    case PIF_STEP_REMOVE_ROUTE:
        return format_route(step, "delete");
    case PIF_STEP_MOVE_ROUTE:
        return format_route(step, "replace");
    case PIF_STEP_ADD_ADDRESS6:
    case PIF_STEP_REMOVE_ADDRESS6:
    case PIF_STEP_MOVE_ROUTE6:
        return pif_ipv6_step_format(step);
    case PIF_STEP_SET_TABLE:
    case PIF_STEP_SET_FORWARDING:
    case PIF_STEP_ADD_EXCEPTION:
    case PIF_STEP_REMOVE_EXCEPTION:
        return pif_filter_step_format(step);
    }
    g_assert_not_reached();
}
