// SPDX-License-Identifier: MIT
// How images leave the store, unless clones hold them.
#include "images/store/store-private.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <unistd.h>

enum { MAX_LISTED = 8 /* in messages */ };

static gboolean set_in_use_error(const char *name, char **users, GError **error)
{
    guint count = g_strv_length(users);
    g_autoptr(GString) paths = g_string_new(NULL);
    for (guint i = 0; i < MIN(count, MAX_LISTED); i++)
        g_string_append_printf(paths, "%s%s", i ? ", " : "", users[i]);
    if (count > MAX_LISTED)
        g_string_append_printf(paths, " and %u more", count - MAX_LISTED);
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "image '%s' is in use by %u clone%s: %s; remove their nodes' clones first",
                         name, count, count == 1 ? "" : "s", paths->str);
}

static gboolean remove_image(PifStore *store, const char *sha256, const char *name, GError **error)
{
    g_autofree char *path = pif_store_path(store, sha256, ".img");
    g_auto(GStrv) users = NULL;
    if (!pif_store_list_users(store, sha256, &users, error))
        return FALSE;
    if (*users)
        return set_in_use_error(name, users, error);
    if (unlink(path) < 0)
        return pif_error_set_errno(error, errno, "cannot remove %s", path);
    return pif_store_remove_companions(store, sha256, error);
}

gboolean pif_store_remove(PifStore *store, const char *name, GError **error)
{
    g_auto(PifFd) lock = -1;
    g_autofree char *sha256 = NULL;
    g_autoptr(json_t) record = NULL;
    if (!pif_store_lock(store, TRUE, &lock, error) ||
        !pif_store_resolve(store, name, &sha256, error) ||
        !pif_record_load(store, sha256, &record, error))
        return FALSE;
    gboolean is_by_name = pif_record_has(record, "names", name);
    pif_record_remove(record, "names", name);
    if (is_by_name && json_array_size(json_object_get(record, "names")) > 0)
        return pif_record_save(store, sha256, record, error);
    return remove_image(store, sha256, name, error);
}
