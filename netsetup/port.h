// SPDX-License-Identifier: MIT
// Who has a port: what to add to "address already in use".
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum { PIF_PORT_TCP, PIF_PORT_UDP } PifPortProtocol;

/* The process that listens on that port of this network namespace, as "dnsmasq (pid 812)" or, a
 * farm's daemon, as "farm 'lab' (pifarmd, pid 812)"; NULL
 * when there is none, or when /proc does not tell us. Free it. */
char *pif_port_find_owner(PifPortProtocol protocol, uint16_t port);
