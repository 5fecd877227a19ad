// SPDX-License-Identifier: MIT
// A client of a node's access point: this process, in a network of its own that goes with it.
#pragma once

#include <glib.h>
#include <stdint.h>

enum { PIF_CLIENT_MAX_DNS = 3 }; /* resolv.conf(5): more are ignored */

/* What a client needs besides its link; addresses in host byte order. */
typedef struct {
    uint32_t address;
    unsigned prefix_length;
    uint32_t gateway; /* 0: none */
    uint32_t dns[PIF_CLIENT_MAX_DNS];
    size_t n_dns;
} PifClientLease;

#define PIF_CLIENT_LINK "wlan0"

/* The farm's TAP for that node's access point. NOT_FOUND when the farm's network is down, or the
 * node is off. Free it. */
char *pif_client_find_tap(const char *farm, const char *node, GError **error);

/* From here on this process, which has one thread, and what it starts are in a network namespace of
 * their own with lo and PIF_CLIENT_LINK, which is up and has no address yet. The link is one of
 * many that the TAP may have; the kernel removes it with the last process of the namespace, however
 * that ends. DENIED without CAP_NET_ADMIN and CAP_SYS_ADMIN. */
gboolean pif_client_enter(const char *tap, GError **error);

/* Then: the address, the default route, and a resolv.conf(5) that only we see. */
gboolean pif_client_configure(const PifClientLease *lease, GError **error);
