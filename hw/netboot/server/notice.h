// SPDX-License-Identifier: MIT
// What others are told of a client, in pybootd's words and as JSON.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"

/* "BOOT": a boot ROM has an address; "LEASE": a system has; "RELEASE": it gave it back. NULL: not
 * worth telling. */
const char *pif_notice_name(const PifDhcpReply *reply);

/* "BOOT,7D246455-...,B8:27:EB:64:24:7D,10.77.0.11", without the UUID where there is none. Free it.
 */
char *pif_notice_format_line(const char *name, const PifDhcpReply *reply);
/* {"event": "BOOT", "mac": ..., "uuid": ..., "serial": ..., "address": ..., "hostname": ...}. Free
 * it. */
char *pif_notice_format_json(const char *name, const PifDhcpReply *reply);
