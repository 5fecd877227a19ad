// SPDX-License-Identifier: MIT
// libguestfs, in short words.
#include "images/prepare/worker/guest.h"

#include "pifarm/base/error.h"

#include <string.h>

gboolean pif_guest_fail(const PifGuest *guest, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    const char *why = guestfs_last_error(guest->handle);
    /* Behind the first line libguestfs has advice on its own debugging. */
    g_autofree char *reason = g_strndup(why ? why : "", strcspn(why ? why : "", "\n"));
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "%s: %s", what,
                         *reason ? reason : "no reason given");
}

void pif_guest_note(const PifGuest *guest, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    guest->note(text);
}

/* The disk is a copy that is synced when the store takes it in: here nothing needs to wait for it.
 */
static gboolean configure(PifGuest *guest)
{
    guestfs_h *handle = guest->handle;
    guestfs_set_error_handler(handle, NULL, NULL);
    if (!g_getenv("LIBGUESTFS_BACKEND_SETTINGS") && !guest->job->is_accelerated) {
        char *settings[] = {(char *)"force_tcg", NULL};
        if (guestfs_set_backend_settings(handle, settings) < 0)
            return FALSE;
    }
    return guestfs_set_backend(handle, "direct") == 0 &&
           guestfs_add_drive_opts(handle, guest->job->disk, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
                                  GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe", -1) == 0;
}

gboolean pif_guest_launch(PifGuest *guest, GError **error)
{
    guest->handle = guestfs_create();
    if (!guest->handle)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "libguestfs does not start");
    if (!configure(guest) || guestfs_launch(guest->handle) < 0)
        return pif_guest_fail(guest, error,
                              "the libguestfs appliance does not start (libguestfs-test-tool "
                              "shows why)");
    return TRUE;
}

void pif_guest_clear(PifGuest *guest)
{
    if (guest->handle)
        guestfs_close(guest->handle);
    guest->handle = NULL;
    pif_account_clear(&guest->account);
}

char *pif_guest_partition(unsigned number)
{
    return g_strdup_printf("/dev/sda%u", number);
}

gboolean pif_guest_exists(const PifGuest *guest, const char *path)
{
    return guestfs_exists(guest->handle, path) == 1;
}

gboolean pif_guest_is_dir(const PifGuest *guest, const char *path)
{
    return guestfs_is_dir(guest->handle, path) == 1;
}

gboolean pif_guest_has_any(const PifGuest *guest, const char *const *paths)
{
    for (; *paths; paths++)
        if (pif_guest_exists(guest, *paths))
            return TRUE;
    return FALSE;
}

gboolean pif_guest_read(const PifGuest *guest, const char *path, char **ret_text, GError **error)
{
    size_t size;
    if (!pif_guest_exists(guest, path)) {
        *ret_text = NULL;
        return TRUE;
    }
    char *content = guestfs_read_file(guest->handle, path, &size);
    if (!content)
        return pif_guest_fail(guest, error, "cannot read %s", path);
    *ret_text = g_strndup(content, size);
    free(content);
    return TRUE;
}

gboolean pif_guest_write(const PifGuest *guest, const char *path, const char *text, GError **error)
{
    return guestfs_write(guest->handle, path, text, strlen(text)) == 0 ||
           pif_guest_fail(guest, error, "cannot write %s", path);
}

static gboolean set_owner_and_mode(const PifGuest *guest, const char *path, unsigned mode,
                                   unsigned uid, unsigned gid, GError **error)
{
    return (guestfs_chown(guest->handle, (int)uid, (int)gid, path) == 0 &&
            guestfs_chmod(guest->handle, (int)mode, path) == 0) ||
           pif_guest_fail(guest, error, "cannot set owner and mode of %s", path);
}

gboolean pif_guest_put(const PifGuest *guest, const char *path, const char *text, unsigned mode,
                       unsigned uid, unsigned gid, GError **error)
{
    return pif_guest_write(guest, path, text, error) &&
           set_owner_and_mode(guest, path, mode, uid, gid, error);
}

gboolean pif_guest_put_new(const PifGuest *guest, const char *path, const char *text, unsigned mode,
                           GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (guestfs_mkdir_p(guest->handle, folder) < 0)
        return pif_guest_fail(guest, error, "cannot make the folder %s", folder);
    return pif_guest_put(guest, path, text, mode, 0, 0, error);
}

gboolean pif_guest_make_dir(const PifGuest *guest, const char *path, unsigned mode, unsigned uid,
                            unsigned gid, GError **error)
{
    if (guestfs_mkdir_p(guest->handle, path) < 0)
        return pif_guest_fail(guest, error, "cannot make the folder %s", path);
    return set_owner_and_mode(guest, path, mode, uid, gid, error);
}

gboolean pif_guest_link(const PifGuest *guest, const char *target, const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    if (guestfs_mkdir_p(guest->handle, folder) < 0 ||
        guestfs_ln_sf(guest->handle, target, path) < 0)
        return pif_guest_fail(guest, error, "cannot make the link %s", path);
    return TRUE;
}

gboolean pif_guest_remove(const PifGuest *guest, const char *pattern, GError **error)
{
    char **paths = guestfs_glob_expand(guest->handle, pattern);
    gboolean is_ok = paths != NULL;
    for (char **path = paths; is_ok && *path; path++)
        is_ok = guestfs_rm_f(guest->handle, *path) == 0;
    if (!is_ok)
        pif_guest_fail(guest, error, "cannot remove %s", pattern);
    for (char **path = paths; path && *path; path++)
        free(*path);
    free(paths);
    return is_ok;
}
