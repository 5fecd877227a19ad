// SPDX-License-Identifier: MIT
// dnsmasq as the farm's address and name server on the bridge, until the project's own netboot
// server takes DHCP over.
#pragma once

#include "netsetup/state.h"

#include <gio/gio.h>
#include <stdint.h>

typedef struct {
    const char *name;   /* host name */
    const uint8_t *mac; /* 6 bytes */
    uint32_t address;   /* host byte order */
} PifLeaseHost;

typedef struct {
    const char *farm;
    const char *bridge;
    uint32_t host_address;
    uint32_t network;
    unsigned prefix_length;
    const PifLeaseHost *hosts;
    size_t n_hosts;
    gboolean is_router;    /* nodes' default route, and names beyond the farm, go by this host */
    const char *directory; /* its own, made if need be (mode 0711): dnsmasq.conf, dnsmasq.leases,
                              dnsmasq.log, and .old of the start before */
} PifDnsmasqSpec;

/* The configuration text: pure. Static addresses only, answers on the bridge only, DNS for n1 and
 * n1.<farm>, nothing read from the host's own dnsmasq configuration. Free it. */
char *pif_dnsmasq_config(const PifDnsmasqSpec *spec);

/* Writes the configuration and starts dnsmasq, unprivileged, as a child that dies with us. Returns
 * when it answers. Fails with what dnsmasq said; BUSY, with the process's name where /proc tells
 * it, when another server has the bridge's port 53 or 67. */
GSubprocess *pif_dnsmasq_start(const PifDnsmasqSpec *spec, GError **error);

/* An address that dnsmasq has given out. */
typedef struct {
    uint8_t mac[PIF_MAC_SIZE];
    uint32_t address; /* host byte order */
    gint64 expires_s; /* seconds since 1970; 0: never */
    char *name;       /* "": none */
} PifLease;

/* Reads the leases in <directory>/dnsmasq.leases: an array of PifLease, empty when there is no such
 * file yet. dnsmasq writes the file anew in place when it has answered a node: watch
 * pif_dnsmasq_leases_path() with g_file_monitor_file(), and read again at each change. A line that
 * is only half written is left out, as the change that completes it is still to come. Free it. */
GArray *pif_dnsmasq_read_leases(const char *directory, GError **error);

/* The same from the file's text: pure. */
GArray *pif_dnsmasq_parse_leases(const char *text);

/* Free it. */
char *pif_dnsmasq_leases_path(const char *directory);
