// SPDX-License-Identifier: MIT
// ARP, as far as it takes to ask who has an address (RFC 826, 5227).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t mac[6];   /* the sender's */
    uint32_t address; /* the sender's, in host order; 0: it only asks */
} PifArpSender;

/* A probe as a frame from that MAC to all, which changes nobody's tables; 0 when it does not fit.
 */
size_t pif_arp_format_probe(const uint8_t *from_mac, uint32_t address, void *buffer, size_t room);

/* Who sent a frame, request or reply; false when it is no ARP of Ethernet and IPv4. */
bool pif_arp_parse(const void *bytes, size_t size, PifArpSender *ret_sender);
