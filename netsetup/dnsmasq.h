// SPDX-License-Identifier: MIT
// dnsmasq as the farm's name server on the bridge.
#pragma once

#include "netsetup/state.h"

#include <gio/gio.h>
#include <stdint.h>

typedef struct {
    const char *name;
    uint32_t address; /* host byte order */
} PifNamedHost;

typedef struct {
    const char *farm;
    const char *bridge;
    uint32_t host_address;
    const PifNamedHost *hosts;
    size_t n_hosts;
    gboolean is_router;    /* names beyond the farm are asked of this host's servers */
    const char *directory; /* its own, made if need be (mode 0711): dnsmasq.conf, dnsmasq.log, and
                              .old of the start before */
} PifDnsmasqSpec;

/* The configuration text: pure. Answers on the bridge only, for n1 and n1.<farm>, nothing read from
 * the host's own dnsmasq configuration. Free it. */
char *pif_dnsmasq_config(const PifDnsmasqSpec *spec);

/* Writes the configuration and starts dnsmasq, unprivileged, as a child that dies with us. Returns
 * when it answers. Fails with what dnsmasq said; BUSY, with the process's name where /proc tells
 * it, when another server has the bridge's port 53. */
GSubprocess *pif_dnsmasq_start(const PifDnsmasqSpec *spec, GError **error);
