// SPDX-License-Identifier: MIT
// Brings the farm's network up and down, and keeps its servers alive.
#include "pifarm/daemon/network.h"

#include "netsetup/dnsmasq.h"
#include "netsetup/forward.h"
#include "netsetup/resolver.h"
#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/daemon/keeper.h"
#include "pifarm/model/farm-net.h"

enum { MAX_CONNECTIONS = 64 };

struct PifNetwork {
    PifDaemon *daemon;
    PifLeaseFunc on_lease;
    char *dnsmasq_directory;
    PifKeeper *dnsmasq;   /* names */
    PifNetboot *netboot;  /* addresses */
    GHashTable *forwards; /* "8001:80 to 10.77.0.11" -> PifForward; NULL: the network is down */
};

static GSubprocess *start_dnsmasq(gpointer data, GError **error)
{
    const PifNetwork *network = data;
    const PifFarm *farm = network->daemon->farm;
    g_autofree PifNamedHost *hosts = g_new0(PifNamedHost, farm->nodes->len);
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        hosts[i] = (PifNamedHost){node->name, node->address};
    }
    PifDnsmasqSpec spec = {.farm = farm->name,
                           .bridge = farm->lan.bridge,
                           .host_address = farm->lan.host_address,
                           .hosts = hosts,
                           .n_hosts = farm->nodes->len,
                           .is_router = farm->lan.has_nat,
                           .directory = network->dnsmasq_directory};
    return pif_dnsmasq_start(&spec, error);
}

static void stop_servers(PifNetwork *network)
{
    g_clear_pointer(&network->netboot, pif_netboot_free);
    g_clear_pointer(&network->dnsmasq, pif_keeper_free);
}

static gboolean start_servers(PifNetwork *network, GError **error)
{
    network->dnsmasq = pif_keeper_new(network->daemon, "dnsmasq", start_dnsmasq, network, error);
    if (network->dnsmasq)
        network->netboot = pif_netboot_start(network->daemon, network->on_lease, error);
    if (network->netboot)
        return TRUE;
    stop_servers(network);
    return FALSE;
}

static char *forward_key(const PifNode *node, const PifNodeForward *forward)
{
    g_autofree char *text = pif_node_forward_format(forward);
    g_autofree char *address = pif_ipv4_format(node->address);
    return g_strdup_printf("%s to %s", text, address);
}

static PifForwardSpec forward_spec(const PifNode *node, const PifNodeForward *forward)
{
    return (PifForwardSpec){forward->protocol, forward->address,   forward->port,
                            node->address,     forward->node_port, MAX_CONNECTIONS};
}

/* Those over the lan are ours; those over wan are made by the node's machine. */
typedef gboolean (*ForwardVisitor)(const PifNode *node, const PifNodeForward *forward,
                                   gpointer data, GError **error);

static gboolean visit_forwards(const PifFarm *farm, ForwardVisitor visit, gpointer data,
                               GError **error)
{
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        for (guint j = 0; j < node->forwards->len; j++) {
            const PifNodeForward *forward = &g_array_index(node->forwards, PifNodeForward, j);
            if (!forward->is_over_wan && !visit(node, forward, data, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean add_key(const PifNode *node, const PifNodeForward *forward, gpointer keys,
                        GError **error)
{
    (void)error;
    g_hash_table_add(keys, forward_key(node, forward));
    return TRUE;
}

static gboolean is_unused(gpointer key, gpointer forward, gpointer used)
{
    (void)forward;
    return !g_hash_table_contains(used, key);
}

static gboolean start_forward(const PifNode *node, const PifNodeForward *wanted, gpointer forwards,
                              GError **error)
{
    g_autofree char *key = forward_key(node, wanted);
    PifForwardSpec spec = forward_spec(node, wanted);
    if (g_hash_table_contains(forwards, key))
        return TRUE;
    PifForward *forward = pif_forward_start(&spec, error);
    if (!forward) {
        g_prefix_error(error, "node '%s': ", node->name);
        return FALSE;
    }
    g_hash_table_insert(forwards, g_steal_pointer(&key), forward);
    return TRUE;
}

/* Those that are there already stay, and so do the connections through them. */
static gboolean start_forwards(PifNetwork *network, GHashTable *forwards, GError **error)
{
    const PifFarm *farm = network->daemon->farm;
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    visit_forwards(farm, add_key, used, NULL);
    g_hash_table_foreach_remove(forwards, is_unused, used);
    return visit_forwards(farm, start_forward, forwards, error);
}

static gboolean bring_links_up(PifNetwork *network, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    g_autofree char *lock = pif_paths_network_lock();
    return pif_net_up(&net->spec, lock, error);
}

static gboolean take_links_down(PifNetwork *network, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    g_autofree char *lock = pif_paths_network_lock();
    return pif_net_down(&net->spec, lock, error);
}

/* Nodes do without. */
static void tell_resolver(PifNetwork *network)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    g_autoptr(GError) error = NULL;
    if (!pif_resolver_tell(&net->spec, &error))
        pif_daemon_add_event(network->daemon, NULL, "warning",
                             "this host does not know the nodes' names: %s", error->message);
}

/* Ports first: one that is taken is the likeliest failure, and then nothing has been changed. */
gboolean pif_network_up(PifNetwork *network, GError **error)
{
    if (network->forwards)
        return TRUE;
    g_autoptr(GHashTable) forwards =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)pif_forward_free);
    if (!start_forwards(network, forwards, error) || !bring_links_up(network, error))
        return FALSE;
    if (!start_servers(network, error)) {
        take_links_down(network, NULL);
        return FALSE;
    }
    network->forwards = g_steal_pointer(&forwards);
    tell_resolver(network);
    return TRUE;
}

static void end_servers(PifNetwork *network)
{
    stop_servers(network);
    g_clear_pointer(&network->forwards, g_hash_table_unref);
}

gboolean pif_network_down(PifNetwork *network, GError **error)
{
    end_servers(network);
    if (!take_links_down(network, error))
        return FALSE;
    pif_rootless_end(network->daemon->farm->name);
    return TRUE;
}

gboolean pif_network_reload(PifNetwork *network, GError **error)
{
    if (!network->forwards)
        return TRUE;
    if (!start_forwards(network, network->forwards, error) || !bring_links_up(network, error))
        return FALSE;
    stop_servers(network);
    tell_resolver(network);
    return start_servers(network, error);
}

gboolean pif_network_open_port(PifNetwork *network, const PifNode *node, PifFd *ret_lock,
                               char **ret_tap, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    g_autofree char *lock = pif_paths_network_lock();
    return pif_net_open_port(&net->spec, lock, node->name, ret_lock, ret_tap, error);
}

gboolean pif_network_find_wlan(PifNetwork *network, const PifNode *node, char **ret_tap,
                               GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    return !node->has_wlan || pif_net_find_wlan(&net->spec, node->name, ret_tap, error);
}

gboolean pif_network_mark_port(PifNetwork *network, const PifNode *node, const char *tap,
                               GError **error)
{
    return pif_net_mark_port(network->daemon->farm->name, node->name, tap, error);
}

PifNetwork *pif_network_new(PifDaemon *daemon, PifLeaseFunc on_lease)
{
    PifNetwork *network = g_new0(PifNetwork, 1);
    network->daemon = daemon;
    network->on_lease = on_lease;
    network->dnsmasq_directory = g_build_filename(daemon->directory, "dnsmasq", NULL);
    return network;
}

void pif_network_free(PifNetwork *network)
{
    if (!network)
        return;
    end_servers(network);
    g_free(network->dnsmasq_directory);
    g_free(network);
}
