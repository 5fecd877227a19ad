// SPDX-License-Identifier: MIT
// From two links to the steps between them; from a step to its inverse, and to its `ip` command.
#include "netsetup/step.h"

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

void pif_net_steps_add_difference(GArray *steps, const PifLink *from, const PifLink *to)
{
    static char none[] = "";
    static GArray no_addresses;
    static const PifLink just_made = {.alias = none, .addresses = &no_addresses};

    if (!to) {
        add_step(steps, (PifNetStep){PIF_STEP_REMOVE_LINK, from->name, from, NULL});
        return;
    }
    if (from)
        add_property_steps(steps, from, to, PIF_SET_FIRST);
    else
        add_step(steps, (PifNetStep){PIF_STEP_ADD_LINK, to->name, NULL, to});
    const PifLink *made = from ? from : &just_made;
    add_property_steps(steps, made, to, PIF_SET_NEXT);
    add_address_steps(steps, made, to);
    add_property_steps(steps, made, to, PIF_SET_LAST);
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
    case PIF_STEP_SET_PROPERTY:
        break;
    case PIF_STEP_ADD_ADDRESS:
        turned.verb = PIF_STEP_REMOVE_ADDRESS;
        break;
    case PIF_STEP_REMOVE_ADDRESS:
        turned.verb = PIF_STEP_ADD_ADDRESS;
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

static char *format_add_link(const PifNetStep *step)
{
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
    return g_strdup_printf("ip address %s %s dev %s", verb, address, step->link);
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
    }
    g_assert_not_reached();
}
