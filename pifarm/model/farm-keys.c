// SPDX-License-Identifier: MIT
// Keys of the farm itself and of its lan.
#include "pifarm/model/farm-keys.h"

#include "pifarm/model/address.h"
#include "pifarm/model/defaults.h"

#include <net/if.h>
#include <string.h>

enum { MAX_NAME = 64 };

gboolean pif_farm_is_name(const char *text, gsize max_length)
{
    gsize length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && text[length] == '\0' && length <= max_length && *text >= 'a' &&
           text[length - 1] != '-';
}

static void read_named(const PifKeyScope *scope, const PifKey *key, const PifYaml *name,
                       const PifYaml *value, const PifNamedThings *things)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    g_autofree char *what = g_strdup_printf("%s '%s'", things->kind, name->text);
    PifKeyScope inner = *scope;
    inner.what = what;
    if (!g_ascii_isalnum(*name->text) || name->text[strspn(name->text, letters)] ||
        strlen(name->text) > MAX_NAME)
        pif_key_refuse(
            &inner, name,
            "%s: a name is up to %d letters, digits, '.', '_' and '-', and begins with a "
            "letter or digit",
            what, MAX_NAME);
    things->read(&inner, key, name, value);
}

void pif_farm_read_named(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         const PifNamedThings *things)
{
    if (value->kind != PIF_YAML_MAP) {
        if (!pif_yaml_is_null(value))
            pif_key_expect(scope, key, value, things->expected);
        return;
    }
    for (unsigned i = 0; i < value->keys->len; i++) {
        const PifYaml *name = g_ptr_array_index(value->keys, i);
        if (i == things->max) {
            pif_key_refuse(scope, name, "%s '%s' is one too many: a farm has up to %u",
                           things->kind, name->text, things->max);
            return;
        }
        read_named(scope, key, name, g_ptr_array_index(value->values, i), things);
    }
}

static void read_farm_name(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                           gpointer field)
{
    const char *name = pif_key_text(scope, key, value);
    if (name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) &&
        strlen(name) <= 32 && *name != '-')
        pif_key_read_string(scope, key, value, field);
    else if (name)
        pif_key_expect(scope, key, value,
                       "up to 32 of a-z, 0-9 and '-', beginning with a letter or digit");
}

static void read_libvirt(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    const char *uri = pif_key_text(scope, key, value);
    if (uri && strstr(uri, "://"))
        pif_key_read_string(scope, key, value, field);
    else if (uri)
        pif_key_expect(scope, key, value, "a libvirt URI like qemu:///system");
}

static gboolean is_interface_name(const char *name)
{
    gboolean is_good = g_ascii_isalnum(*name) && strlen(name) < IFNAMSIZ;
    for (const char *letter = name; is_good && *letter; letter++)
        is_good = g_ascii_isalnum(*letter) || strchr("._-", *letter);
    return is_good;
}

/* TAPs are q0tap<id>: a bridge called so would be in the way of one. */
static void read_bridge(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    const char *name = pif_key_text(scope, key, value);
    if (name && is_interface_name(name) && !g_str_has_prefix(name, "q0tap"))
        pif_key_read_string(scope, key, value, field);
    else if (name)
        pif_key_expect(
            scope, key, value,
            "an interface name: up to 15 letters, digits, '.', '_', '-', and no q0tap...");
}

static void read_interface(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                           gpointer field)
{
    const char *name = pif_key_text(scope, key, value);
    if (name && is_interface_name(name))
        pif_key_read_string(scope, key, value, field);
    else if (name)
        pif_key_expect(scope, key, value, "the name of an interface of this host, like enp3s0");
}

static void read_remote(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    enum { FIRST_MULTICAST = 224 };
    uint32_t address;
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (pif_ipv4_parse(text, &address) && address != 0 && address >> 24 < FIRST_MULTICAST)
        *(uint32_t *)field = address;
    else
        pif_key_expect(scope, key, value, "the IPv4 address of another host");
}

