// SPDX-License-Identifier: MIT
// The DHCP options of the command line as a configuration and a pool.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/server/interface.h"
#include "hw/netboot/server/serve-options.h"

typedef struct {
    PifDhcpConfig config; /* points into what follows, and into the command line's strings */
    PifDhcpPool *pool;
    PifDhcpHosts *hosts;
    GArray *rules;      /* PifDhcpRule */
    GArray *options;    /* PifDhcpOption */
    GArray *boot_files; /* PifDhcpBootFile */
    GArray *broadcast;  /* PifDhcpMatch */
    PifDhcpAccess access;
} PifDhcpSetup;

/* ret_setup is not to be moved, and to be cleared in any case. */
gboolean pif_dhcp_setup(const PifServeOptions *options, const PifInterface *interface,
                        PifDhcpSetup *ret_setup, GError **error);
void pif_dhcp_setup_clear(PifDhcpSetup *setup);
