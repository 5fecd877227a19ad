// SPDX-License-Identifier: MIT
// The DHCP options of the command line as a configuration and a pool.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/server/interface.h"
#include "hw/netboot/server/serve-options.h"

/* The configuration's strings are those of the options. */
gboolean pif_dhcp_setup(const PifServeOptions *options, const PifInterface *interface,
                        PifDhcpConfig *ret_config, PifDhcpPool **ret_pool, GError **error);
