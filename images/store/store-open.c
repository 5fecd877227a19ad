// SPDX-License-Identifier: MIT
// A store, opened and closed by one of the processes that use it.
#include "images/store/store-private.h"
#include "pifarm/base/file.h"

static PifStore *open_store(const char *directory, gboolean is_swept, GError **error)
{
    g_autoptr(PifStore) store = g_new0(PifStore, 1);
    store->directory = g_canonicalize_filename(directory, NULL);
    store->workplace_lock = -1;
    g_autofree char *temporary = g_build_filename(store->directory, "tmp", NULL);
    g_auto(PifFd) lock = -1;
    if (!pif_dir_make(store->directory, 0755, error) || !pif_dir_make(temporary, 0755, error) ||
        !pif_store_lock(store, TRUE, &lock, error) ||
        (is_swept && !pif_store_sweep(store, error)) || !pif_store_make_workplace(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

PifStore *pif_store_open(const char *directory, GError **error)
{
    return open_store(directory, TRUE, error);
}

PifStore *pif_store_open_as_is(const char *directory, GError **error)
{
    return open_store(directory, FALSE, error);
}

void pif_store_free(PifStore *store)
{
    if (!store)
        return;
    if (store->workplace)
        pif_dir_remove(store->workplace, NULL);
    pif_fd_clear(&store->workplace_lock);
    g_free(store->workplace);
    g_free(store->directory);
    g_free(store);
}
