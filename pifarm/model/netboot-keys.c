// SPDX-License-Identifier: MIT
// Keys of `netboot`: who gets an address on the farm's network, and what is served there.
#include "hw/netboot/dhcp/dhcp-access.h"
#include "hw/netboot/dhcp/dhcp-option.h"
#include "hw/netboot/dhcp/dhcp-pool.h"
#include "pifarm/base/error.h"
#include "pifarm/model/address.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>

static void read_dhcp(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    static const char *const words[] = {
        [PIF_DHCP_ON] = "on", [PIF_DHCP_PROXY] = "proxy", [PIF_DHCP_OFF] = "off"};
    const char *text = pif_key_text(scope, key, value);
    for (size_t i = 0; text && i < G_N_ELEMENTS(words); i++)
        if (strcmp(text, words[i]) == 0) {
            *(PifFarmDhcp *)field = (PifFarmDhcp)i;
            return;
        }
    if (text)
        pif_key_expect(scope, key, value, "on, proxy or off");
}

/* "10.77.0.100-10.77.0.199" */
static void read_range(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    PifFarmDraft *draft = scope->context;
    PifFarm *farm = draft->farm;
    uint32_t first, last;
    const char *text = pif_key_text(scope, key, value);
    g_auto(GStrv) ends = text ? g_strsplit(text, "-", 2) : NULL;
    if (!text)
        return;
    if (!ends[1] || !pif_ipv4_parse(ends[0], &first) || !pif_ipv4_parse(ends[1], &last) ||
        first > last || last - first >= PIF_DHCP_MAX_POOL) {
        pif_key_expect(scope, key, value, "two addresses like 10.77.0.230-10.77.0.249");
        return;
    }
    farm->netboot.first = first;
    farm->netboot.last = last;
    draft->range = value;
}

static void read_unknown(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    PifDhcpUnknown unknown;
    const char *text = pif_key_text(scope, key, value);
    if (text && pif_dhcp_unknown_parse(text, &unknown, NULL))
        pif_key_read_string(scope, key, value, field);
    else if (text)
        pif_key_expect(scope, key, value, "ignore, offer or adopt");
}

static void check_client(const PifKeyScope *scope, const PifYaml *value)
{
    PifDhcpMatch match;
    g_autoptr(GError) error = NULL;
    if (value->kind == PIF_YAML_SCALAR && !pif_dhcp_match_parse(value->text, &match, &error))
        pif_key_refuse(scope, value, "%s", error->message);
}

static void read_clients(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    pif_key_read_strings(scope, key, value, field);
    check_client(scope, value);
    for (unsigned i = 0; value->kind == PIF_YAML_LIST && i < value->values->len; i++)
        check_client(scope, g_ptr_array_index(value->values, i));
}

