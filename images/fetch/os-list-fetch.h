// SPDX-License-Identifier: MIT
// A list with all the lists that it refers to.
#pragma once

#include "images/fetch/os-list.h"
#include "pifarm/base/progress.h"

/* source: a URL or a file. Other lists that it refers to are fetched too: 256 at most, each of 4
 * MiB, in four generations; those named twice once. stall_timeout_s as in PifTransfer; progress may
 * be NULL. */
gboolean pif_os_list_fetch(const char *source, guint stall_timeout_s, PifProgress *progress,
                           PifOsList **ret_list, GError **error);
