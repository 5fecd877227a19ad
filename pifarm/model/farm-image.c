// SPDX-License-Identifier: MIT
// Finds or makes the prepared image of an `images:` entry.
#include "pifarm/model/farm-image.h"

#include "images/fetch/fetch.h"
#include "images/fetch/url.h"
#include "images/prepare/recipe.h"
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

/* What the recipe says, then what farm.yaml does. */
static gboolean make_spec(const PifImageSpec *image, PifPrepareSpec *spec, GError **error)
{
    g_autoptr(PifRecipe) recipe = image->recipe ? pif_recipe_load(image->recipe, error) : NULL;
    const PifPrepareSpec enrol = {
        .size = image->size,
        .user = image->enrol.user,
        .password_hash = image->enrol.password_hash,
        .ssh_keys = image->enrol.ssh_keys,
        .enable_ssh = !recipe || recipe->spec.enable_ssh,
    };
    if (image->recipe && !recipe)
        return FALSE;
    if (recipe)
        pif_prepare_spec_merge(spec, &recipe->spec);
    pif_prepare_spec_merge(spec, &enrol);
    return TRUE;
}

gboolean pif_farm_image_find(PifStore *store, const PifImageSpec *spec, PifImage **ret_image,
                             GError **error)
{
    g_autoptr(PifImage) base = NULL;
    g_auto(PifPrepareSpec) wanted = {0};
    if (!make_spec(spec, &wanted, error))
        return FALSE;
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

gboolean pif_farm_image_make(PifStore *store, const PifImageSpec *spec,
                             const PifPrepareOptions *options, PifImage **ret_image, GError **error)
{
    g_autoptr(PifImage) base = NULL;
    g_auto(PifPrepareSpec) wanted = {0};
    return make_spec(spec, &wanted, error) &&
           import_base(store, spec, options->progress, &base, error) &&
           pif_image_prepare(store, base, &wanted, options, ret_image, error);
}
