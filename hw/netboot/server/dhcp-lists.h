// SPDX-License-Identifier: MIT
// Options of the command line that may be repeated, as arrays.
#pragma once

#include "hw/netboot/server/dhcp-setup.h"

/* --allow, --deny and --unknown */
gboolean pif_dhcp_lists_read_access(const PifServeOptions *options, PifDhcpSetup *setup,
                                    GError **error);
/* --option */
gboolean pif_dhcp_lists_read_options(const PifServeOptions *options, PifDhcpSetup *setup,
                                     GError **error);
/* --boot-file */
gboolean pif_dhcp_lists_read_boot_files(const PifServeOptions *options, PifDhcpSetup *setup,
                                        GError **error);
/* --broadcast */
gboolean pif_dhcp_lists_read_broadcast(const PifServeOptions *options, PifDhcpSetup *setup,
                                       GError **error);