static const PifKey vxlan_keys[] = {
    {"remote", read_remote, .offset = offsetof(PifFarm, lan.vxlan.remote), .is_required = TRUE},
    {"vni", pif_key_read_number, .offset = offsetof(PifFarm, lan.vxlan.id), .min = 1,
     .max = 0xffffff}, /* RFC 7348, section 5: 24 bits */
    {"udp-port", pif_key_read_number, .offset = offsetof(PifFarm, lan.vxlan.port), .min = 1,
     .max = 65535},
    {NULL},
};

static const PifKey uplink_keys[] = {
    {"interface", read_interface, .offset = offsetof(PifFarm, lan.uplink)},
    {"vxlan", pif_key_read_map, .keys = vxlan_keys},
    {NULL},
};

/* An interface, or a map that may have more. */
static void read_uplink(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    PifFarm *farm = field;
    if (value->kind == PIF_YAML_SCALAR)
        read_interface(scope, key, value, &farm->lan.uplink);
    else
        pif_key_read_map(scope, key, value, field);
}

static void read_subnet(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    PifFarm *farm = field;
    g_autofree char *problem = NULL;
    const char *text = pif_key_text(scope, key, value);
    if (!text || pif_subnet_parse(text, &farm->lan.network, &farm->lan.prefix_length, &problem))
        return;
    farm->lan.prefix_length = 0; /* nothing can be checked against it */
    if (problem)
        pif_key_refuse(scope, value, "'%s' is an address inside a subnet, not a subnet; %s", text,
                       problem);
    else
        pif_key_expect(scope, key, value, "a subnet like 10.77.0.0/24 (/8 to /28)");
}

static void read_bridge_nf(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                           gpointer field)
{
    const char *word = pif_key_text(scope, key, value);
    if (word && strcmp(word, "accept") != 0 && strcmp(word, "leave") != 0)
        pif_key_expect(scope, key, value, "accept or leave");
    else if (word)
        *(gboolean *)field = strcmp(word, "accept") == 0;
}

/* Groups are those that nodes name: looked at when the nodes are known. */
static void read_isolate_groups(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                                gpointer field)
{
    PifFarmDraft *draft = scope->context;
    draft->isolate = value;
    pif_key_read_strings(scope, key, value, field);
}

static const PifKey lan_keys[] = {
    {"bridge", read_bridge, .offset = offsetof(PifFarm, lan.bridge)},
    {"subnet", read_subnet},
    {"uplink", read_uplink, .keys = uplink_keys},
    {"mtu", pif_key_read_number, .offset = offsetof(PifFarm, lan.mtu), .min = 576, .max = 9216},
    {"ssh-ports", pif_key_read_number, .offset = offsetof(PifFarm, lan.ssh_ports), .min = 1024,
     .max = 65535 - PIF_NODE_ID_MAX},
    {"nat", pif_key_read_truth, .offset = offsetof(PifFarm, lan.has_nat)},
    {"guard", pif_key_read_truth, .offset = offsetof(PifFarm, lan.has_guard)},
    {"bridge-nf", read_bridge_nf, .offset = offsetof(PifFarm, lan.is_accepted)},
    {"isolate-groups", read_isolate_groups, .offset = offsetof(PifFarm, lan.isolate)},
    {NULL},
};

const PifKey pif_farm_keys[] = {
    {"farm", read_farm_name, .offset = offsetof(PifFarm, name), .is_required = TRUE},
    {"lan", pif_key_read_map, .keys = lan_keys},
    {"netboot", pif_key_read_map, .keys = pif_netboot_keys},
    {"images", pif_farm_read_images, .keys = pif_image_keys},
    {"switches", pif_farm_read_switches, .keys = pif_switch_keys},
    {"groups", pif_farm_read_groups, .keys = pif_nets_keys},
    {"forward", pif_farm_read_own_net_key},
    {"wan", pif_farm_read_own_net_key},
    {"wlan", pif_farm_read_own_net_key},
    {"dhcp-options", pif_farm_read_own_net_key},
    {"nodes", pif_farm_read_nodes, .keys = pif_node_keys, .is_required = TRUE},
    {"libvirt", read_libvirt, .offset = offsetof(PifFarm, libvirt_uri)},
    {NULL},
};
