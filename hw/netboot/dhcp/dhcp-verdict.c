// SPDX-License-Identifier: MIT
// Questions and answers of dhcp-verdict.h as text.
#include "hw/netboot/dhcp/dhcp-verdict.h"

#include <stdio.h>
#include <string.h>

static bool is_hostname(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && *text != '-' && *text != '.')
            return false;
    return true;
}

static bool is_path(const char *text)
{
    for (; *text; text++)
        if (!g_ascii_isgraph(*text) && *text != ' ')
            return false;
    return true;
}

static void take_value(const char *value, bool (*is_valid)(const char *text), char *to, size_t room)
{
    if (*value && strlen(value) < room && is_valid(value))
        g_strlcpy(to, value, room);
}

static void parse_line(char *line, PifDhcpHearsay *hearsay)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return;
    *colon = '\0';
    const char *key = g_strstrip(line);
    const char *value = g_strstrip(colon + 1);
    if (g_ascii_strcasecmp(key, "client") == 0)
        take_value(value, is_hostname, hearsay->hostname, sizeof hearsay->hostname);
    else if (g_ascii_strcasecmp(key, "file") == 0)
        take_value(value, is_path, hearsay->boot_file, sizeof hearsay->boot_file);
}

static PifDhcpVerdictKind kind_of(unsigned status)
{
    if (status >= 200 && status < 300)
        return PIF_DHCP_VERDICT_YES;
    return status >= 400 && status < 500 ? PIF_DHCP_VERDICT_NO : PIF_DHCP_VERDICT_NONE;
}

void pif_dhcp_hearsay_parse(unsigned status, const char *body, PifDhcpHearsay *ret_hearsay)
{
    *ret_hearsay = (PifDhcpHearsay){.kind = kind_of(status)};
    if (ret_hearsay->kind != PIF_DHCP_VERDICT_YES)
        return;
    g_auto(GStrv) lines = g_strsplit(body, "\n", -1);
    for (char **line = lines; *line; line++)
        parse_line(*line, ret_hearsay);
}

PifDhcpVerdict pif_dhcp_hearsay_verdict(const PifDhcpHearsay *hearsay)
{
    static const char *const reasons[] = {
        [PIF_DHCP_VERDICT_YES] = NULL,
        [PIF_DHCP_VERDICT_NO] = "the HTTP server refuses this client",
        [PIF_DHCP_VERDICT_NONE] = "the HTTP server did not say whether this client may"};
    return (PifDhcpVerdict){.is_allowed = hearsay->kind == PIF_DHCP_VERDICT_YES,
                            .is_refused = hearsay->kind == PIF_DHCP_VERDICT_NO,
                            .reason = reasons[hearsay->kind],
                            .hostname = *hearsay->hostname ? hearsay->hostname : NULL,
                            .boot_file = *hearsay->boot_file ? hearsay->boot_file : NULL};
}

void pif_dhcp_mac_format(const uint8_t *mac, char *text)
{
    snprintf(text, PIF_DHCP_MAC_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1], mac[2],
             mac[3], mac[4], mac[5]);
}

void pif_dhcp_uuid_format(const uint8_t *uuid, char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (unsigned i = 0; i < PIF_DHCP_UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *text++ = '-';
        *text++ = digits[uuid[i] >> 4];
        *text++ = digits[uuid[i] & 15];
    }
    *text = '\0';
}

char *pif_dhcp_question_format(const PifDhcpQuestion *question)
{
    char mac[PIF_DHCP_MAC_TEXT];
    char uuid[PIF_DHCP_UUID_TEXT];
    uint32_t address = question->address;
    GString *text = g_string_new(NULL);
    pif_dhcp_mac_format(question->mac, mac);
    pif_dhcp_uuid_format(question->uuid, uuid);
    g_string_printf(text, "mac=%s", mac);
    if (question->has_uuid)
        g_string_append_printf(text, "&uuid=%s", uuid);
    if (address)
        g_string_append_printf(text, "&ip=%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                               address >> 8 & 255, address & 255);
    return g_string_free(text, FALSE);
}
