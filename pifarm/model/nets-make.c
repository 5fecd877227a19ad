// SPDX-License-Identifier: MIT
// The nodes' adapters and forwards, made from what is said of all, of groups and of each.
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <netinet/in.h>
#include <string.h>

enum { SSH_PORT = 22, FIRST_FREE_PORT = 1024 };

/* A port of this host that a node has. */
typedef struct {
    const PifNode *node;
    PifNodeForward forward;
    const PifForwardRule *rule; /* NULL: it is that of the node's SSH */
} Taken;

/* The host's ports that nodes have, for each number those with it. */
static GHashTable *taken_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
}

static GArray *taken_at(GHashTable *taken, uint16_t port)
{
    GArray *there = g_hash_table_lookup(taken, GUINT_TO_POINTER(port));
    if (!there) {
        there = g_array_new(FALSE, FALSE, sizeof(Taken));
        g_hash_table_insert(taken, GUINT_TO_POINTER(port), there);
    }
    return there;
}

static void take(GHashTable *taken, PifNode *node, Taken what)
{
    g_array_append_val(node->forwards, what.forward);
    g_array_append_val(taken_at(taken, what.forward.port), what);
}

/* What is said of the node: of all nodes first, then of its groups, then of itself. */
static GPtrArray *nets_of(PifFarmDraft *draft, const PifNode *node)
{
    GPtrArray *all = g_ptr_array_new();
    PifNodeEntry *entry = g_hash_table_lookup(draft->entry_of, node);
    g_ptr_array_add(all, &draft->nets);
    for (guint i = 0; i < draft->groups->len; i++) {
        PifGroupDraft *group = g_ptr_array_index(draft->groups, i);
        if (g_strv_contains((const char *const *)node->groups, group->name->text))
            g_ptr_array_add(all, &group->nets);
    }
    g_ptr_array_add(all, &entry->nets);
    return all;
}

static gboolean applies(const PifForwardRule *rule, const PifNode *node)
{
    return !rule->forward.is_over_wan || node->has_wan;
}

/* PifForwardRule*: those of the node. */
static GPtrArray *rules_of(const GPtrArray *nets, const PifNode *node)
{
    GPtrArray *rules = g_ptr_array_new();
    for (guint i = 0; i < nets->len; i++) {
        const PifNets *of = g_ptr_array_index(nets, i);
        for (guint j = 0; of->forwards && j < of->forwards->len; j++) {
            PifForwardRule *rule = &g_array_index(of->forwards, PifForwardRule, j);
            if (applies(rule, node))
                g_ptr_array_add(rules, rule);
        }
    }
    return rules;
}

/* Who speaks last is right: a node for itself, then the last of its groups. */
static void make_adapters(const GPtrArray *nets, PifNode *node)
{
    for (guint i = 0; i < nets->len; i++) {
        const PifNets *of = g_ptr_array_index(nets, i);
        if (of->wan != PIF_ANSWER_NONE)
            node->has_wan = of->wan == PIF_ANSWER_YES;
        if (of->wlan != PIF_ANSWER_NONE)
            node->has_wlan = of->wlan == PIF_ANSWER_YES;
    }
}

/* Who speaks last is right here, too, and stands last. */
static void make_dhcp_options(const GPtrArray *nets, PifNode *node)
{
    g_autoptr(GStrvBuilder) options = g_strv_builder_new();
    for (guint i = 0; i < nets->len; i++) {
        const PifNets *of = g_ptr_array_index(nets, i);
        if (of->dhcp_options)
            g_strv_builder_addv(options, (const char **)of->dhcp_options);
    }
    g_auto(GStrv) all = g_strv_builder_end(options);
    if (*all)
        node->dhcp_options = g_steal_pointer(&all);
}

/* A rule is wrong once, however many nodes it is for. */
static void G_GNUC_PRINTF(3, 4)
    refuse(const PifFarmDraft *draft, PifForwardRule *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    rule->is_refused = TRUE;
    pif_diagnostics_add(draft->diagnostics, &rule->value->place, "forward '%s' of %s: %s",
                        rule->value->text, rule->what, problem);
}

/* The forward that the rule means for the node; FALSE when there can be none. */
static gboolean make_forward(const PifFarmDraft *draft, PifForwardRule *rule, const PifNode *node,
                             PifNodeForward *ret_forward)
{
    unsigned port = rule->forward.port + (rule->has_id ? node->id : 0);
    *ret_forward = rule->forward;
    ret_forward->port = (uint16_t)port;
    if (port > UINT16_MAX)
        refuse(draft, rule, "for node '%s' that is port %u, and %d is the last", node->name, port,
               UINT16_MAX);
    else if (rule->forward.is_over_wan && port < FIRST_FREE_PORT)
        refuse(draft, rule,
               "a forward over wan is made by the node's machine, which may not listen below "
               "port %d",
               FIRST_FREE_PORT);
    return !rule->is_refused;
}

static const Taken *find_clash(GHashTable *taken, const PifNode *node,
                               const PifNodeForward *forward)
{
    const GArray *there = taken_at(taken, forward->port);
    for (guint i = 0; i < there->len; i++) {
        const Taken *other = &g_array_index(there, Taken, i);
        gboolean is_same_node = other->node->id == node->id; /* or a clash that is told already */
        if (pif_node_forward_clashes(&other->forward, forward) &&
            !(is_same_node && pif_node_forward_equal(&other->forward, forward)))
            return other;
    }
    return NULL;
}

