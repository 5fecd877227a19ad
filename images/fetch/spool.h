// SPDX-License-Identifier: MIT
// A pipe into a file.
#pragma once

#include "pifarm/base/progress.h"

/* Reads fd to its end into file, which is there. USAGE when it has more than max_bytes. */
gboolean pif_spool(int fd, const char *file, guint64 max_bytes, PifProgress *progress,
                   GError **error);
