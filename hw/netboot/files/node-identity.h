// SPDX-License-Identifier: MIT
// What is known of the node that asks for a file.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PIF_NODE_NAME_SIZE = 64 };

typedef struct {
    bool has_mac;
    bool has_serial;
    bool has_lease; /* from us */
    uint8_t mac[6];
    uint32_t serial;
    char name[PIF_NODE_NAME_SIZE]; /* in the farm; "" when it is not known */
} PifNodeIdentity;
