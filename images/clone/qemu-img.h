// SPDX-License-Identifier: MIT
// The uses of qemu-img on clones.
#pragma once

#include "images/card/ranges.h"

/* Makes path, a file that is there, a qcow2 overlay of size bytes on backing, which is of that
 * format and is not looked at. */
gboolean pif_qemu_img_create(const char *backing, const char *format, guint64 size,
                             const char *path, GError **error);
/* Copies the disk in the qcow2 file from, with what is under it, into the file to (which keeps its
 * mode), sparse. format: "raw" or "qcow2". BUSY when QEMU has it open, EXTERNAL with what to do
 * when there is no room. */
gboolean pif_qemu_img_convert(const char *from, const char *format, const char *to, GError **error);
/* EXTERNAL when the qcow2 file has errors. */
gboolean pif_qemu_img_check(const char *path, GError **error);
/* GArray of PifRange, normalized: what of the disk is in the qcow2 file itself and not in what is
 * under it. is_in_use: QEMU may have it open, and more comes to be in it meanwhile. */
GArray *pif_qemu_img_map(const char *path, gboolean is_in_use, GError **error);
