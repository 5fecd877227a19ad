// SPDX-License-Identifier: MIT
// Finds or makes the prepared image of an `images:` entry.
#include "pifarm/model/farm-image.h"

#include "images/fetch/fetch.h"
#include "images/fetch/url.h"
#include "images/prepare/prepare.h"
#include "pifarm/base/error.h"

/* What was downloaded once counts, whatever the URL leads to now: nodes that share a farm.yaml get
 * the same image until somebody imports it again. */
static gboolean find_downloaded(PifStore *store, const char *url, PifImage **ret_image,
                                GError **error)
{
    g_autofree char *shown = pif_url_redact(url);
    return pif_store_find_url(store, shown, NULL, ret_image, error);
}

gboolean pif_farm_image_find_base(PifStore *store, const PifImageSpec *spec, PifImage **ret_image,
                                  GError **error)
{
    if (spec->sha256 && (pif_store_find_source(store, spec->sha256, ret_image, NULL) ||
                         pif_store_find(store, spec->sha256, ret_image, NULL)))
        return TRUE;
    if (spec->source && !spec->sha256 && pif_url_is_http(spec->source))
        return find_downloaded(store, spec->source, ret_image, error);
    if (spec->source && !spec->sha256)
        return pif_store_find_unchanged_file(store, spec->source, ret_image, error);
    if (spec->source)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "%s is not in the image store yet",
                             spec->source);
    return pif_store_find(store, spec->name, ret_image, error);
}

static PifPrepareSpec prepare_spec(const PifImageSpec *spec)
{
    return (PifPrepareSpec){
        .size = spec->size,
        .user = spec->enrol.user,
        .password_hash = spec->enrol.password_hash,
        .ssh_keys = spec->enrol.ssh_keys,
        .enable_ssh = TRUE,
    };
}

gboolean pif_farm_image_find(PifStore *store, const PifImageSpec *spec, PifImage **ret_image,
                             GError **error)
{
    g_autoptr(PifImage) base = NULL;
    PifPrepareSpec wanted = prepare_spec(spec);
    if (pif_farm_image_find_base(store, spec, &base, NULL)) {
        g_autofree char *recipe = pif_prepare_recipe(base, &wanted, NULL);
        if (recipe && pif_store_find_recipe(store, recipe, ret_image, NULL))
            return TRUE;
    }
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "image '%s' is not prepared yet; `pifarm up` does it", spec->name);
}

static gboolean import_base(PifStore *store, const PifImageSpec *spec, PifProgress *progress,
                            PifImage **ret_image, GError **error)
{
    if (pif_farm_image_find_base(store, spec, ret_image, NULL))
        return TRUE;
    if (!spec->source)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "image '%s' has no source in farm.yaml and is not in the store; try: "
                             "pifarm image import FILE --name %s",
                             spec->name, spec->name);
    g_autoptr(PifImage) namesake = NULL;
    gboolean is_taken = pif_store_find(store, spec->name, &namesake, NULL);
    const PifFetchOptions options = {
        .import = {.name = is_taken ? NULL : spec->name,
                   .sha256 = spec->sha256,
                   .progress = progress},
    };
    return pif_fetch_image(store, spec->source, &options, NULL, ret_image, error);
}

gboolean pif_farm_image_make(PifStore *store, const PifImageSpec *spec, PifProgress *progress,
                             PifImage **ret_image, GError **error)
{
    g_autoptr(PifImage) base = NULL;
    if (!import_base(store, spec, progress, &base, error))
        return FALSE;
    PifPrepareSpec wanted = prepare_spec(spec);
    PifPrepareOptions options = {.progress = progress};
    return pif_image_prepare(store, base, &wanted, &options, ret_image, error);
}
