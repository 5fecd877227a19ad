// SPDX-License-Identifier: MIT
// The bytes of a raw disk: written sparse, hashed, and held to a size while they pass.
#pragma once

#include <glib.h>

/* Callers hand over the disk in blocks of this size (the last may be shorter). */
enum { PIF_DISK_BLOCK = 1024 * 1024 };

/* What the bytes of a disk came to. */
typedef struct {
    char *sha256;
    guint64 size;
} PifDisk;

void pif_disk_clear(PifDisk *disk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifDisk, pif_disk_clear)

/* Whether a disk that begins with these bytes has an MBR (a GPT comes with one). */
gboolean pif_disk_has_boot_signature(const void *head, gsize size);

/* USAGE when a disk of that size is larger than allowed. */
gboolean pif_disk_check_size(guint64 size, guint64 max_size, GError **error);
/* What to tell when writing a disk failed with errno err: a full file system has its own words. */
gboolean pif_disk_set_write_error(GError **error, int err);

typedef struct PifDiskWriter PifDiskWriter;

/* fd stays the caller's; -1: the disk is only hashed. A disk larger than max_size is an error. */
PifDiskWriter *pif_disk_writer_new(int fd, guint64 max_size);
void pif_disk_writer_free(PifDiskWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDiskWriter, pif_disk_writer_free)

/* Appends; blocks of zeros become holes. EXTERNAL with what to do when the file system is full,
 * USAGE when the disk grows larger than allowed. */
gboolean pif_disk_writer_add(PifDiskWriter *writer, const void *data, gsize size, GError **error);
gboolean pif_disk_writer_add_zeros(PifDiskWriter *writer, guint64 count, GError **error);

/* Sets the file's length and syncs it. PROTOCOL when the disk is not made of whole sectors. */
gboolean pif_disk_writer_finish(PifDiskWriter *writer, PifDisk *ret_disk, GError **error);

/* Appends all of a raw disk file; its holes are not read. done (may be NULL) is told the position.
 */
typedef void (*PifDiskProgress)(gpointer data, guint64 position);
gboolean pif_disk_writer_add_file(PifDiskWriter *writer, int fd, PifDiskProgress done,
                                  gpointer data, GError **error);

/* Hashes a raw disk file. */
gboolean pif_disk_hash(int fd, PifDisk *ret_disk, GError **error);