static void read_url(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                     gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (text && (g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://")))
        pif_key_read_string(scope, key, value, field);
    else if (text)
        pif_key_expect(scope, key, value, "an http:// or https:// URL");
}

/* "a", or "a,b" of a list; NULL for anything else. */
static char *join_texts(const PifYaml *value)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    if (value->kind == PIF_YAML_SCALAR)
        return g_strdup(value->text);
    for (unsigned i = 0; value->kind == PIF_YAML_LIST && i < value->values->len; i++) {
        const PifYaml *item = g_ptr_array_index(value->values, i);
        if (item->kind != PIF_YAML_SCALAR)
            return NULL;
        g_strv_builder_add(texts, item->text);
    }
    g_auto(GStrv) all = g_strv_builder_end(texts);
    return *all ? g_strjoinv(",", all) : NULL;
}

/* A map as "name=value" texts; check may be NULL. */
static void read_pairs(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       char ***field, gboolean (*check)(const char *pair, GError **error))
{
    g_autoptr(GStrvBuilder) pairs = g_strv_builder_new();
    if (value->kind != PIF_YAML_MAP) {
        pif_key_expect(scope, key, value, "a map");
        return;
    }
    for (unsigned i = 0; i < value->keys->len; i++) {
        const PifYaml *name = g_ptr_array_index(value->keys, i);
        const PifYaml *of_name = g_ptr_array_index(value->values, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = join_texts(of_name);
        g_autofree char *pair = g_strdup_printf("%s=%s", name->text, text);
        if (!text)
            pif_key_refuse(scope, of_name, "'%s' of %s must be a text, or a list of texts",
                           name->text, key->name);
        else if (check && !check(pair, &error))
            pif_key_refuse(scope, of_name, "'%s': %s", name->text, error->message);
        else
            g_strv_builder_add(pairs, pair);
    }
    g_strfreev(*field);
    *field = g_strv_builder_end(pairs);
}

/* Whose it is, the place in farm.yaml says. */
static gboolean check_option(const char *pair, GError **error)
{
    PifDhcpOption option;
    return strchr(pair, ',') && strcspn(pair, ",") < strcspn(pair, "=")
               ? pif_error_set(error, PIF_ERROR_USAGE, "a name of a DHCP option has no comma")
               : pif_dhcp_option_parse(pair, &option, error);
}

void pif_farm_read_dhcp_options(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                                gpointer field)
{
    read_pairs(scope, key, value, field, check_option);
}

static void read_filters(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    read_pairs(scope, key, value, field, NULL);
}

const PifKey pif_netboot_keys[] = {
    {"dhcp", read_dhcp, .offset = offsetof(PifFarm, netboot.dhcp)},
    {"range", read_range},
    {"unknown", read_unknown, .offset = offsetof(PifFarm, netboot.unknown)},
    {"allow", read_clients, .offset = offsetof(PifFarm, netboot.allow)},
    {"deny", read_clients, .offset = offsetof(PifFarm, netboot.deny)},
    {"auth-url", read_url, .offset = offsetof(PifFarm, netboot.auth_url)},
    {"notify", pif_key_read_strings, .offset = offsetof(PifFarm, netboot.notify)},
    {"root", pif_key_read_path, .offset = offsetof(PifFarm, netboot.root)},
    {"map", read_filters, .offset = offsetof(PifFarm, netboot.maps)},
    {"text", read_filters, .offset = offsetof(PifFarm, netboot.texts)},
    {"broadcast", read_clients, .offset = offsetof(PifFarm, netboot.broadcast)},
    {"http", pif_key_read_truth, .offset = offsetof(PifFarm, netboot.has_http)},
    {NULL},
};

static gboolean is_in(const PifFarm *farm, uint32_t address)
{
    return address >= farm->netboot.first && address <= farm->netboot.last;
}

/* The range is for those who have no address of their own. */
void pif_farm_check_netboot(PifFarmDraft *draft)
{
    const PifFarm *farm = draft->farm;
    uint32_t broadcast = pif_subnet_broadcast(farm->lan.network, farm->lan.prefix_length);
    if (!draft->range || farm->lan.prefix_length == 0)
        return;
    if (farm->netboot.first <= farm->lan.host_address || farm->netboot.last >= broadcast)
        pif_diagnostics_add(draft->diagnostics, &draft->range->place,
                            "netboot's range is not within the lan's subnet, behind its first "
                            "address, which is this host's");
    for (unsigned i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_autofree char *address = pif_ipv4_format(node->address);
        if (is_in(farm, node->address))
            pif_diagnostics_add(draft->diagnostics, &draft->range->place,
                                "netboot's range has %s in it, which is node '%s's", address,
                                node->name);
    }
    for (unsigned i = 0; i < farm->switches->len; i++) {
        const PifSwitchSpec *spec = g_ptr_array_index(farm->switches, i);
        g_autofree char *address = pif_ipv4_format(spec->address);
        if (is_in(farm, spec->address))
            pif_diagnostics_add(draft->diagnostics, &draft->range->place,
                                "netboot's range has %s in it, which is switch '%s's", address,
                                spec->name);
    }
}
