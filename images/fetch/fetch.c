// SPDX-License-Identifier: MIT
// Which way a source goes: from the network, from a pipe, or from a file.
#include "images/fetch/fetch.h"

#include "images/fetch/download.h"
#include "images/fetch/sidecar.h"
#include "images/fetch/spool.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const guint64 default_max_download = (guint64)16 << 30;

/* One image on its way. */
typedef struct {
    PifStore *store;
    PifFetchOptions options;
    char *sha256;  /* expected; NULL: any */
    char *sidecar; /* where that is from */
    char *shown;   /* the source, for messages and the record */
} Fetch;

static void fetch_clear(Fetch *fetch)
{
    g_free(fetch->sha256);
    g_free(fetch->sidecar);
    g_free(fetch->shown);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fetch, fetch_clear)

char *pif_fetch_name(const char *source)
{
    static const char *const endings[] = {".xz",  ".zst", ".gz",  ".bz2",  ".zip",
                                          ".tar", ".img", ".raw", ".qcow2"};
    char *name = pif_url_is_url(source) ? pif_url_file_name(source) : g_path_get_basename(source);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (!g_str_has_suffix(name, endings[i]) || g_str_equal(name, endings[i]))
            continue;
        name[strlen(name) - strlen(endings[i])] = '\0';
        i = (size_t)-1; /* from the first one again */
    }
    return name;
}

/* What import would find out too, but only after a long download. */
static gboolean check_options(const Fetch *fetch, GError **error)
{
    const PifImportOptions *import = &fetch->options.import;
    g_autoptr(PifImage) owner = NULL;
    if (!import->name)
        return TRUE;
    if (!pif_image_check_name(import->name, error))
        return FALSE;
    if (import->replace_name || !pif_store_find(fetch->store, import->name, &owner, NULL))
        return TRUE;
    g_autoptr(PifImage) ours = NULL;
    gboolean is_ours =
        pif_store_find_url(fetch->store, fetch->shown, NULL, &ours, NULL) ||
        (import->sha256 && pif_store_find_source(fetch->store, import->sha256, &ours, NULL)) ||
        (import->sha256 && g_str_equal(owner->sha256, import->sha256));
    if (is_ours && (!ours || g_str_equal(ours->sha256, owner->sha256)))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_EXISTS,
                         "cannot import %s: another image (%.12s) has the name '%s'; remove it or "
                         "choose another",
                         fetch->shown, owner->sha256, import->name);
}

/* Reads the checksum beside the file (NULL: beside the URL), where one is wanted. What is there but
 * no good is an error: it may be the one that would have told. */
static gboolean use_sidecar(Fetch *fetch, const char *file, const char *url, GError **error)
{
    if (fetch->options.import.sha256 || fetch->options.has_no_sidecar)
        return TRUE;
    if (file ? !pif_sidecar_read(file, &fetch->sha256, &fetch->sidecar, error)
             : !pif_sidecar_fetch(url, fetch->options.stall_timeout_s, &fetch->sha256,
                                  &fetch->sidecar, error))
        return FALSE;
    fetch->options.import.sha256 = fetch->sha256;
    return TRUE;
}

static gboolean import_file(Fetch *fetch, const char *file, PifImage **ret_image, GError **error)
{
    struct stat status;
    const PifImportOptions *import = &fetch->options.import;
    g_autofree char *base = pif_fetch_name(fetch->shown);
    g_autofree char *title = g_strdup_printf("importing %s", import->name ? import->name : base);
    pif_progress_restart(import->progress, title, 0,
                         stat(file, &status) == 0 ? (guint64)status.st_size : 0);
    return pif_store_import(fetch->store, file, import, ret_image, error);
}

static gboolean fetch_file(Fetch *fetch, const char *file, PifImage **ret_image, GError **error)
{
    return use_sidecar(fetch, file, NULL, error) && import_file(fetch, file, ret_image, error);
}

static gboolean fetch_input(Fetch *fetch, PifImage **ret_image, GError **error)
{
    if (!fetch->options.import.name)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "standard input has no name of its own; give one with --name");
    if (isatty(STDIN_FILENO))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "standard input is a terminal: where is the image to come from?");
    g_autofree char *file = pif_store_new_temporary(fetch->store, error);
    if (!file || !pif_image_check_name(fetch->options.import.name, error))
        return FALSE;
    fetch->options.import.origin = fetch->shown;
    gboolean is_ok = pif_spool(STDIN_FILENO, file, fetch->options.max_download,
                               fetch->options.import.progress, error) &&
                     import_file(fetch, file, ret_image, error);
    unlink(file);
    return is_ok;
}

