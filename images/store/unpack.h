// SPDX-License-Identifier: MIT
// From a source file to the one raw disk in it.
#pragma once

#include "images/disk/disk.h"
#include "images/store/source.h"

/* Writes the disk that a .xz, .gz, .zst, .zip or .tar source holds. PROTOCOL when there is none or
 * several, or when the file is damaged. */
gboolean pif_unpack(PifSource *source, PifDiskWriter *writer, GError **error);
