// SPDX-License-Identifier: MIT
// Starts pifarm-netbootd with what farm.yaml says, and reads its lines of JSON.
#include "pifarm/daemon/netboot.h"

#include "hw/netboot/dhcp/dhcp-journal.h"
#include "netsetup/port.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/daemon/keeper.h"

#include <gio/gunixinputstream.h>
#include <poll.h>
#include <string.h>

enum { LEASE_S = 12 * 3600, START_TIMEOUT_MS = 10000, DHCP_PORT = 67 };

#define LEASES "leases"

struct PifNetboot {
    PifDaemon *daemon;
    PifLeaseFunc on_lease;
    char *directory;
    PifKeeper *keeper;
    GDataInputStream *lines;
    GCancellable *reading;
};

static const PifNode *find_by_mac(const PifFarm *farm, const char *mac)
{
    for (guint i = 0; mac && i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_autofree char *text = pif_mac_format(&node->mac);
        if (g_str_equal(text, mac))
            return node;
    }
    return NULL;
}

static const PifNode *find_by_address(const PifFarm *farm, const char *address)
{
    for (guint i = 0; address && i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_autofree char *text = pif_ipv4_format(node->address);
        if (g_str_equal(text, address))
            return node;
    }
    return NULL;
}

/* One line of the server's: whose it is, and what it is about. */
typedef struct {
    const PifNode *node; /* NULL: a stranger's */
    const char *service; /* "dhcp", "tftp"; belongs to json */
    const char *event;
} Record;

static gboolean read_record(const PifFarm *farm, const json_t *json, Record *ret_record)
{
    const char *mac = json_string_value(json_object_get(json, "mac"));
    const char *client = json_string_value(json_object_get(json, "client"));
    ret_record->service = json_string_value(json_object_get(json, "service"));
    ret_record->event = json_string_value(json_object_get(json, "event"));
    ret_record->node = mac ? find_by_mac(farm, mac) : find_by_address(farm, client);
    return ret_record->service && ret_record->event;
}

static void take_line(PifNetboot *netboot, const char *line)
{
    PifDaemon *daemon = netboot->daemon;
    Record record;
    json_t *json = json_loads(line, 0, NULL);
    if (json && read_record(daemon->farm, json, &record)) {
        pif_daemon_add_netboot(daemon, record.node ? record.node->name : NULL, record.service,
                               line);
        if (record.node && g_str_equal(record.event, "ack"))
            netboot->on_lease(daemon, record.node, g_get_real_time() / G_USEC_PER_SEC + LEASE_S);
    }
    json_decref(json);
}

static void read_line(PifNetboot *netboot);

/* At the end of the pipe the keeper takes over. */
static void on_line(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, NULL, &error);
    if (!line)
        return; /* the netboot may be gone */
    take_line(data, line);
    read_line(data);
}

static void read_line(PifNetboot *netboot)
{
    g_data_input_stream_read_line_async(netboot->lines, G_PRIORITY_LOW, netboot->reading, on_line,
                                        netboot);
}

static void stop_reading(PifNetboot *netboot)
{
    if (netboot->reading)
        g_cancellable_cancel(netboot->reading);
    g_clear_object(&netboot->reading);
    g_clear_object(&netboot->lines);
}

static void add_hosts(PifCommand *command, const PifFarm *farm)
{
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_autofree char *mac = pif_mac_format(&node->mac);
        g_autofree char *address = pif_ipv4_format(node->address);
        pif_command_add_format(command, "--host=%s=%s,%s", mac, address, node->name);
        for (char **option = node->dhcp_options; option && *option; option++)
            pif_command_add_format(command, "--option=%s,%s", mac, *option);
    }
}

static void add_each(PifCommand *command, const char *option, char *const *values)
{
    for (; values && *values; values++)
        pif_command_add_format(command, "--%s=%s", option, *values);
}

static void add_one(PifCommand *command, const char *option, const char *value)
{
    if (value)
        pif_command_add_format(command, "--%s=%s", option, value);
}

static void add_addresses(PifCommand *command, const PifFarm *farm)
{
    g_autofree char *host = pif_ipv4_format(farm->lan.host_address);
    g_autofree char *first = pif_ipv4_format(farm->netboot.first);
    g_autofree char *last = pif_ipv4_format(farm->netboot.last);
    if (farm->netboot.first)
        pif_command_add_format(command, "--dhcp=%s-%s", first, last);
    else
        pif_command_add(command, "--dhcp=static");
    add_one(command, "leases", LEASES);
    add_one(command, "domain", farm->name);
    add_one(command, "dns", host);
    add_one(command, "router", farm->lan.has_nat ? host : NULL);
    pif_command_add_format(command, "--lease-time=%d", LEASE_S);
    add_hosts(command, farm);
}

static void add_services(PifCommand *command, const PifFarm *farm)
{
    if (farm->netboot.dhcp != PIF_DHCP_OFF)
        pif_command_add(command, "--pxe");
    add_one(command, "root", farm->netboot.root);
    if (farm->netboot.root)
        pif_command_add(command, "--tftp");
    if (farm->netboot.root && farm->netboot.has_http)
        pif_command_add(command, "--http");
    add_one(command, "unknown", farm->netboot.unknown);
    add_each(command, "allow", farm->netboot.allow);
    add_each(command, "deny", farm->netboot.deny);
    add_one(command, "auth-url", farm->netboot.auth_url);
    add_each(command, "notify", farm->netboot.notify);
    add_each(command, "broadcast", farm->netboot.broadcast);
    add_each(command, "map", farm->netboot.maps);
    add_each(command, "text", farm->netboot.texts);
}

