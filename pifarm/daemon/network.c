// SPDX-License-Identifier: MIT
// Brings the farm's network up and down, and keeps its servers alive.
#include "pifarm/daemon/network.h"

#include "netsetup/dnsmasq.h"
#include "netsetup/forward.h"
#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/model/farm-net.h"

/* A server that dies is started again after a pause that doubles up to the maximum; one that has
 * lived longer than that begins anew. */
enum { BACKOFF_MIN_MS = 500, BACKOFF_MAX_MS = 30000, MAX_CONNECTIONS = 64 };

struct PifNetwork {
    PifDaemon *daemon;
    PifLeaseFunc on_lease;
    char *dnsmasq_directory;
    GSubprocess *dnsmasq;
    GCancellable *dnsmasq_watch;
    guint backoff_ms;
    gint64 started_us;
    guint restart_timer;
    GFileMonitor *leases;
    GHashTable *forwards; /* "8001:80 to 10.77.0.11" -> PifForward; NULL: the network is down */
};

static void start_dnsmasq_again_later(PifNetwork *network, const char *reason);

static void on_dnsmasq_ended(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    start_dnsmasq_again_later(data, error ? error->message : "it ended");
}

static gboolean start_dnsmasq(PifNetwork *network, GError **error)
{
    PifDaemon *daemon = network->daemon;
    const PifFarm *farm = daemon->farm;
    g_autofree PifLeaseHost *hosts = g_new0(PifLeaseHost, farm->nodes->len);
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        hosts[i] = (PifLeaseHost){node->name, node->mac.bytes, node->address};
    }
    PifDnsmasqSpec spec = {.farm = farm->name,
                           .bridge = farm->lan.bridge,
                           .host_address = farm->lan.host_address,
                           .network = farm->lan.network,
                           .prefix_length = farm->lan.prefix_length,
                           .hosts = hosts,
                           .n_hosts = farm->nodes->len,
                           .is_router = farm->lan.has_nat,
                           .directory = network->dnsmasq_directory};
    network->dnsmasq = pif_dnsmasq_start(&spec, error);
    if (!network->dnsmasq)
        return FALSE;
    network->started_us = g_get_monotonic_time();
    network->dnsmasq_watch = g_cancellable_new();
    g_subprocess_wait_check_async(network->dnsmasq, network->dnsmasq_watch, on_dnsmasq_ended,
                                  network);
    return TRUE;
}

static void stop_dnsmasq(PifNetwork *network)
{
    g_clear_handle_id(&network->restart_timer, g_source_remove);
    if (network->dnsmasq_watch)
        g_cancellable_cancel(network->dnsmasq_watch);
    g_clear_object(&network->dnsmasq_watch);
    if (network->dnsmasq) {
        g_subprocess_force_exit(network->dnsmasq);
        g_subprocess_wait(network->dnsmasq, NULL, NULL);
    }
    g_clear_object(&network->dnsmasq);
}

static gboolean restart_dnsmasq(gpointer data)
{
    PifNetwork *network = data;
    g_autoptr(GError) error = NULL;
    network->restart_timer = 0;
    if (!start_dnsmasq(network, &error))
        start_dnsmasq_again_later(network, error->message);
    return G_SOURCE_REMOVE;
}

static void start_dnsmasq_again_later(PifNetwork *network, const char *reason)
{
    gint64 lived_ms = (g_get_monotonic_time() - network->started_us) / 1000;
    network->backoff_ms = lived_ms > BACKOFF_MAX_MS
                              ? BACKOFF_MIN_MS
                              : CLAMP(network->backoff_ms * 2, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    stop_dnsmasq(network);
    pif_daemon_add_event(network->daemon, NULL, "warning",
                         "dnsmasq died (%s); starting it again in %.1f s", reason,
                         network->backoff_ms / 1000.0);
    network->restart_timer = g_timeout_add(network->backoff_ms, restart_dnsmasq, network);
}

static void read_leases(PifNetwork *network)
{
    g_autoptr(GArray) leases = pif_dnsmasq_read_leases(network->dnsmasq_directory, NULL);
    const GPtrArray *nodes = network->daemon->farm->nodes;
    for (guint i = 0; leases && i < leases->len; i++) {
        const PifLease *lease = &g_array_index(leases, PifLease, i);
        for (guint j = 0; j < nodes->len; j++) {
            const PifNode *node = g_ptr_array_index(nodes, j);
            if (lease->address == node->address)
                network->on_lease(network->daemon, node, lease->expires_s);
        }
    }
}

static void on_leases_changed(GFileMonitor *monitor, GFile *file, GFile *other,
                              GFileMonitorEvent event, gpointer data)
{
    (void)monitor, (void)file, (void)other, (void)event;
    read_leases(data);
}

static void watch_leases(PifNetwork *network)
{
    g_autofree char *path = pif_dnsmasq_leases_path(network->dnsmasq_directory);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    network->leases = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, NULL);
    if (!network->leases)
        return;
    g_file_monitor_set_rate_limit(network->leases, 10);
    g_signal_connect(network->leases, "changed", G_CALLBACK(on_leases_changed), network);
    read_leases(network);
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

/* Ports first: one that is taken is the likeliest failure, and then nothing has been changed. */
gboolean pif_network_up(PifNetwork *network, GError **error)
{
    if (network->forwards)
        return TRUE;
    g_autoptr(GHashTable) forwards =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)pif_forward_free);
    if (!start_forwards(network, forwards, error) || !bring_links_up(network, error))
        return FALSE;
    network->backoff_ms = 0;
    if (!start_dnsmasq(network, error)) {
        take_links_down(network, NULL);
        return FALSE;
    }
    network->forwards = g_steal_pointer(&forwards);
    watch_leases(network);
    return TRUE;
}

static void end_servers(PifNetwork *network)
{
    stop_dnsmasq(network);
    if (network->leases)
        g_signal_handlers_disconnect_by_data(network->leases, network);
    g_clear_object(&network->leases);
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
    stop_dnsmasq(network);
    return start_dnsmasq(network, error);
}

gboolean pif_network_open_port(PifNetwork *network, const PifNode *node, PifFd *ret_lock,
                               char **ret_tap, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(network->daemon->farm);
    g_autofree char *lock = pif_paths_network_lock();
    return pif_net_open_port(&net->spec, lock, node->name, ret_lock, ret_tap, error);
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
