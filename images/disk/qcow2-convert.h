// SPDX-License-Identifier: MIT
// From a qcow2 file to the raw disk in it.
#pragma once

#include "images/disk/qcow2.h"

/* Writes the disk into the file at path, sparse. fd: the qcow2 file, header: what it begins with.
 * PROTOCOL when it is damaged, encrypted or needs other files, USAGE when its disk is larger than
 * max_size. */
gboolean pif_qcow2_convert(int fd, const PifQcow2Header *header, const char *path, guint64 max_size,
                           GError **error);
