// SPDX-License-Identifier: MIT
// The disk that a flash writes: what was named, or that with a node's identity, or grown to the
// card.
#pragma once

#include "images/clone/overlay.h"
#include "images/store/clone-lock.h"
#include "pifarm/model/farm.h"

typedef struct {
    const PifFarm *farm; /* of node */
    const PifNode *node; /* whose card it becomes; NULL: identity stays */
    guint64 grown_size;  /* bytes of the card to grow to; 0: not */
} PifFlashChanges;

typedef struct {
    char *path;         /* of the disk */
    guint64 whole;      /* from here on only what file systems use matters */
    PifOverlay overlay; /* on the disk that was named, which stays as it is */
    PifCloneLock lock;  /* so that the node gets no other card meanwhile */
    char *key_path;     /* where known_hosts finds a node's host key; NULL: identity stayed */
    char *key;
} PifFlashSource;

/* disk: a clone, or a raw image. EXISTS when the node has a card, and so an identity, already.
 * CONFIG when the file systems are not such that it can be done. */
gboolean pif_flash_source_open(PifStore *store, const char *disk, const PifFlashChanges *changes,
                               PifFlashSource *ret_source, GError **error);
/* When the card is written: the node's host key is known from then on. */
gboolean pif_flash_source_record(const PifFlashSource *source, GError **error);
void pif_flash_source_clear(PifFlashSource *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifFlashSource, pif_flash_source_clear)
