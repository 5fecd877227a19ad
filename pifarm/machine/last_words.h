// SPDX-License-Identifier: MIT
// What QEMU and guests wrote last, made out of their logs.
#pragma once

#include "pifarm/machine/hypervisor.h"

/* The last max_size bytes of a file at most, as valid UTF-8; empty when it cannot be read. Free it.
 */
char *pif_read_tail(const char *path, gsize max_size);

/* Lines of QEMU's standard error in one line, without time stamps and what is said at every start.
 * Free it. */
char *pif_qemu_words(const char *text);
