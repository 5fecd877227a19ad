// SPDX-License-Identifier: MIT
// The table of a system's distinguishing files: of Debian, Raspberry Pi OS and what runs on them.
#include "images/card/trait-file.h"

#include <string.h>

#define NODE_ENV "/etc/pifarm", "node\\.env", PIF_TRAIT_MATCH
#define NETWORK "/etc/systemd/network"
#define CONNECTIONS "/etc/NetworkManager/system-connections"

const PifTraitFile pif_trait_files[] = {
    {"host name", "/etc", "hostname", PIF_TRAIT_MATCH, FALSE, "\\A\\s*([^\\s#]+)"},
    /* machine-id(5): "uninitialized" asks for a new one */
    {"machine-id", "/etc", "machine-id", PIF_TRAIT_MATCH, FALSE, "\\A([0-9a-f]{32})$"},
    {"machine-id", "/var/lib/dbus", "machine-id", PIF_TRAIT_MATCH, FALSE, "\\A([0-9a-f]{32})$"},
    {"SSH host key", "/etc/ssh", "ssh_host_[a-z0-9_]+_key", PIF_TRAIT_SSH_KEY, TRUE, NULL},
    {"SSH host key (dropbear)", "/etc/dropbear", "dropbear_[a-z0-9]+_host_key", PIF_TRAIT_HASH,
     FALSE, NULL},
    /* systemd-random-seed.service(8), and what came before it */
    {"random seed", "/var/lib/systemd", "random-seed", PIF_TRAIT_HASH, TRUE, NULL},
    {"random seed", "/var/lib/urandom", "random-seed", PIF_TRAIT_HASH, TRUE, NULL},
    {"random seed", "/var/lib/seedrng", "seed\\..*", PIF_TRAIT_HASH, TRUE, NULL},
    /* systemd-creds(1) */
    {"credential secret", "/var/lib/systemd", "credential\\.secret", PIF_TRAIT_HASH, FALSE, NULL},
    /* RFC 8415, section 11: a server takes two clients with one DUID for one */
    {"DHCP DUID", "/etc", "dhcpcd\\.duid", PIF_TRAIT_MATCH, TRUE, "^([0-9a-f:]+)$"},
    {"DHCP DUID", "/var/lib/dhcpcd", "duid", PIF_TRAIT_MATCH, TRUE, "^([0-9a-f:]+)$"},
    {"DHCP DUID", "/var/lib/dhcp", "dhclient.*\\.leases", PIF_TRAIT_MATCH, TRUE,
     "^default-duid \"(.*)\";$"},
    /* NetworkManager.conf(5): DUIDs and stable addresses come from it */
    {"NetworkManager's secret key", "/var/lib/NetworkManager", "secret_key", PIF_TRAIT_HASH, TRUE,
     NULL},
    {"iSCSI initiator name", "/etc/iscsi", "initiatorname\\.iscsi", PIF_TRAIT_MATCH, FALSE,
     "^InitiatorName=(\\S+)"},
    /* addresses that somebody has fixed */
    {"address", NETWORK, ".*\\.network", PIF_TRAIT_MATCH, FALSE, "^Address=([0-9.]+)"},
    {"address", "/etc/network", "interfaces", PIF_TRAIT_MATCH, FALSE, "^\\s*address\\s+([0-9.]+)"},
    {"address", "/etc/network/interfaces.d", ".*", PIF_TRAIT_MATCH, FALSE,
     "^\\s*address\\s+([0-9.]+)"},
    {"address", CONNECTIONS, ".*", PIF_TRAIT_MATCH, FALSE, "^address[0-9]*=([0-9.]+)"},
    {"address", "/etc", "dhcpcd\\.conf", PIF_TRAIT_MATCH, FALSE,
     "^\\s*static\\s+ip_address=([0-9.]+)"},
    {"MAC", NETWORK, ".*\\.link", PIF_TRAIT_MATCH, FALSE, "^\\[Link\\][^\\[]*?^MACAddress=(\\S+)"},
    {"MAC", "/etc/network", "interfaces", PIF_TRAIT_MATCH, FALSE,
     "^\\s*hwaddress\\s+(?:ether\\s+)?([0-9A-Fa-f:]{17})"},
    {"MAC", "/etc/network/interfaces.d", ".*", PIF_TRAIT_MATCH, FALSE,
     "^\\s*hwaddress\\s+(?:ether\\s+)?([0-9A-Fa-f:]{17})"},
    {"MAC", CONNECTIONS, ".*", PIF_TRAIT_MATCH, FALSE, "^cloned-mac-address=([0-9A-Fa-f:]{17})"},
    /* what we wrote ourselves */
    {"node", NODE_ENV, FALSE, "^NODE=(.+)$"},
    {"node ID", NODE_ENV, FALSE, "^ID=(.+)$"},
    {"address", NODE_ENV, FALSE, "^ADDRESS=(.+)$"},
    {"MAC", NODE_ENV, FALSE, "^MAC=(.+)$"},
    {"serial number", NODE_ENV, FALSE, "^SERIAL=(.+)$"},
};
const gsize pif_n_trait_files = G_N_ELEMENTS(pif_trait_files);

static gboolean has_path(const PifTraitFile *file, const char *path)
{
    gsize length = strlen(file->folder);
    if (!g_str_has_prefix(path, file->folder) || path[length] != '/')
        return FALSE;
    g_autofree char *pattern = g_strconcat("\\A(?:", file->name, ")\\z", NULL);
    return g_regex_match_simple(pattern, path + length + 1, G_REGEX_RAW, G_REGEX_MATCH_DEFAULT);
}

const PifTraitFile *pif_trait_file_find(const char *path, gsize first)
{
    for (gsize i = first; i < pif_n_trait_files; i++)
        if (has_path(&pif_trait_files[i], path))
            return &pif_trait_files[i];
    return NULL;
}

gboolean pif_trait_file_is_host_key(const char *path)
{
    return g_regex_match_simple("^/etc/(ssh/ssh_host_[a-z0-9_]+_key(\\.pub)?|"
                                "dropbear/dropbear_[a-z0-9]+_host_key)\\z",
                                path, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
}

const char **pif_trait_folders(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) folders = g_ptr_array_new();
    for (gsize i = 0; i < pif_n_trait_files; i++)
        if (g_hash_table_add(seen, (gpointer)pif_trait_files[i].folder))
            g_ptr_array_add(folders, (gpointer)pif_trait_files[i].folder);
    g_ptr_array_add(folders, NULL);
    return (const char **)g_ptr_array_free(g_steal_pointer(&folders), FALSE);
}
