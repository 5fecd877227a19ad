// SPDX-License-Identifier: MIT
// pifarm net show.
#include "netsetup/inventory.h"
#include "pifarm/cli/cmd-net.h"

enum { LINK, ROLE, NODE, UP, MTU, MAC, ADDRESSES };

static const PifColumn columns[] = {
    [LINK] = {"LINK", "link", PIF_COLUMN_TEXT},
    [ROLE] = {"ROLE", "role", PIF_COLUMN_TEXT},
    [NODE] = {"NODE", "node", PIF_COLUMN_TEXT},
    [UP] = {"UP", "up", PIF_COLUMN_TRUTH},
    [MTU] = {"MTU", "mtu", PIF_COLUMN_NUMBER},
    [MAC] = {"MAC", "mac", PIF_COLUMN_TEXT},
    [ADDRESSES] = {"ADDRESSES", "addresses", PIF_COLUMN_TEXT},
};

enum { OF_NODE, LISTEN, PROTOCOL, TO, OVER };

static const PifColumn forward_columns[] = {
    [OF_NODE] = {"NODE", "node", PIF_COLUMN_TEXT},
    [LISTEN] = {"LISTEN", "listen", PIF_COLUMN_TEXT},
    [PROTOCOL] = {"PROTOCOL", "protocol", PIF_COLUMN_TEXT},
    [TO] = {"TO", "to", PIF_COLUMN_TEXT},
    [OVER] = {"OVER", "over", PIF_COLUMN_TEXT},
};

static void add_forward(PifTable *table, const PifNode *node, const PifNodeForward *forward)
{
    g_autofree char *from = pif_ipv4_format(forward->address);
    g_autofree char *to = pif_ipv4_format(node->address);
    pif_table_add_row(table);
    pif_table_set(table, OF_NODE, node->name);
    pif_table_set_format(table, LISTEN, "%s:%u", from, forward->port);
    pif_table_set(table, PROTOCOL, forward->protocol == PIF_PORT_UDP ? "udp" : "tcp");
    if (forward->is_over_wan)
        pif_table_set_format(table, TO, "%u", forward->node_port);
    else
        pif_table_set_format(table, TO, "%s:%u", to, forward->node_port);
    pif_table_set(table, OVER, forward->is_over_wan ? "wan" : "lan");
}

static gboolean show_forwards(const PifFarm *farm, PifTableFormat format, GError **error)
{
    g_autoptr(PifTable) table =
        pif_table_new("forwards", forward_columns, G_N_ELEMENTS(forward_columns));
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        for (guint j = 0; j < node->forwards->len; j++)
            add_forward(table, node, &g_array_index(node->forwards, PifNodeForward, j));
    }
    return pif_table_print(table, format, stdout, error);
}

static void add_row(PifTable *table, const PifNetEntry *entry)
{
    pif_table_add_row(table);
    pif_table_set(table, LINK, entry->name);
    pif_table_set(table, ROLE, entry->role);
    pif_table_set(table, NODE, entry->node);
    pif_table_set_truth(table, UP, entry->is_up);
    pif_table_set_number(table, MTU, entry->mtu);
    pif_table_set(table, MAC, entry->mac);
    pif_table_set(table, ADDRESSES, *entry->addresses ? entry->addresses : NULL);
}

gboolean pif_net_cmd_show(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE, of_forwards = FALSE;
    const GOptionEntry entries[] = {
        {"forwards", 'F', 0, G_OPTION_ARG_NONE, &of_forwards,
         "list the ports of this host that lead to nodes", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Everything that has the farm's mark or is in its bridge. ROLE is bridge, uplink, vxlan,\n"
        "node (its TAP), fault (a node's net fault needs it), or port: something that others put\n"
        "into the bridge.";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error))
        return FALSE;
    PifTableFormat format = is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT;
    if (of_forwards)
        return show_forwards(cli->farm, format, error);
    g_autoptr(GArray) links = pif_net_inventory(cli->farm->name, error);
    if (!links)
        return FALSE;
    g_autoptr(PifTable) table = pif_table_new("links", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < links->len; i++)
        add_row(table, &g_array_index(links, PifNetEntry, i));
    return pif_table_print(table, format, stdout, error);
}
