// SPDX-License-Identifier: MIT
// dnsmasq as the farm's address and name server on the bridge, until the project's own netboot
// server takes DHCP over.
#pragma once

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
    const char *directory; /* for dnsmasq.conf, dnsmasq.leases, dnsmasq.log */
} PifDnsmasqSpec;

/* The configuration text: pure. Static addresses only, answers on the bridge only, DNS for n1 and
 * n1.<farm>, nothing read from the host's own dnsmasq configuration. Free it. */
char *pif_dnsmasq_config(const PifDnsmasqSpec *spec);

/* Writes the configuration and starts dnsmasq as a child that dies with us, returning when it
 * answers. */
GSubprocess *pif_dnsmasq_start(const PifDnsmasqSpec *spec, GError **error);
