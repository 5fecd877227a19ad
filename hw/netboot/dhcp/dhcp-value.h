// SPDX-License-Identifier: MIT
// Values of DHCP options as people write them.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum {
    PIF_DHCP_VALUE_ANY, /* addresses, or text */
    PIF_DHCP_VALUE_ADDRESS,
    PIF_DHCP_VALUE_ADDRESSES, /* with commas between them */
    PIF_DHCP_VALUE_TEXT,
    PIF_DHCP_VALUE_BOOLEAN, /* 1 or 0 */
    PIF_DHCP_VALUE_U8,
    PIF_DHCP_VALUE_U16,
    PIF_DHCP_VALUE_U32,
    PIF_DHCP_VALUE_S32,
    PIF_DHCP_VALUE_NAMES,  /* domains: "lab,example.org" (RFC 1035, section 3.1) */
    PIF_DHCP_VALUE_ROUTES, /* "10.8.0.0/16,10.77.0.9,..." (RFC 3442) */
} PifDhcpValueType;

/* "0x..." are bytes for any type. bytes has room for 255. USAGE when it is no such value. */
gboolean pif_dhcp_value_parse(PifDhcpValueType type, const char *text, uint8_t *bytes,
                              uint8_t *ret_size, GError **error);

/* "10.77.0.1" in host order. */
gboolean pif_dhcp_address_parse(const char *text, uint32_t *ret_address);
