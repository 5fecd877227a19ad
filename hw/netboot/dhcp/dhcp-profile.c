// SPDX-License-Identifier: MIT
// Boot ROMs told apart by what they say of themselves.
#include "hw/netboot/dhcp/dhcp-decide.h"

#include <string.h>

/* openSUSE's netboot-rpi3b: the 3B hears an answer only when another frame follows; firmware issue
 * 934: and hangs when it is answered too soon. */
static const PifDhcpProfile profile_3b = {"pi-3b", true, 1000, {600, 1200}};
static const PifDhcpProfile profile_3b_plus = {"pi-3b-plus", true, 0, {0, 0}};
static const PifDhcpProfile profile_pxe = {"pxe", false, 0, {0, 0}};
static const PifDhcpProfile profile_other = {NULL, false, 0, {0, 0}};

/* RFC 4578, section 2.3: a type, which is 0, and the UUID. */
const uint8_t *pif_dhcp_uuid_of(const PifDhcpMessage *message)
{
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(message, PIF_DHCP_UUID, &size);
    return bytes && size == 1 + PIF_DHCP_UUID_SIZE && bytes[0] == 0 ? bytes + 1 : NULL;
}

/* Four times the same four bytes (NETBOOT.md 1.1). */
static const uint8_t *pi_uuid(const PifDhcpMessage *message)
{
    const uint8_t *uuid = pif_dhcp_uuid_of(message);
    return uuid && memcmp(uuid, uuid + 4, 12) == 0 ? uuid : NULL;
}

static bool is_pxe(const PifDhcpMessage *message)
{
    static const char prefix[] = "PXEClient";
    size_t size = 0;
    const uint8_t *class = pif_dhcp_get(message, PIF_DHCP_CLASS, &size);
    return class && size >= sizeof prefix - 1 && memcmp(class, prefix, sizeof prefix - 1) == 0;
}

/* The 3B's option 97 is 44 44 44 ..., the same on each. */
static bool is_3b(const uint8_t *uuid)
{
    static const uint8_t all[] = {0x44, 0x44, 0x44, 0x44};
    return memcmp(uuid, all, sizeof all) == 0;
}

const PifDhcpProfile *pif_dhcp_profile_of(const PifDhcpMessage *message)
{
    const uint8_t *uuid = pi_uuid(message);
    if (!is_pxe(message))
        return &profile_other;
    if (!uuid)
        return &profile_pxe;
    return is_3b(uuid) ? &profile_3b : &profile_3b_plus;
}

bool pif_dhcp_serial_of(const PifDhcpMessage *message, uint32_t *ret_serial)
{
    const uint8_t *uuid = pi_uuid(message);
    if (!uuid || is_3b(uuid) || !is_pxe(message))
        return false;
    *ret_serial = (uint32_t)uuid[0] | (uint32_t)uuid[1] << 8 | (uint32_t)uuid[2] << 16 |
                  (uint32_t)uuid[3] << 24;
    return true;
}
