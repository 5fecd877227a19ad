// SPDX-License-Identifier: MIT
// Options that people configure, by name or number, for all clients or some.
#pragma once

#include "hw/netboot/dhcp/dhcp-match.h"

enum { PIF_DHCP_OPTION_ROOM = 255 };

typedef struct {
    PifDhcpMatch match;
    bool is_for_some; /* whom match describes; else for all */
    bool is_forced;   /* also to those who do not ask for it */
    uint8_t code;
    uint8_t size;
    uint8_t bytes[PIF_DHCP_OPTION_ROOM];
} PifDhcpOption;

/* "[WHO,][force:]NAME=VALUE", NAME a name or a number: "ntp-server=10.77.0.1,10.77.0.2",
 * "b8:27:eb,force:224=0x0a0b", "classless-static-route=10.8.0.0/16,10.77.0.9". "0x..." are bytes
 * for any option; one without a name takes addresses or text too. USAGE when it is none of these,
 * or an option that is the server's own business. */
gboolean pif_dhcp_option_parse(const char *text, PifDhcpOption *ret_option, GError **error);

/* For each code the row that describes the client most closely, the last of equals; NULL where
 * there is none. chosen has 256 places. uuid may be NULL. */
void pif_dhcp_options_choose(const PifDhcpOption *options, unsigned n_options, const uint8_t *mac,
                             const uint8_t *uuid, const PifDhcpOption **chosen);
