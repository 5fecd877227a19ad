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

/* A frame that means nothing to who gets it (Wake-on-LAN's). */
size_t pif_frame_format_nudge(const PifFramePath *path, void *buffer, size_t room);
