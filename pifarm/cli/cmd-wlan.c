// SPDX-License-Identifier: MIT
// pifarm wlan: become a program that is a client of a node's access point.
#include "hw/netboot/dhcp/dhcp-client.h"
#include "netsetup/client.h"
#include "netsetup/rootless.h"
#include "pifarm/base/command.h"
#include "pifarm/cli/cli.h"

#include <string.h>

enum { DEFAULT_TIMEOUT_S = 10 };

typedef struct {
    char *address;
    char *gateway;
    int timeout_s;
} Options;

static void options_clear(Options *options)
{
    g_free(options->address);
    g_free(options->gateway);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean parse_address(const char *text, PifClientLease *lease)
{
    guint64 length;
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    if (g_strv_length(parts) != 2 || !pif_ipv4_parse(parts[0], &lease->address) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 1, 32, &length, NULL))
        return FALSE;
    lease->prefix_length = (unsigned)length;
    return TRUE;
}

static gboolean check_options(const Options *options, PifClientLease *ret_lease, GError **error)
{
    if (options->address && !parse_address(options->address, ret_lease))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--address wants an IPv4 address with its prefix, like "
                             "192.168.4.20/24, not '%s'",
                             options->address);
    if (options->gateway && !options->address)
        return pif_error_set(error, PIF_ERROR_USAGE, "--gateway is for use with --address");
    if (options->gateway && !pif_ipv4_parse(options->gateway, &ret_lease->gateway))
        return pif_error_set(error, PIF_ERROR_USAGE, "--gateway wants an IPv4 address, not '%s'",
                             options->gateway);
    if (options->timeout_s <= 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "--timeout must be at least 1 second");
    return TRUE;
}

static unsigned prefix_length_of(uint32_t netmask)
{
    unsigned length = 0;
    while (length < 32 && netmask & 1U << (31 - length))
        length++;
    return length ? length : 24; /* who says none has a small network */
}

static gboolean ask_for_lease(const PifNode *node, const Options *options,
                              PifClientLease *ret_lease, GError **error)
{
    PifDhcpAnswer answer;
    if (!pif_dhcp_client_run(PIF_CLIENT_LINK, (unsigned)options->timeout_s * 1000, &answer,
                             error)) {
        g_prefix_error(error, "wlan of node '%s': ", node->name);
        pif_cli_advise(error, PIF_ERROR_TIMEOUT,
                       "is its access point up? Without a server give an address: --address "
                       "192.168.4.20/24");
        return FALSE;
    }
    *ret_lease = (PifClientLease){.address = answer.address,
                                  .prefix_length = prefix_length_of(answer.netmask),
                                  .gateway = answer.router,
                                  .n_dns = answer.n_dns};
    memcpy(ret_lease->dns, answer.dns, sizeof ret_lease->dns);
    return TRUE;
}

static gboolean become_client(const PifFarm *farm, const PifNode *node, const Options *options,
                              PifClientLease *lease, GError **error)
{
    g_autofree char *tap = pif_client_find_tap(farm->name, node->name, error);
    return tap && pif_client_enter(tap, error) &&
           (options->address || ask_for_lease(node, options, lease, error)) &&
           pif_client_configure(lease, error);
}

static const PifNode *choose_node(PifCli *cli, char *name, GError **error)
{
    char *names[] = {name, NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, names, FALSE, FALSE, error);
    if (!nodes)
        return NULL;
    const PifNode *node = g_ptr_array_index(nodes, 0);
    if (nodes->len == 1 && node->has_wlan)
        return node;
    if (nodes->len > 1)
        pif_error_set(error, PIF_ERROR_USAGE, "'%s' is %u nodes; a client has one access point",
                      name, nodes->len);
    else
        pif_error_set(error, PIF_ERROR_NOT_FOUND,
                      "node '%s' has no wlan; give it one in farm.yaml: wlan: true", node->name);
    return NULL;
}

static PifCommand *command_of(char **words)
{
    const char *shell = g_getenv("SHELL");
    if (!*words)
        return pif_command_new(shell && *shell ? shell : "/bin/sh", NULL);
    PifCommand *command = pif_command_new(*words, NULL);
    pif_command_add_vector(command, (const char *const *)words + 1);
    return command;
}

static const char description[] =
    "The command, or without one $SHELL, runs in a network of its own that has nothing but the\n"
    "node's wlan: several at a time for one node or for many, whose access points may all have "
    "the\n"
    "same address. When it ends nothing is left of it.\n"
    "\n"
    "  pifarm wlan n3 -- curl http://192.168.4.1/\n"
    "\n"
    "Exit status: the command's own; 4 when the node is not on or has no wlan, 6 without root, 8\n"
    "when it gives no address.";

gboolean pif_cmd_wlan(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    g_auto(Options) options = {.timeout_s = DEFAULT_TIMEOUT_S};
    PifClientLease lease = {0};
    const GOptionEntry entries[] = {{"address", 'A', 0, G_OPTION_ARG_STRING, &options.address,
                                     "with this address, not one by DHCP", "ADDRESS/PREFIX"},
                                    {"gateway", 'G', 0, G_OPTION_ARG_STRING, &options.gateway,
                                     "with --address: the default route's", "ADDRESS"},
                                    {"timeout", 't', 0, G_OPTION_ARG_INT, &options.timeout_s,
                                     "how long to wait for DHCP (10)", "SECONDS"},
                                    G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("wlan"), entries, description, TRUE};
    if (!pif_cli_parse(&spec, &argc, &argv, error) || !check_options(&options, &lease, error))
        return FALSE;
    if (argc < 2)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "of which node? pifarm wlan NODE [-- COMMAND...]");
    const PifNode *node = choose_node(cli, argv[1], error);
    char **words = argv + (argc > 2 && g_str_equal(argv[2], "--") ? 3 : 2);
    if (!node || !pif_rootless_enter(cli->farm->name, error) ||
        !become_client(cli->farm, node, &options, &lease, error))
        return FALSE;
    g_autoptr(PifCommand) command = command_of(words);
    return pif_command_exec(command, error);
}
