// SPDX-License-Identifier: MIT
// What can be wrong with a node's cable, as words: "loss=5% delay=20ms±5ms rate=1mbit dup=1% down".
#pragma once

#include <glib.h>
#include <stdint.h>

enum { PIF_FAULT_ALL = 1000000 }; /* of so many frames: a share is counted in parts per million */

/* Frames in both directions meet it. */
typedef struct {
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;
    uint32_t delay_us;
    uint32_t jitter_us;  /* the delay is within so much of delay_us */
    uint64_t rate_bit_s; /* 0: no limit */
    gboolean is_down;    /* unplugged */
} PifFault;

/* Takes one word in; "up" takes "down" back. USAGE names the word and what it may be. */
gboolean pif_fault_add(PifFault *fault, const char *word, GError **error);
/* Words with blanks between them; "" is no fault. */
gboolean pif_fault_parse(const char *text, PifFault *ret_fault, GError **error);
/* Whether it is meant as one of the words: "loss=x", "down". A node's name is none. */
gboolean pif_fault_is_word(const char *word);

/* The words again, each value in its plainest form; "": no fault. Free it. */
char *pif_fault_format(const PifFault *fault);

/* Sets what is wrong with the cable of that node, instead of what was before; in a kernel's terms,
 * queues on the node's TAP, and for what comes from the node on a link of kind ifb beside it. A
 * node without a TAP, that is one that is off, is left alone. EXTERNAL when the kernel has no such
 * queues; then nothing is wrong with the cable. */
gboolean pif_net_set_fault(const char *farm, const char *node, const PifFault *fault,
                           GError **error);