static void refuse_clash(const PifFarmDraft *draft, PifForwardRule *rule, uint16_t port,
                         const Taken *other)
{
    const char *protocol = rule->forward.protocol == PIF_PORT_UDP ? "UDP" : "TCP";
    if (other->rule == rule)
        refuse(draft, rule, "it is for several nodes, and %s port %u for one only: add +id",
               protocol, port);
    else if (other->rule)
        refuse(draft, rule, "%s port %u is taken by node '%s', line %u", protocol, port,
               other->node->name, other->rule->value->place.line);
    else
        refuse(draft, rule, "%s port %u is that of node '%s' for SSH, by ssh-ports of lan",
               protocol, port, other->node->name);
}

static void add_forward(const PifFarmDraft *draft, GHashTable *taken, PifNode *node,
                        PifForwardRule *rule, const PifNodeForward *forward)
{
    const Taken *other = find_clash(taken, node, forward);
    if (other) {
        refuse_clash(draft, rule, forward->port, other);
        return;
    }
    for (guint i = 0; i < node->forwards->len; i++)
        if (pif_node_forward_equal(&g_array_index(node->forwards, PifNodeForward, i), forward))
            return;
    if (node->forwards->len < PIF_FORWARDS_MAX)
        take(taken, node, (Taken){node, *forward, rule});
    else
        refuse(draft, rule, "node '%s' has %d, which is the most there may be", node->name,
               PIF_FORWARDS_MAX);
}

static PifNodeForward ssh_forward(const PifNode *node)
{
    return (PifNodeForward){PIF_PORT_TCP, INADDR_LOOPBACK, node->ssh_port, FALSE, SSH_PORT};
}

/* Whether a rule says of SSH's own port what it is for: then that is what there is. */
static gboolean is_ssh_said(const PifNode *node, const GPtrArray *rules)
{
    PifNodeForward ssh = ssh_forward(node);
    for (guint i = 0; i < rules->len; i++) {
        const PifForwardRule *rule = g_ptr_array_index(rules, i);
        PifNodeForward said = rule->forward;
        said.port = (uint16_t)(said.port + (rule->has_id ? node->id : 0));
        if (pif_node_forward_clashes(&said, &ssh) && said.node_port == SSH_PORT)
            return TRUE;
    }
    return FALSE;
}

static void add_ssh(GHashTable *taken, PifNode *node, const GPtrArray *rules)
{
    if (!is_ssh_said(node, rules))
        take(taken, node, (Taken){node, ssh_forward(node), NULL});
}

static void add_forwards(const PifFarmDraft *draft, GHashTable *taken, PifNode *node,
                         const GPtrArray *rules)
{
    PifNodeForward forward;
    for (guint i = 0; i < rules->len; i++) {
        PifForwardRule *rule = g_ptr_array_index(rules, i);
        rule->is_used = TRUE;
        if (!rule->is_refused && make_forward(draft, rule, node, &forward))
            add_forward(draft, taken, node, rule, &forward);
    }
}

/* What is said for nobody is a mistake. */
static void check_used(const PifFarmDraft *draft, const PifNets *nets)
{
    for (guint i = 0; nets->forwards && i < nets->forwards->len; i++) {
        PifForwardRule *rule = &g_array_index(nets->forwards, PifForwardRule, i);
        if (!rule->is_used && rule->forward.is_over_wan)
            refuse(draft, rule, "it goes over wan, which no node here has; add wan: true");
    }
}

static void check_all_used(const PifFarmDraft *draft)
{
    check_used(draft, &draft->nets);
    for (guint i = 0; i < draft->entries->len; i++)
        check_used(draft, &((PifNodeEntry *)g_ptr_array_index(draft->entries, i))->nets);
    for (guint i = 0; i < draft->groups->len; i++) {
        const PifGroupDraft *group = g_ptr_array_index(draft->groups, i);
        if (pif_farm_is_group(draft->farm, group->name->text))
            check_used(draft, &group->nets);
        else
            pif_diagnostics_add(draft->diagnostics, &group->name->place,
                                "group '%s': no node is in it", group->name->text);
    }
}

static gpointer node_at(const PifFarmDraft *draft, guint i)
{
    return g_ptr_array_index(draft->farm->nodes, i);
}

void pif_farm_make_nets(PifFarmDraft *draft)
{
    guint n_nodes = draft->farm->nodes->len;
    g_autoptr(GHashTable) taken = taken_new();
    g_autoptr(GPtrArray) rules = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < n_nodes; i++) {
        g_autoptr(GPtrArray) nets = nets_of(draft, node_at(draft, i));
        make_adapters(nets, node_at(draft, i));
        make_dhcp_options(nets, node_at(draft, i));
        g_ptr_array_add(rules, rules_of(nets, node_at(draft, i)));
        add_ssh(taken, node_at(draft, i), g_ptr_array_index(rules, i));
    }
    for (guint i = 0; i < n_nodes; i++)
        add_forwards(draft, taken, node_at(draft, i), g_ptr_array_index(rules, i));
    check_all_used(draft);
}
