// SPDX-License-Identifier: MIT
// The options of the netboot server as a table.
#include "hw/netboot/server/serve-options.h"

#include "pifarm/base/error.h"

#include <stdint.h>

enum {
    LEASE_TIME_S = 3600,
    LEAST_LEASE_TIME_S = 60,
    TFTP_PORT = 69,
    MAX_TRANSFERS = 4096,
    MOST_TRANSFERS = 60000
};

static PifServeOptions options = {
    .lease_time_s = LEASE_TIME_S, .tftp_port = TFTP_PORT, .max_transfers = MAX_TRANSFERS};

const char pif_serve_description[] =
    "Serves what Raspberry Pis and others boot from, until it is interrupted. A file is looked "
    "for\n"
    "in DIR/MAC (b8-27-eb-12-34-56), in DIR/SERIAL (0c36778e), then in DIR. Once its ports are "
    "open\n"
    "the server runs as another user, who must be able to read the files, and sees only DIR.\n"
    "\n"
    "--dhcp static: addresses for --host only; proxy: from another server, boot options from us.\n"
    "What it does, it prints as lines of JSON.\n"
    "\n"
    "  pifarm netboot serve -i eth1 -r /srv/tftp --dhcp 10.77.0.100-10.77.0.199";

const GOptionEntry *pif_serve_option_entries(void)
{
    static const GOptionEntry entries[] = {
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &options.interface,
         "serve those who ask there (default: everywhere)", "IF"},
        {"root", 'r', 0, G_OPTION_ARG_FILENAME, &options.root, "the folder with the files", "DIR"},
        {"dhcp", 'd', 0, G_OPTION_ARG_STRING, &options.dhcp,
         "give addresses: FIRST-LAST, static or proxy", "RANGE"},
        {"host", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.hosts,
         "an address of its own for a MAC; may be repeated", "MAC=IP"},
        {"router", 0, 0, G_OPTION_ARG_STRING, &options.router, "clients' way out", "IP"},
        {"dns", 0, 0, G_OPTION_ARG_STRING, &options.dns, "clients' name server", "IP"},
        {"domain", 0, 0, G_OPTION_ARG_STRING, &options.domain, "clients' domain", "NAME"},
        {"boot-file", 0, 0, G_OPTION_ARG_STRING, &options.boot_file,
         "what PXE clients other than Pis boot", "FILE"},
        {"lease-time", 0, 0, G_OPTION_ARG_INT, &options.lease_time_s, "in seconds (3600)", "S"},
        {"leases", 0, 0, G_OPTION_ARG_FILENAME, &options.leases, "keep leases there over restarts",
         "FILE"},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &options.user, "run as USER (nobody)", "USER"},
        {"tftp-port", 0, 0, G_OPTION_ARG_INT, &options.tftp_port, "listen there (69)", "PORT"},
        {"max-transfers", 0, 0, G_OPTION_ARG_INT, &options.max_transfers,
         "how many files may be on their way at once (4096)", "COUNT"},
        {"rollover-to-1", 0, 0, G_OPTION_ARG_NONE, &options.rollover_to_1,
         "after block 65535 comes block 1 instead of 0", NULL},
        G_OPTION_ENTRY_NULL};
    return entries;
}

PifServeOptions *pif_serve_options_get(void)
{
    return &options;
}

gboolean pif_serve_options_check(const PifServeOptions *given, GError **error)
{
    if (!given->root && !given->dhcp)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "nothing to serve: name a folder with --root DIR, or addresses with "
                             "--dhcp FIRST-LAST");
    if (given->dhcp && !given->interface)
        return pif_error_set(error, PIF_ERROR_USAGE, "--dhcp wants --interface IF too");
    if (given->lease_time_s < LEAST_LEASE_TIME_S)
        return pif_error_set(error, PIF_ERROR_USAGE, "--lease-time wants %d or more, not %d",
                             LEAST_LEASE_TIME_S, given->lease_time_s);
    if (given->tftp_port < 0 || given->tftp_port > UINT16_MAX)
        return pif_error_set(error, PIF_ERROR_USAGE, "--tftp-port wants 1 to 65535, not %d",
                             given->tftp_port);
    if (given->max_transfers < 1 || given->max_transfers > MOST_TRANSFERS)
        return pif_error_set(error, PIF_ERROR_USAGE, "--max-transfers wants 1 to %d, not %d",
                             MOST_TRANSFERS, given->max_transfers);
    return TRUE;
}