/* Whether the store has it already: *ret_image, else NULL. */
static gboolean take_known(Fetch *fetch, PifImage **ret_image, GError **error)
{
    const PifImportOptions *import = &fetch->options.import;
    return !import->sha256 ||
           pif_store_import_known(fetch->store, import->sha256, import, ret_image, error);
}

/* What we have of this URL, for the server to say whether it has changed. */
static char *find_known(const Fetch *fetch)
{
    g_autoptr(PifImage) image = NULL;
    char *validator = NULL;
    if (!fetch->options.import.sha256 &&
        pif_store_find_url(fetch->store, fetch->shown, &validator, &image, NULL) &&
        pif_store_check(fetch->store, image->sha256, NULL))
        return validator;
    g_free(validator);
    return NULL;
}

static gboolean take_unchanged(Fetch *fetch, PifImage **ret_image, GError **error)
{
    g_autoptr(PifImage) image = NULL;
    if (!pif_store_find_url(fetch->store, fetch->shown, NULL, &image, error) ||
        !pif_store_import_known(fetch->store, image->sha256, &fetch->options.import, ret_image,
                                error))
        return FALSE;
    return *ret_image ||
           pif_error_set(error, PIF_ERROR_BUSY, "the image of %s was removed meanwhile; try again",
                         fetch->shown);
}

/* A file that proved bad is not kept: the next try would end the same way. */
static gboolean import_download(Fetch *fetch, PifPartial *partial, PifImage **ret_image,
                                GError **error)
{
    GError *failure = NULL;
    fetch->options.import.validator = pif_partial_validator(partial);
    gboolean is_ok = import_file(fetch, pif_partial_path(partial), ret_image, &failure);
    if (is_ok || g_error_matches(failure, PIF_ERROR, PIF_ERROR_PROTOCOL))
        pif_partial_discard(partial);
    if (!is_ok)
        g_propagate_error(error, failure);
    return is_ok;
}

static gboolean download(Fetch *fetch, const char *url, PifImage **ret_image, GError **error)
{
    gboolean is_unchanged = FALSE;
    g_autoptr(PifPartial) partial = NULL;
    g_autofree char *known = find_known(fetch);
    g_autofree char *folder =
        g_build_filename(pif_store_directory(fetch->store), "downloads", NULL);
    const PifDownload wanted = {
        .url = url,
        .max_bytes = fetch->options.max_download,
        .stall_timeout_s = fetch->options.stall_timeout_s,
        .may_downgrade = fetch->options.import.sha256 && !fetch->sidecar,
        .known = known,
        .progress = fetch->options.import.progress,
    };
    if (!pif_download(folder, &wanted, &partial, &is_unchanged, error))
        return FALSE;
    return is_unchanged ? take_unchanged(fetch, ret_image, error)
                        : import_download(fetch, partial, ret_image, error);
}

static gboolean fetch_url(Fetch *fetch, const char *url, PifImage **ret_image, GError **error)
{
    PifImportOptions *import = &fetch->options.import;
    if (!pif_url_check_http(url, error))
        return FALSE;
    import->origin = import->url = fetch->shown;
    if (!use_sidecar(fetch, NULL, url, error) || !check_options(fetch, error) ||
        !take_known(fetch, ret_image, error))
        return FALSE;
    return *ret_image || download(fetch, url, ret_image, error);
}

static gboolean run(Fetch *fetch, const char *source, PifImage **ret_image, GError **error)
{
    g_autofree char *file = NULL;
    if (g_str_equal(source, "-"))
        return fetch_input(fetch, ret_image, error);
    if (!pif_url_is_url(source))
        return fetch_file(fetch, source, ret_image, error);
    if (!pif_url_is_file(source))
        return fetch_url(fetch, source, ret_image, error);
    return pif_url_to_path(source, &file, error) && fetch_file(fetch, file, ret_image, error);
}

static char *show(const char *source)
{
    if (g_str_equal(source, "-"))
        return g_strdup("standard input");
    return pif_url_is_url(source) ? pif_url_redact(source) : g_strdup(source);
}

gboolean pif_fetch_image(PifStore *store, const char *source, const PifFetchOptions *options,
                         char **ret_sidecar, PifImage **ret_image, GError **error)
{
    g_auto(Fetch) fetch = {.store = store, .options = *options, .shown = show(source)};
    PifImage *image = NULL;
    GError *failure = NULL;
    if (!fetch.options.max_download)
        fetch.options.max_download = default_max_download;
    if (!run(&fetch, source, &image, &failure)) {
        if (fetch.sidecar && g_error_matches(failure, PIF_ERROR, PIF_ERROR_PROTOCOL))
            return pif_error_take(error, failure, "checked against %s", fetch.sidecar);
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (ret_sidecar)
        *ret_sidecar = g_steal_pointer(&fetch.sidecar);
    *ret_image = image;
    return TRUE;
}
