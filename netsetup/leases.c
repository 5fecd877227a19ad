// SPDX-License-Identifier: MIT
// dnsmasq's file of leases: a line each, "<expires> <MAC> <address> <name or *> <client ID or *>".
#include "netsetup/dnsmasq.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <arpa/inet.h>
#include <stdio.h>

static void lease_clear(gpointer data)
{
    PifLease *lease = data;
    g_free(lease->name);
}

static gboolean parse_mac(const char *text, uint8_t mac[PIF_MAC_SIZE])
{
    int end = 0;
    return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
                  &mac[4], &mac[5], &end) == PIF_MAC_SIZE &&
           text[end] == '\0';
}

/* False for what is no lease of ours: a DHCPv6 identifier, a line cut short. */
static gboolean parse_lease(const char *line, PifLease *ret_lease)
{
    PifLease lease = {0};
    struct in_addr address;
    g_auto(GStrv) fields = g_strsplit(line, " ", -1);
    if (g_strv_length(fields) < 5 ||
        !g_ascii_string_to_signed(fields[0], 10, 0, G_MAXINT64, &lease.expires_s, NULL) ||
        !parse_mac(fields[1], lease.mac) || inet_pton(AF_INET, fields[2], &address) != 1)
        return FALSE;
    lease.address = ntohl(address.s_addr);
    lease.name = g_strdup(g_str_equal(fields[3], "*") ? "" : fields[3]);
    *ret_lease = lease;
    return TRUE;
}

GArray *pif_dnsmasq_parse_leases(const char *text)
{
    GArray *leases = g_array_new(FALSE, FALSE, sizeof(PifLease));
    g_array_set_clear_func(leases, lease_clear);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] && lines[i + 1]; i++) { /* what follows the last newline is cut */
        PifLease lease;
        if (parse_lease(lines[i], &lease))
            g_array_append_val(leases, lease);
    }
    return leases;
}

char *pif_dnsmasq_leases_path(const char *directory)
{
    return g_build_filename(directory, "dnsmasq.leases", NULL);
}

GArray *pif_dnsmasq_read_leases(const char *directory, GError **error)
{
    enum { MAX_SIZE = 1 << 20 };
    g_autoptr(GError) failure = NULL;
    g_autofree char *path = pif_dnsmasq_leases_path(directory);
    g_autofree char *text = NULL;
    if (pif_file_read(path, MAX_SIZE, &text, NULL, &failure))
        return pif_dnsmasq_parse_leases(text);
    if (g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND))
        return pif_dnsmasq_parse_leases("");
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}
