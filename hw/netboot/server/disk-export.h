// SPDX-License-Identifier: MIT
// qcow2 disks as raw ones, by qemu-storage-daemon and FUSE.
#pragma once

#include <glib.h>

/* A descriptor of the disk's bytes as its user sees them, read only; -1 on failure. A program gives
 * them as long as this process lives; nothing of it is seen in the file system. The disk must not
 * be written to meanwhile. EXTERNAL or TIMEOUT when that program does not get so far. */
int pif_disk_export_open(const char *path, GError **error);
