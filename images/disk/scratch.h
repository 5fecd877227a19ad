// SPDX-License-Identifier: MIT
// Short-lived folders that do not outlive their process, even one that is killed.
#pragma once

#include "pifarm/base/fd.h"

/* In the runtime folder, so in memory rather than on a disk: host keys pass through here. Whoever
 * makes one first removes those of dead processes, with what may be mounted in them. */
typedef struct {
    char *folder; /* for us alone (0700) */
    PifFd lock;   /* held as long as we live; of no meaning without a folder */
} PifScratch;

gboolean pif_scratch_make(PifScratch *ret_scratch, GError **error);
/* Removes the folder with all in it. */
void pif_scratch_clear(PifScratch *scratch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifScratch, pif_scratch_clear)

/* Path in the folder. Free it. */
char *pif_scratch_path(const PifScratch *scratch, const char *name);
