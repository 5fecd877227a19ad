// SPDX-License-Identifier: MIT
// --allow, --deny and --unknown as rules.
#pragma once

#include "hw/netboot/dhcp/dhcp-access.h"
#include "hw/netboot/server/serve-options.h"

/* The rules are to be given back with pif_access_clear(). */
gboolean pif_access_setup(const PifServeOptions *options, PifDhcpAccess *ret_access,
                          GError **error);
void pif_access_clear(PifDhcpAccess *access);