static PifCommand *make_command(const PifNetboot *netboot, const char *log_path)
{
    const PifFarm *farm = netboot->daemon->farm;
    g_autofree char *program = pif_command_find_own("pifarm-netbootd");
    PifCommand *command = pif_command_new(program, NULL);
    add_one(command, "interface", farm->lan.bridge);
    add_services(command, farm);
    if (farm->netboot.dhcp == PIF_DHCP_ON)
        add_addresses(command, farm);
    else if (farm->netboot.dhcp == PIF_DHCP_PROXY)
        pif_command_add(command, "--dhcp=proxy");
    pif_command_set_directory(command, netboot->directory);
    pif_command_set_log_file(command, log_path);
    return command;
}

/* The last line of its log, without the program's name. Free it. */
static char *last_words(const char *log_path)
{
    enum { MAX_LOG = 1 << 20 };
    g_autofree char *text = NULL;
    if (!pif_file_read(log_path, MAX_LOG, &text, NULL, NULL))
        return g_strdup("it said nothing");
    g_strchomp(text);
    const char *newline = strrchr(text, '\n');
    const char *line = newline ? newline + 1 : text;
    const char *colon = strstr(line, ": ");
    return g_strdup(colon ? colon + 2 : line);
}

/* With its last words, and the name of who is in its way. */
static gboolean set_start_error(GError **error, GSubprocess *server, const PifFarm *farm,
                                const char *log_path)
{
    g_subprocess_force_exit(server);
    g_subprocess_wait(server, NULL, NULL);
    g_autofree char *words = last_words(log_path);
    g_autofree char *rival =
        strstr(words, "in use") ? pif_port_find_owner(PIF_PORT_UDP, DHCP_PORT) : NULL;
    if (rival)
        return pif_error_set(error, PIF_ERROR_BUSY,
                             "the netboot server cannot serve farm '%s' on %s: port %d is in use "
                             "by %s; stop it, or keep it off that interface",
                             farm->name, farm->lan.bridge, DHCP_PORT, rival);
    return pif_error_set(error, PIF_ERROR_EXTERNAL,
                         "the netboot server cannot serve farm '%s' on %s: %s", farm->name,
                         farm->lan.bridge, words);
}

/* Its first line says that it serves. */
static gboolean wait_until_ready(PifNetboot *netboot, GSubprocess *server)
{
    GInputStream *pipe = g_subprocess_get_stdout_pipe(server);
    struct pollfd ready = {g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(pipe)), POLLIN, 0};
    netboot->lines = g_data_input_stream_new(pipe);
    if (poll(&ready, 1, START_TIMEOUT_MS) != 1)
        return FALSE;
    g_autofree char *line = g_data_input_stream_read_line(netboot->lines, NULL, NULL, NULL);
    return line != NULL;
}

static GSubprocess *start_server(gpointer data, GError **error)
{
    PifNetboot *netboot = data;
    g_autofree char *log_path = g_build_filename(netboot->directory, "netbootd.log", NULL);
    g_autoptr(PifCommand) command = make_command(netboot, log_path);
    stop_reading(netboot);
    g_autoptr(GSubprocess) server = pif_command_start_piped(command, error);
    if (!server)
        return NULL;
    if (!wait_until_ready(netboot, server)) {
        set_start_error(error, server, netboot->daemon->farm, log_path);
        return NULL;
    }
    netboot->reading = g_cancellable_new();
    read_line(netboot);
    return g_steal_pointer(&server);
}

json_t *pif_netboot_leases(PifDaemon *daemon, GError **error)
{
    g_autofree char *path = g_build_filename(daemon->directory, "netboot", LEASES, NULL);
    g_autoptr(GArray) leases =
        pif_dhcp_journal_read(path, g_get_real_time() / G_USEC_PER_SEC, error);
    if (!leases)
        return NULL;
    json_t *json = json_array();
    for (guint i = 0; i < leases->len; i++) {
        const PifDhcpLease *lease = &g_array_index(leases, PifDhcpLease, i);
        PifMac mac;
        memcpy(mac.bytes, lease->mac, sizeof mac.bytes);
        g_autofree char *mac_text = pif_mac_format(&mac);
        g_autofree char *address = pif_ipv4_format(lease->address);
        const PifNode *node = find_by_mac(daemon->farm, mac_text);
        json_array_append_new(json, json_pack("{s:s, s:s, s:I, s:s?}", "mac", mac_text, "address",
                                              address, "expires_s", (json_int_t)lease->expires_s,
                                              "node", node ? node->name : NULL));
    }
    return json;
}

/* With dhcp off and no folder to serve there is nothing to do. */
static gboolean has_service(const PifFarm *farm)
{
    return farm->netboot.dhcp != PIF_DHCP_OFF || farm->netboot.root;
}

PifNetboot *pif_netboot_start(PifDaemon *daemon, PifLeaseFunc on_lease, GError **error)
{
    PifNetboot *netboot = g_new0(PifNetboot, 1);
    netboot->daemon = daemon;
    netboot->on_lease = on_lease;
    netboot->directory = g_build_filename(daemon->directory, "netboot", NULL);
    if (!has_service(daemon->farm))
        return netboot;
    netboot->keeper = pif_keeper_new(daemon, "pifarm-netbootd", start_server, netboot, error);
    if (netboot->keeper)
        return netboot;
    pif_netboot_free(netboot);
    return NULL;
}

void pif_netboot_free(PifNetboot *netboot)
{
    if (!netboot)
        return;
    stop_reading(netboot);
    pif_keeper_free(netboot->keeper);
    g_free(netboot->directory);
    g_free(netboot);
}
