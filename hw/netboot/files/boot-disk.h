// SPDX-License-Identifier: MIT
// The boot partition of a raw disk as a source of files.
#pragma once

#include "hw/netboot/files/source.h"

/* Takes fd, of a disk with an MBR whose first FAT partition is served, or of a FAT alone. It is
 * read anew for each file: what the disk's user writes is served as soon as it is there. PROTOCOL
 * when there is no FAT; name is for that error. */
PifServedSource *pif_boot_disk_new(PifFd *fd, const char *name, GError **error);
