// SPDX-License-Identifier: MIT
// Where served files come from; who asks for one does not care which kind it is.
#pragma once

#include "hw/netboot/files/served-file.h"

typedef struct PifServedSource PifServedSource;

/* The first member of each kind. */
struct PifServedSource {
    /* The file of that name, NULL with NOT_FOUND, with BUSY when it is on its way here, or with
     * DENIED when it is not for us: unreadable, no regular file, or outside by ".." or a link. */
    PifServedFile *(*get)(PifServedSource *source, const char *name, GError **error);
    void (*free)(PifServedSource *source);
};

static inline void pif_served_source_free(PifServedSource *source)
{
    if (source)
        source->free(source);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifServedSource, pif_served_source_free)

/* A folder; its files must have been released before it is freed. */
PifServedSource *pif_served_folder_open(const char *path, GError **error);
