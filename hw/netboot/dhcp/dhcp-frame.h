// SPDX-License-Identifier: MIT
// A UDP datagram as an Ethernet frame, for clients that have no address the kernel could send to.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t from_mac[6];
    uint8_t to_mac[6];
    uint32_t from; /* host order */
    uint32_t to;
    uint16_t from_port;
    uint16_t to_port;
} PifFramePath;

enum { PIF_FRAME_HEADS = 14 + 20 + 8 };

/* Size of the frame; 0 when it does not fit in room. */
size_t pif_frame_format(const PifFramePath *path, const void *payload, size_t size, void *buffer,
                        size_t room);

/* The payload within bytes, and where it comes from and goes to; NULL when it is no whole UDP
 * datagram of IPv4. Checksums are not looked at. */
const uint8_t *pif_frame_parse(const void *bytes, size_t size, PifFramePath *ret_path,
                               size_t *ret_size);

/* A frame that means nothing to who gets it (Wake-on-LAN's). */
size_t pif_frame_format_nudge(const PifFramePath *path, void *buffer, size_t room);
