// SPDX-License-Identifier: MIT
// Whom the DHCP server asks and tells outside: an HTTP server that says who may boot (pybootd's
// contract), and those who want to hear of boots and leases.
#pragma once

#include "hw/netboot/ask/asker.h"
#include "hw/netboot/dhcp/dhcp-verdict.h"
#include "hw/netboot/server/events.h"
#include "hw/netboot/server/serve-options.h"

typedef struct {
    const PifServeOptions *options;
    PifEventLog *log;
    void (*on_verdict)(uint32_t id, const PifDhcpHearsay *hearsay, gpointer data);
    gpointer data;
} PifOutsideConfig;

typedef struct PifOutside PifOutside;

/* What is wrong with --auth-url and --notify is a USAGE error. */
PifOutside *pif_outside_new(PifLoop *loop, const PifOutsideConfig *config, GError **error);
void pif_outside_free(PifOutside *outside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifOutside, pif_outside_free)

/* False when too many questions are open. */
bool pif_outside_ask(const PifOutside *outside, const PifDhcpQuestion *question);

/* BOOT, LEASE or RELEASE, if it was one. */
void pif_outside_tell(const PifOutside *outside, const PifDhcpReply *reply);
