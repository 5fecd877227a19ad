// SPDX-License-Identifier: MIT
// The farm.yaml that `pifarm init` writes: small, right as it is, and its own first manual.
#include "images/prepare/ssh-key.h"
#include "pifarm/base/paths.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm.h"

#include <string.h>

/* One line here is one line of the file. */
// clang-format off
static const char head[] =
    "# A farm of Raspberry Pi nodes. `pifarm check` checks this file, `pifarm up --all` starts the nodes.\n"
    "# A # before a key shows what could be said besides; farm.yaml(5) explains every key.\n"
    "farm: %s\n"
    "# libvirt: qemu:///system     # a libvirtd of yours; by default pifarm brings its own\n"
    "\n"
    "lan:\n"
    "  subnet: 10.77.0.0/24        # this host is .1, the node with ID n is .(10+n)\n"
    "  # bridge: %-17s # the bridge on this host\n"
    "\n"
    "# Card images. A node's card is a clone of its image, which is never written itself.\n"
    "images:\n"
    "  %s:\n"
    "    # A disk image: raw, qcow2, .xz, .zst, .gz or .zip. The path is relative to this file.\n"
    "    source: %s\n"
    "    # sha256: 64 hex digits   # refuse any other file\n"
    "    # size: 4GiB              # of the cards; by default the next power of two that fits\n"
    "    enrol:                    # what is set in a copy of the image before it is cloned\n"
    "      hostname: \"{node}\"      # {node} is the node's name\n"
    "      user: pi                # who logs in, and the public key to do it with\n";

static const char with_key[] =
    "      ssh-key: ~/.ssh/%s\n";

static const char without_key[] =
    "      # You have no SSH key yet: make one with `ssh-keygen -t ed25519`, then take this # away:\n"
    "      # ssh-key: ~/.ssh/id_ed25519.pub\n";

static const char after_key[] =
    "      # password-hash: $6$...  # `openssl passwd -6` prints one; without it only the key opens\n";

static const char switches_head[] =
    "\n"
    "# What the nodes are plugged into. Nodes on a virtual switch are virtual.\n"
    "switches:\n";

static const char nodes_head[] =
    "\n"
    "# n[1-4] stands for n1, n2, n3, n4, and their IDs count up. A node's address, MAC and serial follow from\n"
    "# its ID (1 to 200).\n"
    "nodes:\n";

static const char tail[] =
    "  # - { name: spare, id: %u, image: %s, groups: [test], address: 10.77.0.250, mac: \"b8:27:eb:12:34:56\" }\n";
// clang-format on

/* The user's own public key; NULL: there is none. The newest kind first, as ssh-keygen(1)
 * recommends. */
static const char *find_key(void)
{
    static const char *const names[] = {"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"};
    g_autofree char *home = pif_paths_home();
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(home, ".ssh", names[i], NULL);
        g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
        if (pif_ssh_key_read_file(path, keys, NULL))
            return names[i];
    }
    return NULL;
}

/* "RaspiOS-lite.img.xz" is raspios-lite. */
static char *name_image(const char *source)
{
    g_autofree char *base = g_path_get_basename(source);
    g_autofree char *name = g_ascii_strdown(base, -1);
    g_strcanon(name, "abcdefghijklmnopqrstuvwxyz0123456789-", '.');
    *strchrnul(name, '.') = '\0';
    if (g_ascii_isalnum(*name) && strlen(name) <= 32)
        return g_steal_pointer(&name);
    return g_strdup("card");
}

/* In single quotes all but the quote itself stands for itself. */
static char *quote(const char *text)
{
    g_autoptr(GString) quoted = g_string_new(text);
    g_string_replace(quoted, "'", "''", 0);
    return g_strdup_printf("'%s'", quoted->str);
}

static unsigned nodes_on_switch(unsigned n_nodes, unsigned number)
{
    return MIN(n_nodes - number * PIF_SWITCH_PORTS_MAX, PIF_SWITCH_PORTS_MAX);
}

static void append_switches(GString *out, unsigned n_nodes)
{
    g_string_append(out, switches_head);
    for (unsigned i = 0; i * PIF_SWITCH_PORTS_MAX < n_nodes; i++)
        g_string_append_printf(out, "  sw%u: { virtual: true, ports: %u }\n", i,
                               MAX(nodes_on_switch(n_nodes, i), PIF_SWITCH_PORTS_DEFAULT));
}

static void append_nodes(GString *out, unsigned n_nodes, const char *image)
{
    g_string_append(out, nodes_head);
    for (unsigned i = 0; i * PIF_SWITCH_PORTS_MAX < n_nodes; i++) {
        unsigned count = nodes_on_switch(n_nodes, i), first = i * PIF_SWITCH_PORTS_MAX + 1;
        if (count == 1)
            g_string_append_printf(out, "  - { name: n%u, id: %u, port: sw%u/1, image: %s }\n",
                                   first, first, i, image);
        else
            g_string_append_printf(
                out, "  - { name: \"n[%u-%u]\", id: %u, port: \"sw%u/[1-%u]\", image: %s }\n",
                first, first + count - 1, first, i, count, image);
    }
}

char *pif_farm_template(const char *farm_name, const char *image_source, unsigned n_nodes)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *bridge = pif_default_bridge(farm_name);
    const char *file = image_source ? image_source : "card.img.xz";
    g_autofree char *image = name_image(file);
    g_autofree char *source = quote(file);
    const char *key = find_key();
    n_nodes = CLAMP(n_nodes, 1, PIF_NODE_ID_MAX);
    g_string_append_printf(out, head, farm_name, bridge, image, source);
    if (key)
        g_string_append_printf(out, with_key, key);
    else
        g_string_append(out, without_key);
    g_string_append(out, after_key);
    append_switches(out, n_nodes);
    append_nodes(out, n_nodes, image);
    g_string_append_printf(out, tail, MIN(n_nodes + 1, PIF_NODE_ID_MAX), image);
    return g_strdup(out->str);
}
