// SPDX-License-Identifier: MIT
// What the farm, a group or a node says of adapters and forwards: the keys forward, wan and wlan.
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <netinet/in.h>
#include <string.h>

static gboolean parse_port(const char *text, uint16_t *ret_port)
{
    guint64 port;
    if (!g_ascii_string_to_unsigned(text, 10, 1, UINT16_MAX, &port, NULL))
        return FALSE;
    *ret_port = (uint16_t)port;
    return TRUE;
}

/* "8000" or "8000+id" */
static gboolean parse_host_port(const char *text, PifForwardRule *rule)
{
    g_autofree char *number = g_strdup(text);
    rule->has_id = g_str_has_suffix(number, "+id");
    if (rule->has_id)
        number[strlen(number) - strlen("+id")] = '\0';
    return parse_port(number, &rule->forward.port);
}

/* "22", "22/tcp" or "53/udp" */
static gboolean parse_node_port(const char *text, PifNodeForward *forward)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    const char *protocol = parts[0] && parts[1] ? parts[1] : "tcp";
    forward->protocol = strcmp(protocol, "udp") == 0 ? PIF_PORT_UDP : PIF_PORT_TCP;
    return (strcmp(protocol, "udp") == 0 || strcmp(protocol, "tcp") == 0) && parts[0] &&
           parse_port(parts[0], &forward->node_port);
}

/* "[ADDRESS:]PORT[+id]:[wan:]PORT[/PROTOCOL]" */
static gboolean parse_rule(const char *text, PifForwardRule *rule)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    char **part = parts;
    guint n_left = g_strv_length(parts);
    rule->forward.address = INADDR_LOOPBACK;
    if (n_left > 2 && pif_ipv4_parse(part[0], &rule->forward.address)) {
        part++;
        n_left--;
    }
    rule->forward.is_over_wan = n_left == 3 && strcmp(part[1], "wan") == 0;
    if (n_left != (rule->forward.is_over_wan ? 3 : 2))
        return FALSE;
    return parse_host_port(part[0], rule) && parse_node_port(part[n_left - 1], &rule->forward);
}

static void read_rule(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      GArray *rules)
{
    PifForwardRule rule = {.value = value};
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (!parse_rule(text, &rule)) {
        pif_key_expect(scope, key, value,
                       "a port of this host and one of the node, like 8000+id:80 (in full: "
                       "ADDRESS:PORT+id:wan:PORT/udp)");
        return;
    }
    rule.what = g_strdup(scope->what);
    g_array_append_val(rules, rule);
}

static void rule_clear(gpointer data)
{
    g_free(((PifForwardRule *)data)->what);
}

static void read_forward(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    GArray **rules = field;
    if (!*rules) {
        *rules = g_array_new(FALSE, TRUE, sizeof(PifForwardRule));
        g_array_set_clear_func(*rules, rule_clear);
    }
    if (value->kind != PIF_YAML_LIST) {
        read_rule(scope, key, value, *rules);
        return;
    }
    for (guint i = 0; i < value->values->len; i++)
        read_rule(scope, key, g_ptr_array_index(value->values, i), *rules);
}

static void read_answer(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    gboolean is_yes = -1;
    pif_key_read_truth(scope, key, value, &is_yes);
    if (is_yes >= 0)
        *(PifAnswer *)field = is_yes ? PIF_ANSWER_YES : PIF_ANSWER_NO;
}

const PifKey pif_nets_keys[] = {
    {"forward", read_forward, .offset = offsetof(PifNets, forwards)},
    {"wan", read_answer, .offset = offsetof(PifNets, wan)},
    {"wlan", read_answer, .offset = offsetof(PifNets, wlan)},
    {"dhcp-options", pif_farm_read_dhcp_options, .offset = offsetof(PifNets, dhcp_options)},
    {NULL},
};

void pif_farm_read_net_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                           gpointer nets)
{
    for (const PifKey *own = pif_nets_keys; own->name; own++)
        if (strcmp(own->name, key->name) == 0)
            own->read(scope, key, value, (char *)nets + own->offset);
}

void pif_nets_clear(PifNets *nets)
{
    g_clear_pointer(&nets->forwards, g_array_unref);
    g_clear_pointer(&nets->dhcp_options, g_strfreev);
}

static void read_group(const PifKeyScope *scope, const PifKey *key, const PifYaml *name,
                       const PifYaml *value)
{
    PifFarmDraft *draft = scope->context;
    PifGroupDraft *group = g_new0(PifGroupDraft, 1);
    g_ptr_array_add(draft->groups, group);
    group->name = name;
    pif_keys_read(scope, key->keys, value, &group->nets);
}

void pif_farm_read_groups(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    static const PifNamedThings groups = {
        "group", "a map from groups to what is said of their nodes", PIF_GROUPS_MAX, read_group};
    (void)field;
    pif_farm_read_named(scope, key, value, &groups);
}

void pif_farm_read_own_net_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                               gpointer field)
{
    PifFarmDraft *draft = scope->context;
    (void)field;
    pif_farm_read_net_key(scope, key, value, &draft->nets);
}

void pif_group_draft_free(gpointer data)
{
    PifGroupDraft *group = data;
    pif_nets_clear(&group->nets);
    g_free(group);
}
