// SPDX-License-Identifier: MIT
// The options of the netboot server as a table.
#include "hw/netboot/server/serve-options.h"

#include "pifarm/base/error.h"

#include <stdint.h>

enum { TFTP_PORT = 69, MAX_TRANSFERS = 4096, MOST_TRANSFERS = 60000 };

static PifServeOptions options = {.tftp_port = TFTP_PORT, .max_transfers = MAX_TRANSFERS};

const char pif_serve_description[] =
    "Serves what Raspberry Pis and others boot from, until it is interrupted. A file is looked "
    "for\n"
    "in DIR/MAC (b8-27-eb-12-34-56), in DIR/SERIAL (0c36778e), then in DIR. Once its ports are "
    "open\n"
    "the server runs as another user, who must be able to read the files, and sees only DIR.\n"
    "\n"
    "What it does, it prints as lines of JSON.\n"
    "\n"
    "  pifarm netboot serve --interface eth1 --root /srv/tftp";

const GOptionEntry *pif_serve_option_entries(void)
{
    static const GOptionEntry entries[] = {
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &options.interface,
         "serve those who ask there (default: everywhere)", "IF"},
        {"root", 'r', 0, G_OPTION_ARG_FILENAME, &options.root, "the folder with the files", "DIR"},
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
    if (!given->root)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "nothing to serve: name a folder with --root DIR");
    if (given->tftp_port < 0 || given->tftp_port > UINT16_MAX)
        return pif_error_set(error, PIF_ERROR_USAGE, "--tftp-port wants 1 to 65535, not %d",
                             given->tftp_port);
    if (given->max_transfers < 1 || given->max_transfers > MOST_TRANSFERS)
        return pif_error_set(error, PIF_ERROR_USAGE, "--max-transfers wants 1 to %d, not %d",
                             MOST_TRANSFERS, given->max_transfers);
    return TRUE;
}
