// SPDX-License-Identifier: MIT
// Clones: qcow2 overlays on a store's image, one a node, made in milliseconds.
#pragma once

#include "images/store/store.h"

/* Makes path an overlay of image with a virtual size of the next power of two (at least size).
 * Copied from a pristine overlay that qemu-img made once per image and size; synced, and there
 * whole or not at all. EXISTS when path is there. Registers the user in the store. */
gboolean pif_clone_create(PifStore *store, const PifImage *image, const char *path, guint64 size,
                          GError **error);
typedef struct {
    char *base;         /* as of pif_clone_base (backing.h) */
    guint64 size;       /* of the disk, bytes */
    guint64 allocated;  /* on our disk, bytes */
    gboolean is_in_use; /* a program (QEMU) has it open */
} PifCloneInfo;

void pif_clone_info_clear(PifCloneInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifCloneInfo, pif_clone_info_clear)
gboolean pif_clone_read_info(const char *path, PifCloneInfo *ret_info, GError **error);

/* A clone is only as good as the image under it: pif_store_check of that. TRUE where none is, or
 * one that is in no store of ours; one that is gone shows when the clone is opened. */
gboolean pif_clone_check_base(PifStore *store, const char *path, GError **error);

/* BUSY when a program (QEMU) has it locked. */
gboolean pif_clone_check_unused(const char *path, GError **error);

/* The file from (a clone, synced, of the same node) takes the place of path, and its registration
 * with it, in one step. */
gboolean pif_clone_replace(PifStore *store, const char *from, const char *path, GError **error);
/* Removes the clone and its registration. BUSY when a program (QEMU) has it locked; success when it
 * is not there. */
gboolean pif_clone_remove(PifStore *store, const char *path, GError **error);
/* The next power of two, as the SD card of raspi3b wants it. */
guint64 pif_clone_round_size(guint64 size);
