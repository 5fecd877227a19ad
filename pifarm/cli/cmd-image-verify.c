// SPDX-License-Identifier: MIT
// pifarm image verify.
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"
#include "pifarm/cli/cmd-image.h"

enum { NAME, SHA256, IS_GOOD, PROBLEM };

static const PifColumn columns[] = {
    [NAME] = {"NAME", "name", PIF_COLUMN_TEXT},
    [SHA256] = {"SHA256", "sha256", PIF_COLUMN_TEXT},
    [IS_GOOD] = {"GOOD", "good", PIF_COLUMN_TRUTH},
    [PROBLEM] = {"PROBLEM", "problem", PIF_COLUMN_JSON},
};

/* The images named, or all. */
static GPtrArray *choose(PifStore *store, char **names, GError **error)
{
    if (!*names)
        return pif_store_list(store, error);
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)pif_image_free);
    for (; *names; names++) {
        PifImage *image = NULL;
        if (!pif_store_find(store, *names, &image, error))
            return NULL;
        g_ptr_array_add(images, image);
    }
    return g_steal_pointer(&images);
}

static const char *name_of(const PifImage *image)
{
    return image->names[0] ? image->names[0] : image->sha256;
}

static void add_row(PifTable *table, const PifImage *image, const GError *problem, gboolean is_json)
{
    pif_table_add_row(table);
    pif_table_set(table, NAME, image->names[0]);
    pif_table_set_format(table, SHA256, is_json ? "%s" : "%.12s", image->sha256);
    pif_table_set_truth(table, IS_GOOD, !problem);
    pif_table_set(table, PROBLEM, problem ? problem->message : NULL);
}

/* Each bad one is reported by itself; what cannot be read ends it. */
static gboolean verify(PifStore *store, const PifImage *image, PifTable *table, gboolean is_json,
                       int *ret_status, GError **error)
{
    g_autofree char *title = g_strdup_printf("hashing %s", name_of(image));
    g_autoptr(PifProgress) progress = pif_progress_new(title, image->size);
    GError *problem = NULL;
    gboolean is_good = pif_store_verify(store, image->sha256, progress, &problem);
    g_clear_pointer(&progress, pif_progress_free);
    if (!is_good && !g_error_matches(problem, PIF_ERROR, PIF_ERROR_CONFIG)) {
        g_propagate_error(error, problem);
        return FALSE;
    }
    add_row(table, image, problem, is_json);
    if (!is_good) {
        pif_log_error(problem);
        *ret_status = PIF_ERROR_PROTOCOL;
    }
    g_clear_error(&problem);
    return TRUE;
}

gboolean pif_image_cmd_verify(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli;
    gboolean is_json = FALSE;
    gboolean is_all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "all images, as without IMAGE", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Reads the whole of each image. Before a node boots, its image is hashed again only when\n"
        "its file looks touched (size, times, inode).\n"
        "\n"
        "Exit status: 9 when an image is no longer what its name says; importing it again mends\n"
        "it.";
    if (!pif_image_parse(entries, description, &argc, &argv, error))
        return FALSE;
    if (is_all && argc > 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "--all and '%s' exclude one another", argv[1]);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(GPtrArray) images = store ? choose(store, argv + 1, error) : NULL;
    if (!images)
        return FALSE;
    g_autoptr(PifTable) table = pif_table_new("images", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < images->len; i++)
        if (!verify(store, g_ptr_array_index(images, i), table, is_json, ret_status, error))
            return FALSE;
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}
