// SPDX-License-Identifier: MIT
// What lies in the state folder and nothing needs: found, named, and removed piece by piece.
#pragma once

#include "images/store/store.h"
#include "pifarm/model/farm.h"

typedef struct PifGarbage PifGarbage;

/* Removes one piece; what has come into use meanwhile stays. */
typedef gboolean (*PifGarbageRemove)(PifStore *store, const PifGarbage *garbage, GError **error);

struct PifGarbage {
    const char *what; /* "image" */
    char *name;       /* for people */
    char *path;       /* what PifGarbageRemove wants to know */
    guint64 bytes;    /* on our disk */
    PifGarbageRemove remove;
};

typedef struct {
    PifStore *store;     /* opened as it is */
    const PifFarm *farm; /* whose images are kept; NULL: there is none here */
    gboolean all; /* images that people named, and cards of nodes that the farm has no more */
} PifGarbageSearch;

/* Array of PifGarbage*. */
GPtrArray *pif_garbage_find(const PifGarbageSearch *search, GError **error);
