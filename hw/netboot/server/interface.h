// SPDX-License-Identifier: MIT
// What the server has to know of the network interface it serves.
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <stdint.h>

typedef struct {
    char name[16];
    int index;
    uint32_t mtu;
    uint8_t mac[6];
    struct in_addr address; /* 0.0.0.0: it has none */
    struct in_addr netmask;
} PifInterface;

gboolean pif_interface_read(const char *name, PifInterface *ret_interface, GError **error);

/* The MAC that the kernel has for a neighbour on the interface; fd is any UDP socket. */
gboolean pif_interface_find_mac(const char *name, int fd, struct in_addr address, uint8_t *ret_mac);
