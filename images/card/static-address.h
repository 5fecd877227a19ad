// SPDX-License-Identifier: MIT
// A fixed address in the files of each program that configures networks. Pure.
#pragma once

#include <glib.h>

typedef struct {
    const char *address; /* "10.77.0.11/24" */
    const char *gateway; /* of the default route; it answers for names too */
    const char *mac;     /* of the interface */
} PifStaticAddress;

/* Each gives the file's new text from the one before (NULL: there is none), with the address, or
 * (address NULL) without what was put there before. NULL: there is to be no such file. Free it. */
typedef char *(*PifStaticAddressEdit)(const char *before, const PifStaticAddress *address);

/* nm-settings-keyfile(5), systemd.network(5): a file of our own */
char *pif_static_address_edit_keyfile(const char *before, const PifStaticAddress *address);
char *pif_static_address_edit_network(const char *before, const PifStaticAddress *address);
/* interfaces(5): in place of what gets its address by DHCP, else of eth0, which is added */
char *pif_static_address_edit_interfaces(const char *before, const PifStaticAddress *address);
/* dhcpcd.conf(5): behind all else, for eth0 */
char *pif_static_address_edit_dhcpcd(const char *before, const PifStaticAddress *address);

/* Whether an interfaces(5) says, without us, that an interface gets its address by DHCP. */
gboolean pif_static_address_is_dhcp(const char *interfaces);
