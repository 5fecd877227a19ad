// SPDX-License-Identifier: MIT
// Tables in nft's language. Rules look nodes up in sets, so that sixty nodes cost what one does.
#include "netsetup/ruleset.h"

#include "netsetup/tap.h"
#include "netsetup/wlan.h"

#include <string.h>

void pif_ruleset_free(PifRuleset *ruleset)
{
    if (!ruleset)
        return;
    g_free(ruleset->name);
    g_free(ruleset->text);
    g_free(ruleset->comment);
    g_free(ruleset);
}

char *pif_ruleset_guard_name(const char *farm)
{
    return g_strconcat("bridge pifarm_", farm, NULL);
}

char *pif_ruleset_nat_name(const char *farm)
{
    return g_strconcat("ip pifarm_", farm, NULL);
}

char *pif_ruleset_wlan_name(const char *farm)
{
    return g_strconcat("inet pifarm_", farm, NULL);
}

static PifRuleset *ruleset_new(char *name, const char *body)
{
    enum { DIGEST_LENGTH = 12 };
    PifRuleset *ruleset = g_new0(PifRuleset, 1);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
    ruleset->name = name;
    ruleset->comment = g_strdup_printf("comment \"pifarm %.*s\"", DIGEST_LENGTH, digest);
    ruleset->text = g_strdup_printf("table %s {\n\t%s\n\n%s}\n", name, ruleset->comment, body);
    return ruleset;
}

/* Elements of a set, and how many there are. */
typedef struct {
    GString *text;
    unsigned n;
} Elements;

static void G_GNUC_PRINTF(2, 3) add(Elements *elements, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append(elements->text, elements->n++ ? ",\n\t\t\t     " : "");
    g_string_append_vprintf(elements->text, format, arguments);
    va_end(arguments);
}

static void end_set(GString *body, const char *name, const char *type, Elements *elements)
{
    g_string_append_printf(body, "\tset %s {\n\t\ttype %s\n", name, type);
    if (elements->n)
        g_string_append_printf(body, "\t\telements = { %s }\n", elements->text->str);
    g_string_append(body, "\t}\n\n");
    g_string_free(elements->text, TRUE);
}

static void add_mac(Elements *macs, const char *tap, unsigned first, const uint8_t *mac)
{
    add(macs, "\"%s\" . %02x:%02x:%02x:%02x:%02x:%02x", tap, first, mac[1], mac[2], mac[3], mac[4],
        mac[5]);
}

/* A node without an address asks who has one with 0.0.0.0 (RFC 5227, section 2.1.1). QEMU before
 * 7.2.21 tells the guest of a usb-net a MAC that begins with 40. */
static void add_node(const PifNetNode *node, const char *tap, Elements *taps, Elements *macs,
                     Elements *addresses, Elements *apart)
{
    enum { OLD_QEMU = 0x40 };
    g_autofree char *address = pif_ip_format(node->address);
    add(taps, "\"%s\"", tap);
    add_mac(macs, tap, node->mac[0], node->mac);
    if (node->mac[0] != OLD_QEMU)
        add_mac(macs, tap, OLD_QEMU, node->mac);
    add(addresses, "\"%s\" . 0.0.0.0", tap);
    add(addresses, "\"%s\" . %s", tap, address);
    if (node->is_isolated)
        add(apart, "\"%s\"", tap);
}

static void append_sets(GString *body, const PifNetSpec *spec, const PifNetState *have)
{
    Elements taps = {g_string_new(NULL)}, macs = {g_string_new(NULL)};
    Elements addresses = {g_string_new(NULL)}, apart = {g_string_new(NULL)};
    for (size_t i = 0; i < spec->n_nodes; i++) {
        const PifNetNode *node = &spec->nodes[i];
        g_autofree char *tap = pif_tap_name(have, spec->farm, node->name, node->id);
        add_node(node, tap, &taps, &macs, &addresses, &apart);
    }
    end_set(body, "taps", "ifname", &taps);
    end_set(body, "macs", "ifname . ether_addr", &macs);
    end_set(body, "addresses", "ifname . ipv4_addr", &addresses);
    end_set(body, "apart", "ifname", &apart);
}

/* Ports of servers: DHCP (RFC 2131, section 4.1) and DHCPv6 (RFC 8415, section 7.2). */
static const char guard_chains[] = "\tchain node {\n"
                                   "\t\tiifname . ether saddr != @macs drop\n"
                                   "\t\tiifname . arp saddr ip != @addresses drop\n"
                                   "\t\tudp sport { 67, 547 } drop\n"
                                   "\t\ticmpv6 type nd-router-advert drop\n"
                                   "\t}\n"
                                   "\n"
                                   "\tchain guard {\n"
                                   "\t\ttype filter hook prerouting priority -200; policy accept;\n"
                                   "\t\tiifname @taps jump node\n"
                                   "\t}\n"
                                   "\n";

static const char apart_chain[] = "\tchain apart_from_others {\n"
                                  "\t\ttype filter hook forward priority -200; policy accept;\n"
                                  "\t\tiifname @apart drop\n"
                                  "\t\toifname @apart drop\n"
                                  "\t}\n";

static gboolean has_isolated(const PifNetSpec *spec)
{
    for (size_t i = 0; i < spec->n_nodes; i++)
        if (spec->nodes[i].is_isolated)
            return TRUE;
    return FALSE;
}

PifRuleset *pif_ruleset_guard(const PifNetSpec *spec, const PifNetState *have)
{
    if (!spec->has_guard && !has_isolated(spec))
        return NULL;
    g_autoptr(GString) body = g_string_new(NULL);
    append_sets(body, spec, have);
    if (spec->has_guard)
        g_string_append(body, guard_chains);
    g_string_append(body, apart_chain);
    return ruleset_new(pif_ruleset_guard_name(spec->farm), body->str);
}

/* Before anything of this host sees it: a router advertisement, above all. Clients are in
 * namespaces of their own, where no rule of ours is. */
static const char wlan_chain[] = "\tchain not_for_us {\n"
                                 "\t\ttype filter hook prerouting priority -300; policy accept;\n"
                                 "\t\tiifname @wlans drop\n"
                                 "\t}\n";

PifRuleset *pif_ruleset_wlan(const PifNetSpec *spec, const PifNetState *have)
{
    Elements wlans = {g_string_new(NULL)};
    for (size_t i = 0; i < spec->n_nodes; i++) {
        const PifNetNode *node = &spec->nodes[i];
        g_autofree char *name = pif_wlan_name(have, spec->farm, node->name, node->id);
        if (node->has_wlan)
            add(&wlans, "\"%s\"", name);
    }
    gboolean has_any = wlans.n > 0;
    g_autoptr(GString) body = g_string_new(NULL);
    end_set(body, "wlans", "ifname", &wlans);
    g_string_append(body, wlan_chain);
    return has_any ? ruleset_new(pif_ruleset_wlan_name(spec->farm), body->str) : NULL;
}

PifRuleset *pif_ruleset_nat(const PifNetSpec *spec)
{
    if (!spec->has_nat)
        return NULL;
    PifAddress network = pif_address_network((PifAddress){spec->address, spec->prefix_length});
    g_autofree char *subnet = pif_address_format(network);
    g_autofree char *body =
        g_strdup_printf("\tchain leaving {\n"
                        "\t\ttype nat hook postrouting priority 100; policy accept;\n"
                        "\t\tip saddr %s oifname != \"%s\" masquerade\n"
                        "\t}\n",
                        subnet, spec->bridge);
    return ruleset_new(pif_ruleset_nat_name(spec->farm), body);
}
