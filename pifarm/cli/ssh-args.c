// SPDX-License-Identifier: MIT
// Options for OpenSSH's clients.
#include "pifarm/cli/ssh-args.h"

#include "netsetup/rootless.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/client.h"

/* In quotes, and what ssh would expand (ssh_config(5), TOKENS) is left as it is. Free it. */
static char *quote(const char *folder, const char *name)
{
    g_autofree char *path = folder ? g_build_filename(folder, name, NULL) : g_strdup(name);
    g_auto(GStrv) parts = g_strsplit(path, "%", -1);
    g_autofree char *escaped = g_strjoinv("%%", parts);
    return g_strdup_printf("\"%s\"", escaped);
}

/* Whoever has a key may log in to the nodes that root turned on. */
static char *format_known_hosts(const PifFarm *farm)
{
    g_autofree char *own = pif_paths_farm_dir(farm->name);
    g_autofree char *roots = pif_paths_roots_farm_dir(farm->name);
    g_autofree char *own_file = quote(own, "known_hosts");
    g_autofree char *roots_file = roots ? quote(roots, "known_hosts") : NULL;
    return g_strjoin(" ", "UserKnownHostsFile", own_file, roots_file, NULL);
}

/* Where the node is reached from here. */
static void add_place(GPtrArray *lines, const PifFarm *farm, const PifNode *node)
{
    enum { SSH_PORT = 22 };
    gboolean is_apart = pif_rootless_is_apart(farm->name);
    g_autofree char *address = is_apart ? g_strdup("127.0.0.1") : pif_ipv4_format(node->address);
    g_ptr_array_add(lines, g_strdup_printf("HostName %s", address));
    g_ptr_array_add(lines, g_strdup_printf("Port %u", is_apart ? node->ssh_port : SSH_PORT));
}

GPtrArray *pif_ssh_settings(const PifFarm *farm, const PifNode *node)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    add_place(lines, farm, node);
    if (node->image->enrol.user)
        g_ptr_array_add(lines, g_strdup_printf("User %s", node->image->enrol.user));
    if (node->image->enrol.ssh_identity) {
        g_autofree char *identity = quote(NULL, node->image->enrol.ssh_identity);
        g_ptr_array_add(lines, g_strdup_printf("IdentityFile %s", identity));
    }
    g_ptr_array_add(lines, g_strdup_printf("HostKeyAlias %s", node->name));
    g_ptr_array_add(lines, format_known_hosts(farm));
    g_ptr_array_add(lines, g_strdup("GlobalKnownHostsFile /dev/null"));
    g_ptr_array_add(lines, g_strdup("StrictHostKeyChecking yes"));
    return lines;
}

gboolean pif_ssh_prepare(const PifFarm *farm, GError **error)
{
    g_autoptr(PifClient) client = NULL;
    return !pif_rootless_is_apart(farm->name) || pif_client_connect(farm, FALSE, &client, error);
}

PifCommand *pif_ssh_command(const char *program, const PifFarm *farm, const PifNode *node)
{
    g_autoptr(GPtrArray) settings = pif_ssh_settings(farm, node);
    PifCommand *command =
        pif_command_new(program, "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10", NULL);
    for (guint i = 0; i < settings->len; i++) {
        pif_command_add(command, "-o");
        pif_command_add(command, g_ptr_array_index(settings, i));
    }
    return command;
}

char *pif_ssh_destination(const PifNode *node)
{
    g_autofree char *address = pif_ipv4_format(node->address);
    const char *user = node->image->enrol.user;
    return user ? g_strdup_printf("%s@%s", user, address) : g_strdup(address);
}
