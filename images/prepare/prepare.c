// SPDX-License-Identifier: MIT
// Preparation: copy, grow, hand to the worker, adopt.
#include "images/prepare/prepare.h"

#include "images/disk/copy.h"
#include "images/disk/disk.h"
#include "images/disk/sha256.h"
#include "images/prepare/prepare-job.h"
#include "images/prepare/prepare-root.h"
#include "images/prepare/prepare-run.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"

#include <errno.h>
#include <sys/statvfs.h>

/* Goes up when the steps change in what they leave behind: other recipes, so other images. */
enum { RECIPE_VERSION = 3, RECIPE_NAME_LENGTH = 8 };

enum { LEAST_ROOM = 64 * 1024 * 1024 };

static guint64 final_size(const PifImage *base, const PifPrepareSpec *spec)
{
    return pif_clone_round_size(MAX(base->size, spec->size));
}

/* Hash of all that makes a difference. Free it. */
static char *recipe_of(const PifImage *base, const PifPrepareSpec *spec, const json_t *plan)
{
    g_autofree char *steps = pif_prepare_plan_hash(plan);
    g_autofree char *text =
        g_strdup_printf("version %d, base %s, size %" G_GUINT64_FORMAT ", %s", RECIPE_VERSION,
                        base->sha256, final_size(base, spec), steps);
    return pif_sha256_of_string(text);
}

char *pif_prepare_recipe(const PifImage *base, const PifPrepareSpec *spec, GError **error)
{
    json_t *plan = pif_prepare_plan(spec, error);
    char *recipe = plan ? recipe_of(base, spec, plan) : NULL;
    json_decref(plan);
    return recipe;
}

/* QEMU stops a machine whose disk has no room instead of telling it, and the appliance would hang.
 * Growing 2 GiB to 4 took 33 MiB, to 64 GiB 89 MiB: inode tables, mostly. */
static gboolean check_room(const char *disk, guint64 size, GError **error)
{
    struct statvfs status;
    if (statvfs(disk, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot tell how much room there is");
    guint64 room = (guint64)status.f_bavail * status.f_frsize;
    return room >= LEAST_ROOM + size / 512 || pif_disk_set_write_error(error, ENOSPC);
}

/* What the base is called, for people. */
static const char *name_of(const PifImage *base)
{
    return base->names && *base->names ? *base->names : base->sha256;
}

/* A preparation, with what follows from its parameters. */
typedef struct {
    PifStore *store;
    const PifImage *base;
    const PifPrepareSpec *spec;
    const PifPrepareOptions *options;
    json_t *plan;
    char *recipe;
} Preparation;

static void preparation_clear(Preparation *preparation)
{
    json_decref(preparation->plan);
    g_free(preparation->recipe);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Preparation, preparation_clear)

static gboolean make(const Preparation *preparation, const char *name, PifImage **ret_image,
                     GError **error)
{
    const PifImage *base = preparation->base;
    guint64 size = final_size(base, preparation->spec);
    g_autofree char *origin = g_strdup_printf("prepared from %s", name_of(base));
    g_autofree char *temporary = pif_store_new_temporary(preparation->store, error);
    PifPrepareJob job = {
        .disk = temporary,
        .must_grow = preparation->spec->size > base->size,
        .plan = preparation->plan,
    };
    if (!temporary || !pif_store_check(preparation->store, base->sha256, error))
        return FALSE;
    if (!pif_disk_copy(base->path, temporary, size, error) || !check_room(temporary, size, error) ||
        !pif_prepare_run(&job, preparation->options, error) ||
        !pif_prepare_run_commands(preparation->spec, temporary, preparation->options, error)) {
        unlink(temporary);
        return FALSE;
    }
    if (preparation->options)
        pif_progress_set_text(preparation->options->progress, "taking the image into the store");
    return pif_store_adopt(preparation->store, temporary, name, origin, preparation->recipe,
                           ret_image, error);
}

/* An image of the recipe is there: it only needs the name. */
static gboolean add_name(PifStore *store, const PifImage *image, const char *name,
                         gboolean must_replace, PifImage **ret_image, GError **error)
{
    PifImportOptions options = {
        .name = name, .sha256 = image->sha256, .replace_name = must_replace};
    return pif_store_import(store, image->path, &options, ret_image, error);
}

/* The image of the same recipe that was made before keeps what else it has, but not the name. */
static gboolean make_again(const Preparation *preparation, const PifImage *before, const char *name,
                           PifImage **ret_image, GError **error)
{
    g_autoptr(PifImage) made = NULL;
    gboolean has_name = g_strv_contains((const char *const *)before->names, name);
    if (!has_name)
        return pif_store_check_name_is_free(preparation->store, name, error) &&
               make(preparation, name, ret_image, error);
    return make(preparation, NULL, &made, error) &&
           add_name(preparation->store, made, name, TRUE, ret_image, error);
}

gboolean pif_image_prepare(PifStore *store, const PifImage *base, const PifPrepareSpec *spec,
                           const PifPrepareOptions *options, PifImage **ret_image, GError **error)
{
    GError *failure = NULL;
    g_autoptr(PifImage) made = NULL;
    g_auto(Preparation) preparation = {store, base, spec, options, NULL, NULL};
    if (!pif_prepare_spec_check(spec, error) || !pif_prepare_check_commands(spec, options, error))
        return FALSE;
    preparation.plan = pif_prepare_plan(spec, error);
    if (!preparation.plan)
        return FALSE;
    preparation.recipe = recipe_of(base, spec, preparation.plan);
    g_autofree char *default_name =
        g_strdup_printf("%.40s-%.*s", name_of(base), RECIPE_NAME_LENGTH, preparation.recipe);
    const char *wanted = options ? options->name : NULL;
    const char *name = wanted ? wanted : default_name;
    if (!pif_store_find_recipe(store, preparation.recipe, &made, &failure)) {
        if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
            g_propagate_error(error, failure);
            return FALSE;
        }
        g_error_free(failure);
        return pif_store_check_name_is_free(store, name, error) &&
               make(&preparation, name, ret_image, error);
    }
    if (options && options->is_again)
        return make_again(&preparation, made, name, ret_image, error);
    if (wanted && !g_strv_contains((const char *const *)made->names, wanted))
        return add_name(store, made, wanted, FALSE, ret_image, error);
    *ret_image = g_steal_pointer(&made);
    return TRUE;
}
