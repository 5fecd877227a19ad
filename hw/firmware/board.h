// SPDX-License-Identifier: MIT
// The board that the firmware finds itself on: all that config.txt can ask about it.
#pragma once

#include <glib.h>

enum { PIF_BOARD_GPIOS = 54 }; /* of the BCM2837 */

/* Revision codes of Raspberry Pi's documentation: new style, type in bits 4 to 11. */
enum {
    PIF_BOARD_3B = 0xa02082,
    PIF_BOARD_3B_PLUS = 0xa020d3,
};

typedef struct {
    guint32 revision;
    guint32 serial; /* row 28 of the OTP */
    guint8 mac[6];
    unsigned memory_mib;
    guint64 gpio_levels;     /* bit n: GPIO n is high */
    const char *edid;        /* name of the monitor, "VSC-TD2220"; NULL: none */
    unsigned partition;      /* asked for by the last `reboot N`; 0: none */
    gboolean is_netboot;     /* what it boots comes over the network */
    gboolean is_tryboot;     /* the last reboot asked for one try */
    const guint8 *seed;      /* 64 random bytes for the kernel, or NULL */
    unsigned boot_partition; /* where config.txt is; set by the boot plan */
} PifBoard;

enum { PIF_BOARD_SEED_SIZE = 64 };

/* A 3 B+ with nothing on its pins and no monitor, after power-on. The MAC follows from the serial
 * number. */
PifBoard pif_board_new(guint32 serial);

/* "5564247d"; USAGE for what is no serial number. */
gboolean pif_board_parse_serial(const char *text, guint32 *ret_serial, GError **error);

/* The type in the revision code: 0x0d is a 3 B+. */
unsigned pif_board_type(const PifBoard *board);
/* Whether [model] ("pi3", "pi3+") is about this board. */
gboolean pif_board_is_model(const PifBoard *board, const char *model);
