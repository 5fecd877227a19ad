// SPDX-License-Identifier: MIT
// The table of programs, the first of which that a system uses is told.
#include "images/card/network-config.h"

#include "images/card/card-root.h"
#include "pifarm/base/error.h"

#include <string.h>
#include <sys/stat.h>

#define WANTS "/etc/systemd/system/multi-user.target.wants"
#define CONNECTIONS "/etc/NetworkManager/system-connections"
#define CONNECTION_FILE "/etc/NetworkManager/system-connections/pifarm-lan.nmconnection"
#define NETWORK_FILE "/etc/systemd/network/05-pifarm-lan.network"
#define INTERFACES "/etc/network/interfaces"
#define INTERFACES_FOLDER "/etc/network/interfaces.d"
#define INTERFACE_FILE "/etc/network/interfaces.d/eth0"

typedef struct {
    const char *name;
    const char *path; /* of the file that tells it */
    guint mode;
    const char *sign; /* what is there when the program is started at boot; NULL: the file itself,
                         that says DHCP */
    PifStaticAddressEdit edit;
} Program;

/* systemd-networkd takes the first file that matches an interface: 05 comes before netplan's, which
 * begin with 10. */
static const Program programs[] = {
    {"ifupdown", INTERFACE_FILE, 0644, NULL, pif_static_address_edit_interfaces},
    {"ifupdown", INTERFACES, 0644, NULL, pif_static_address_edit_interfaces},
    {"NetworkManager", CONNECTION_FILE, 0600, WANTS "/NetworkManager.service",
     pif_static_address_edit_keyfile},
    {"systemd-networkd", NETWORK_FILE, 0644, WANTS "/systemd-networkd.service",
     pif_static_address_edit_network},
    {"systemd-networkd", NETWORK_FILE, 0644, "/etc/netplan/.", pif_static_address_edit_network},
    {"dhcpcd", "/etc/dhcpcd.conf", 0644, WANTS "/dhcpcd.service", pif_static_address_edit_dhcpcd},
    {"ifupdown", INTERFACES, 0644, INTERFACES, pif_static_address_edit_interfaces},
};

const char *const pif_network_config_folders[] = {WANTS,
                                                  CONNECTIONS,
                                                  "/etc",
                                                  "/etc/netplan",
                                                  "/etc/network",
                                                  INTERFACES_FOLDER,
                                                  "/etc/systemd/network",
                                                  NULL};
const char *const pif_network_config_files[] = {
    INTERFACE_FILE, INTERFACES, CONNECTION_FILE, NETWORK_FILE, "/etc/dhcpcd.conf", NULL,
};

/* NULL: no such file. Free it. */
static char *text_of(GHashTable *contents, const char *path)
{
    gsize size = 0;
    GBytes *content = g_hash_table_lookup(contents, path);
    const char *bytes = content ? g_bytes_get_data(content, &size) : NULL;
    return content ? g_strndup(bytes ? bytes : "", size) : NULL;
}

static gboolean is_used(const Program *program, GHashTable *entries, GHashTable *contents)
{
    if (program->sign)
        return g_hash_table_contains(entries, program->sign);
    g_autofree char *text = text_of(contents, program->path);
    return pif_static_address_is_dhcp(text);
}

static const Program *choose(GHashTable *entries, GHashTable *contents)
{
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++)
        if (is_used(&programs[i], entries, contents))
            return &programs[i];
    return NULL;
}

static const Program *find_program(const char *path)
{
    const Program *program = programs;
    while (!g_str_equal(program->path, path))
        program++;
    return program;
}

static void plan_folder(GHashTable *entries, const char *path, GPtrArray *changes)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *dot = g_strconcat(folder, "/.", NULL);
    if (!g_hash_table_contains(entries, dot))
        pif_card_change_add(changes, folder, NULL, S_IFDIR | 0755);
}

/* The owner's permissions of a file that is there stay. */
static guint mode_of(GHashTable *entries, const Program *program)
{
    const PifCardEntry *entry = g_hash_table_lookup(entries, program->path);
    return entry && S_ISREG(entry->mode) ? entry->mode : S_IFREG | program->mode;
}

static void plan_file(GHashTable *entries, GHashTable *contents, const Program *program,
                      const PifStaticAddress *address, GPtrArray *changes)
{
    g_autofree char *before = text_of(contents, program->path);
    g_autofree char *after = program->edit(before, address);
    if (g_strcmp0(before, after) == 0 || (!address && !before))
        return;
    if (!after) {
        pif_card_change_add(changes, program->path, NULL, 0);
        return;
    }
    plan_folder(entries, program->path, changes);
    pif_card_change_add(changes, program->path, after, mode_of(entries, program));
}

gboolean pif_network_config_plan(GHashTable *entries, GHashTable *contents,
                                 const PifStaticAddress *address, GPtrArray *changes,
                                 char **ret_where, GError **error)
{
    const Program *chosen = address ? choose(entries, contents) : NULL;
    if (address && !chosen)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card starts none of NetworkManager, "
                             "systemd-networkd, dhcpcd and ifupdown, so it cannot be told its "
                             "address; leave out `address: static`");
    for (const char *const *path = pif_network_config_files; *path; path++) {
        gboolean is_chosen = chosen && g_str_equal(chosen->path, *path);
        plan_file(entries, contents, is_chosen ? chosen : find_program(*path),
                  is_chosen ? address : NULL, changes);
    }
    if (chosen)
        *ret_where =
            g_strdup_printf("%s: %s, for %s", chosen->path, address->address, chosen->name);
    return TRUE;
}
