// SPDX-License-Identifier: MIT
// Asks HTTP servers by way of another process, pifarm-netboot-ask, and never waits for it.
#pragma once

#include "hw/netboot/ask/ask-packet.h"
#include "hw/netboot/loop/loop.h"

typedef struct {
    char **targets;   /* "get:URL" and "post:URL"; their order is their number */
    const char *user; /* it runs as; taken as root only */
    unsigned timeout_ms;
    void (*on_answer)(const PifAskAnswer *answer, gpointer data);
    void (*on_gone)(gpointer data); /* the process is no more */
    gpointer data;
} PifAskerConfig;

typedef struct PifAsker PifAsker;

/* Starts the process; it ends when the asker does. */
PifAsker *pif_asker_new(PifLoop *loop, const PifAskerConfig *config, GError **error);
void pif_asker_free(PifAsker *asker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifAsker, pif_asker_free)

/* False when too much is being asked already. */
bool pif_asker_ask(const PifAsker *asker, const PifAskQuestion *question);
