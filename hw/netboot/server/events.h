// SPDX-License-Identifier: MIT
// What the server did, as lines of JSON on standard output.
#pragma once

#include "hw/netboot/dhcp/dhcp-server.h"
#include "hw/netboot/http/http-server.h"
#include "hw/netboot/tftp/tftp-server.h"

#include <jansson.h>

/* Where lines go, and how many could not: a reader that is slow must not hold the server up. */
typedef struct {
    int fd;
    guint64 n_lost;
} PifEventLog;

/* Writes {"time": ..., "service": service, "event": event, ...fields}; takes fields. */
void pif_event_log_write(PifEventLog *log, const char *service, const char *event, json_t *fields);

void pif_event_log_dhcp(PifEventLog *log, const PifDhcpReply *reply);
void pif_event_log_dhcp_notice(PifEventLog *log, const PifDhcpNotice *notice);
void pif_event_log_tftp(PifEventLog *log, const PifTftpEvent *event);
void pif_event_log_http(PifEventLog *log, const PifHttpEvent *event);

/* A string of any bytes, what is no text in it replaced. */
json_t *pif_event_text(const char *bytes);
/* "b8:27:eb:12:34:56" */
json_t *pif_event_mac(const uint8_t *mac);
/* "10.77.0.11"; in network order. */
json_t *pif_event_address(uint32_t address);
