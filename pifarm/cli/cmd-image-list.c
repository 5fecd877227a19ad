// SPDX-License-Identifier: MIT
// pifarm image list.
#include "pifarm/cli/cmd-image.h"

enum { NAME, SHA256, SIZE, ALLOCATED, CREATED, PREPARED, ORIGIN, IMAGE_PATH };

static const PifColumn columns[] = {
    [NAME] = {"NAME", "name", PIF_COLUMN_TEXT},
    [SHA256] = {"SHA256", "sha256", PIF_COLUMN_TEXT},
    [SIZE] = {"SIZE", "size", PIF_COLUMN_NUMBER},
    [ALLOCATED] = {"ON DISK", "allocated", PIF_COLUMN_NUMBER},
    [CREATED] = {"CREATED", "created", PIF_COLUMN_TEXT},
    [PREPARED] = {"PREPARED", "prepared", PIF_COLUMN_TRUTH},
    [ORIGIN] = {"ORIGIN", "origin", PIF_COLUMN_TRIM},
    [IMAGE_PATH] = {"PATH", "path", PIF_COLUMN_JSON},
};

static void set_size(PifTable *table, size_t column, guint64 bytes, gboolean is_json)
{
    g_autofree char *text = is_json ? g_strdup_printf("%" G_GUINT64_FORMAT, bytes)
                                    : g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    pif_table_set(table, column, text);
}

static void set_created(PifTable *table, gint64 created_s, gboolean is_json)
{
    g_autoptr(GDateTime) moment = is_json ? g_date_time_new_from_unix_utc(created_s)
                                          : g_date_time_new_from_unix_local(created_s);
    g_autofree char *text =
        moment ? g_date_time_format(moment, is_json ? "%FT%TZ" : "%F %R") : NULL;
    pif_table_set(table, CREATED, text);
}

/* name NULL: the image has none */
static void add_row(PifTable *table, const PifImage *image, const char *name, gboolean is_json)
{
    pif_table_add_row(table);
    pif_table_set(table, NAME, name);
    if (is_json)
        pif_table_set(table, SHA256, image->sha256);
    else
        pif_table_set_format(table, SHA256, "%.12s", image->sha256);
    set_size(table, SIZE, image->size, is_json);
    set_size(table, ALLOCATED, image->allocated, is_json);
    set_created(table, image->created_s, is_json);
    pif_table_set_truth(table, PREPARED, image->recipe != NULL);
    pif_table_set(table, ORIGIN, image->origin);
    pif_table_set(table, IMAGE_PATH, image->path);
}

gboolean pif_image_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    gboolean is_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    if (!pif_image_parse(entries, "An image with several names has a line for each.", &argc, &argv,
                         error))
        return FALSE;
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(GPtrArray) images = store ? pif_store_list(store, error) : NULL;
    if (!images)
        return FALSE;
    if (images->len == 0 && !is_json)
        fprintf(stderr, "pifarm: no images in %s; `pifarm image import FILE` takes one in\n",
                pif_store_directory(store));
    g_autoptr(PifTable) table = pif_table_new("images", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < images->len; i++) {
        const PifImage *image = g_ptr_array_index(images, i);
        if (!image->names[0])
            add_row(table, image, NULL, is_json);
        for (char **name = image->names; *name; name++)
            add_row(table, image, *name, is_json);
    }
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}
