// SPDX-License-Identifier: MIT
// The store's folder, what its images are called, and the lock on both.
#include "images/store/store.h"

#include "images/disk/sha256.h"
#include "images/store/store-private.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>
#include <unistd.h>

enum { MAX_NAME_LENGTH = 64 };

void pif_image_free(PifImage *image)
{
    if (!image)
        return;
    g_free(image->sha256);
    g_strfreev(image->names);
    g_free(image->path);
    g_free(image->origin);
    g_free(image->recipe);
    g_free(image);
}

gboolean pif_image_check_name(const char *name, GError **error)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char others[] = "._-";
    size_t length = strlen(name);
    gboolean is_good = length > 0 && length <= MAX_NAME_LENGTH && strchr(letters, name[0]) &&
                       !pif_sha256_is_valid(name);
    for (const char *c = name; *c && is_good; c++)
        is_good = strchr(letters, *c) || strchr(others, *c);
    if (is_good)
        return TRUE;
    g_autofree char *shown = g_strescape(name, NULL);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "'%s' is no name for an image: 1 to %d letters, digits and . _ -, the "
                         "first a letter or digit, and no SHA-256",
                         shown, MAX_NAME_LENGTH);
}

const char *pif_store_directory(const PifStore *store)
{
    return store->directory;
}

gboolean pif_store_lock(PifStore *store, gboolean is_exclusive, PifFd *ret_lock, GError **error)
{
    g_autofree char *path = g_build_filename(store->directory, "lock", NULL);
    return pif_file_lock(path, is_exclusive, TRUE, "the image store", ret_lock, error);
}

char *pif_store_path(const PifStore *store, const char *sha256, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", store->directory, sha256, suffix);
}

gboolean pif_store_has(const PifStore *store, const char *sha256)
{
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    return access(path, F_OK) == 0;
}
