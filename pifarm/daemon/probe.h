// SPDX-License-Identifier: MIT
// Finds out when a node's SSH server answers.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct PifProbe PifProbe;
/* banner: the server's first line, "SSH-2.0-...". */
typedef void (*PifProbeFunc)(const char *banner, gpointer data);

/* Tries address:port until a banner comes, then calls on_banner once. Both in host byte order. */
PifProbe *pif_probe_start(uint32_t address, uint16_t port, PifProbeFunc on_banner, gpointer data);
void pif_probe_free(PifProbe *probe);
