// SPDX-License-Identifier: MIT
// Own files, and blocks between two comments in others', of which the first keeps what was there.
#include "images/card/static-address.h"

#include <string.h>

static const char first_line[] = "# pifarm:";
static const char last_line[] = "# pifarm: end\n";
static const char dhcp_line[] = "^[ \\t]*iface[ \\t]+(?!lo\\b)(\\S+)[ \\t]+inet[ \\t]+dhcp[ \\t]*$";

char *pif_static_address_edit_keyfile(const char *before, const PifStaticAddress *address)
{
    (void)before;
    if (!address)
        return NULL;
    return g_strdup_printf("[connection]\nid=pifarm-lan\ntype=ethernet\nautoconnect-priority=100\n"
                           "\n[ethernet]\nmac-address=%s\n"
                           "\n[ipv4]\nmethod=manual\naddress1=%s,%s\ndns=%s;\n"
                           "\n[ipv6]\nmethod=auto\n",
                           address->mac, address->address, address->gateway, address->gateway);
}

char *pif_static_address_edit_network(const char *before, const PifStaticAddress *address)
{
    (void)before;
    if (!address)
        return NULL;
    return g_strdup_printf("[Match]\nMACAddress=%s\n\n[Network]\nAddress=%s\nGateway=%s\nDNS=%s\n",
                           address->mac, address->address, address->gateway, address->gateway);
}

/* The text as it was before us. Free it; NULL of NULL. */
static char *take_block_out(const char *text)
{
    static const char pattern[] = "^# pifarm:(?: (.*))?\\n(?s:.*?)^# pifarm: end\\n";
    if (!text)
        return NULL;
    GString *result = g_string_new(NULL);
    g_autoptr(GRegex) regex =
        g_regex_new(pattern, G_REGEX_RAW | G_REGEX_MULTILINE, G_REGEX_MATCH_DEFAULT, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    int position = 0;
    g_regex_match(regex, text, G_REGEX_MATCH_DEFAULT, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        int start = 0, end = 0;
        g_autofree char *kept = g_match_info_fetch(match, 1);
        g_match_info_fetch_pos(match, 0, &start, &end);
        g_string_append_len(result, text + position, start - position);
        if (kept && *kept)
            g_string_append_printf(result, "%s\n", kept);
        position = end;
    }
    g_string_append(result, text + position);
    return g_string_free(result, FALSE);
}

/* Without us, a file that had nothing else in it was not there. Takes text. */
static char *end_edit(const char *before, char *text)
{
    if (text && !*text && *before)
        g_clear_pointer(&text, g_free);
    return text;
}

static void append_block(GString *text, const char *block)
{
    if (text->len && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    g_string_append_printf(text, "%s\n%s%s", first_line, block, last_line);
}

static char *format_stanza(const char *interface, const PifStaticAddress *address)
{
    return g_strdup_printf("iface %s inet static\n    address %s\n    gateway %s\n"
                           "    dns-nameservers %s\n",
                           interface, address->address, address->gateway, address->gateway);
}

static GMatchInfo *find_dhcp(const char *interfaces)
{
    GMatchInfo *match = NULL;
    g_autoptr(GRegex) regex =
        g_regex_new(dhcp_line, G_REGEX_RAW | G_REGEX_MULTILINE, G_REGEX_MATCH_DEFAULT, NULL);
    g_regex_match(regex, interfaces ? interfaces : "", G_REGEX_MATCH_DEFAULT, &match);
    return match;
}

gboolean pif_static_address_is_dhcp(const char *interfaces)
{
    g_autofree char *text = take_block_out(interfaces);
    g_autoptr(GMatchInfo) match = find_dhcp(text);
    return g_match_info_matches(match);
}

char *pif_static_address_edit_interfaces(const char *before, const PifStaticAddress *address)
{
    char *text = take_block_out(before);
    if (!address)
        return end_edit(before, text);
    g_autoptr(GMatchInfo) match = find_dhcp(text);
    g_autofree char *interface =
        g_match_info_matches(match) ? g_match_info_fetch(match, 1) : g_strdup("eth0");
    g_autofree char *stanza = format_stanza(interface, address);
    GString *edited = g_string_new(text);
    if (g_match_info_matches(match)) {
        int start = 0, end = 0;
        g_autofree char *line = g_match_info_fetch(match, 0);
        g_autofree char *block =
            g_strdup_printf("%s %s\n%s%s", first_line, line, stanza, last_line);
        g_match_info_fetch_pos(match, 0, &start, &end);
        g_string_erase(edited, start, end - start + (edited->str[end] == '\n'));
        g_string_insert(edited, start, block);
    } else {
        g_autofree char *block = g_strdup_printf("auto %s\n%s", interface, stanza);
        append_block(edited, block);
    }
    g_match_info_free(g_steal_pointer(&match)); /* it reads text */
    g_free(text);
    return g_string_free(edited, FALSE);
}

char *pif_static_address_edit_dhcpcd(const char *before, const PifStaticAddress *address)
{
    char *text = take_block_out(before);
    if (!address)
        return end_edit(before, text);
    g_autofree char *block = g_strdup_printf("interface eth0\nstatic ip_address=%s\n"
                                             "static routers=%s\nstatic domain_name_servers=%s\n",
                                             address->address, address->gateway, address->gateway);
    GString *edited = g_string_new(text);
    append_block(edited, block);
    g_free(text);
    return g_string_free(edited, FALSE);
}
