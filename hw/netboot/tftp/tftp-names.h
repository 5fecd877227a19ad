// SPDX-License-Identifier: MIT
// Where below the root a client's file may lie: its own tree first, then the one for all.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIF_TFTP_MAX_NAMES = 4, PIF_TFTP_NAME_SIZE = 600 };

/* What is known of who asks. */
typedef struct {
    bool has_mac;
    bool has_serial;
    uint8_t mac[6];
    uint32_t serial;
} PifTftpIdentity;

typedef struct {
    unsigned count;
    char names[PIF_TFTP_MAX_NAMES][PIF_TFTP_NAME_SIZE];
} PifTftpNames;

/* Names to try, the first that exists wins:
 *
 *     b8-27-eb-12-34-56/FILE   the tree of the client's MAC
 *     0c36778e/FILE            the tree of its serial, which the ROM only names once it has found
 *                              start.elf there (NETBOOT.md 1.5)
 *     as asked
 *     FILE                     as asked, without a serial in front: files that all nodes share
 *
 * Slashes at the beginning are taken off. count is 0 for an empty name. */
void pif_tftp_names_make(const char *asked, const PifTftpIdentity *identity,
                         PifTftpNames *ret_names);
