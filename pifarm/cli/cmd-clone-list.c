// SPDX-License-Identifier: MIT
// pifarm clone list.
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/cmd-clone.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/model/farm-image.h"

#include <string.h>

enum { NODE, IMAGE, BASE, SIZE, ALLOCATED, IN_USE, CURRENT, CLONE_PATH };

static const PifColumn columns[] = {
    [NODE] = {"NODE", "node", PIF_COLUMN_TEXT},
    [IMAGE] = {"IMAGE", "image", PIF_COLUMN_TEXT},
    [BASE] = {"BASE", "base", PIF_COLUMN_TEXT},
    [SIZE] = {"SIZE", "size", PIF_COLUMN_NUMBER},
    [ALLOCATED] = {"ON DISK", "allocated", PIF_COLUMN_NUMBER},
    [IN_USE] = {"IN USE", "in_use", PIF_COLUMN_TRUTH},
    [CURRENT] = {"CURRENT", "current", PIF_COLUMN_TRUTH},
    [CLONE_PATH] = {"PATH", "path", PIF_COLUMN_JSON},
};

static void set_size(PifTable *table, size_t column, guint64 bytes, gboolean is_json)
{
    g_autofree char *text = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    if (is_json)
        pif_table_set_number(table, column, (gint64)bytes);
    else
        pif_table_set(table, column, text);
}

static void set_base(PifTable *table, PifStore *store, const PifNode *node, const char *base,
                     gboolean is_json)
{
    g_autoptr(PifImage) image = NULL;
    g_autoptr(PifImage) wanted = NULL;
    if (base && pif_store_find(store, base, &image, NULL))
        pif_table_set(table, IMAGE, image->names[0]);
    if (base)
        pif_table_set_format(table, BASE, "%.*s", is_json ? (int)strlen(base) : 12, base);
    gboolean is_known = pif_farm_image_find(store, node->image, &wanted, NULL);
    pif_table_set_truth(table, CURRENT, is_known && g_strcmp0(wanted->sha256, base) == 0);
}

static gboolean add_row(PifTable *table, PifStore *store, const PifFarm *farm, const PifNode *node,
                        gboolean is_json, GError **error)
{
    g_auto(PifCloneInfo) info = {0};
    g_autofree char *path = pif_paths_card(farm->name, node->name);
    pif_table_add_row(table);
    pif_table_set(table, NODE, node->name);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!pif_clone_read_info(path, &info, error))
        return FALSE;
    set_base(table, store, node, info.base, is_json);
    set_size(table, SIZE, info.size, is_json);
    set_size(table, ALLOCATED, info.allocated, is_json);
    pif_table_set_truth(table, IN_USE, info.is_in_use);
    pif_table_set(table, CLONE_PATH, path);
    return TRUE;
}

gboolean pif_clone_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE;
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "every node of the farm", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Without NODE: all nodes. IMAGE and BASE are the image under the card, as the store names\n"
        "it and the first digits of its SHA-256: - when the node has no card yet, or one that was\n"
        "flattened. ON DISK is what the node has written since. IN USE: a machine, or a command,\n"
        "has it open. CURRENT: BASE is what farm.yaml would give the node today; if not, `pifarm\n"
        "clone reset` or `rebase` moves it there.";
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, all, TRUE, error);
    g_autoptr(PifStore) store = nodes ? pif_image_open_store(error) : NULL;
    g_autoptr(PifTable) table = pif_table_new("clones", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; store && i < nodes->len; i++)
        if (!add_row(table, store, cli->farm, g_ptr_array_index(nodes, i), is_json, error))
            return FALSE;
    return store &&
           pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}
