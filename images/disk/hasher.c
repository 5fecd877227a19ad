// SPDX-License-Identifier: MIT
// A thread, though we have hardly any: an image's hash takes as long as all else that makes one,
// and a child process would have to be sent the bytes. It shares nothing but two queues.
#include "images/disk/hasher.h"

#include "images/disk/sha256.h"

#include <string.h>

enum {
    PIECES = 4,
    PIECE_SIZE = 1024 * 1024, /* PIF_DISK_BLOCK: what callers add */
};

/* Zeros, then bytes; neither: the end. */
typedef struct {
    guint64 zeros;
    gsize size;
    guint8 *bytes;
} Piece;

struct PifHasher {
    GAsyncQueue *empty; /* Piece*, for the caller */
    GAsyncQueue *full;  /* Piece*, for the thread */
    GThread *thread;    /* NULL: it has ended */
    PifSha256 hash;     /* the thread's, as long as there is one */
    Piece pieces[PIECES];
};

static gpointer hash_pieces(gpointer data)
{
    PifHasher *hasher = data;
    for (;;) {
        Piece *piece = g_async_queue_pop(hasher->full);
        if (!piece->zeros && !piece->size)
            return NULL;
        pif_sha256_add_zeros(&hasher->hash, piece->zeros);
        pif_sha256_add(&hasher->hash, piece->bytes, piece->size);
        g_async_queue_push(hasher->empty, piece);
    }
}

PifHasher *pif_hasher_new(void)
{
    PifHasher *hasher = g_new0(PifHasher, 1);
    hasher->empty = g_async_queue_new();
    hasher->full = g_async_queue_new();
    pif_sha256_init(&hasher->hash);
    for (int i = 0; i < PIECES; i++) {
        hasher->pieces[i].bytes = g_malloc(PIECE_SIZE);
        g_async_queue_push(hasher->empty, &hasher->pieces[i]);
    }
    hasher->thread = g_thread_new("hasher", hash_pieces, hasher);
    return hasher;
}

static void push(PifHasher *hasher, guint64 zeros, const void *data, gsize size)
{
    Piece *piece = g_async_queue_pop(hasher->empty);
    piece->zeros = zeros;
    piece->size = size;
    if (size)
        memcpy(piece->bytes, data, size);
    g_async_queue_push(hasher->full, piece);
}

static void end_thread(PifHasher *hasher)
{
    if (!hasher->thread)
        return;
    push(hasher, 0, NULL, 0);
    g_thread_join(hasher->thread);
    hasher->thread = NULL;
}

void pif_hasher_free(PifHasher *hasher)
{
    if (!hasher)
        return;
    end_thread(hasher);
    g_async_queue_unref(hasher->empty);
    g_async_queue_unref(hasher->full);
    for (int i = 0; i < PIECES; i++)
        g_free(hasher->pieces[i].bytes);
    g_free(hasher);
}

void pif_hasher_add(PifHasher *hasher, const void *data, gsize size)
{
    const guint8 *bytes = data;
    while (size > 0) {
        gsize part = MIN(size, (gsize)PIECE_SIZE);
        push(hasher, 0, bytes, part);
        bytes += part;
        size -= part;
    }
}

void pif_hasher_add_zeros(PifHasher *hasher, guint64 count)
{
    if (count)
        push(hasher, count, NULL, 0);
}

char *pif_hasher_finish(PifHasher *hasher)
{
    end_thread(hasher);
    return pif_sha256_finish(&hasher->hash);
}
