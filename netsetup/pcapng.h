// SPDX-License-Identifier: MIT
// The file format of captures that Wireshark reads (draft-ietf-opsawg-pcapng): pure.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
    gint64 time_ns;       /* since 1970 */
    gboolean is_outbound; /* to the link, rather than from it */
    const uint8_t *bytes;
    uint32_t size;     /* of bytes */
    uint32_t original; /* as long as the frame was; at least size */
} PifFrame;

/* Appends what a file begins with: one section, in little-endian order, with one Ethernet link. */
void pif_pcapng_append_heading(GByteArray *file, const char *link);
void pif_pcapng_append_frame(GByteArray *file, const PifFrame *frame);
