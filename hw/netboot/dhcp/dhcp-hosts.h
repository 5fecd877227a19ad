// SPDX-License-Identifier: MIT
// Addresses of those who are known by their client identifier, or by the switch port they sit on.
#pragma once

#include "hw/netboot/dhcp/dhcp-message.h"

#include <glib.h>

typedef struct PifDhcpHosts PifDhcpHosts;

PifDhcpHosts *pif_dhcp_hosts_new(void);
void pif_dhcp_hosts_free(PifDhcpHosts *hosts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpHosts, pif_dhcp_hosts_free)

/* who: "id:IDENTIFIER" (option 61), "port:CIRCUIT" or "port:CIRCUIT@REMOTE" (option 82, as a relay
 * or a switch that snoops adds it), each as text or as bytes, "0x01b827eb12". USAGE when it is none
 * of them, EXISTS when it is named twice. */
gboolean pif_dhcp_hosts_add(PifDhcpHosts *hosts, const char *who, uint32_t address, GError **error);

/* By identifier, else by port and remote, else by port; 0 when it is none of ours. */
uint32_t pif_dhcp_hosts_find(const PifDhcpHosts *hosts, const PifDhcpMessage *message);
