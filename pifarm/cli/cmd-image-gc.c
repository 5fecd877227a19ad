// SPDX-License-Identifier: MIT
// pifarm image gc.
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/cli/garbage.h"

#include <stdio.h>
#include <unistd.h>

enum { WHAT, NAME, SIZE, PATH };

static const PifColumn columns[] = {
    [WHAT] = {"WHAT", "what", PIF_COLUMN_TEXT},
    [NAME] = {"NAME", "name", PIF_COLUMN_TEXT},
    [SIZE] = {"ON DISK", "allocated", PIF_COLUMN_NUMBER},
    [PATH] = {"PATH", "path", PIF_COLUMN_JSON},
};

static gboolean print(const GPtrArray *found, gboolean is_json, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("garbage", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < found->len; i++) {
        const PifGarbage *garbage = g_ptr_array_index(found, i);
        g_autofree char *size = g_format_size_full(garbage->bytes, G_FORMAT_SIZE_IEC_UNITS);
        pif_table_add_row(table);
        pif_table_set(table, WHAT, garbage->what);
        pif_table_set(table, NAME, garbage->name);
        pif_table_set(table, PATH, garbage->path);
        if (is_json)
            pif_table_set_number(table, SIZE, (gint64)garbage->bytes);
        else
            pif_table_set(table, SIZE, size);
    }
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

/* Only a person at a terminal is asked. */
static gboolean is_agreed(void)
{
    char answer[16] = "";
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return TRUE;
    printf("Remove all this? [y/N] ");
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && g_ascii_tolower(answer[0]) == 'y';
}

static gboolean remove_all(PifStore *store, const GPtrArray *found, GError **error)
{
    for (guint i = 0; i < found->len; i++) {
        const PifGarbage *garbage = g_ptr_array_index(found, i);
        if (!garbage->remove(store, garbage, error))
            return FALSE;
    }
    return TRUE;
}

static void print_sum(const GPtrArray *found, const char *words)
{
    guint64 bytes = 0;
    for (guint i = 0; i < found->len; i++)
        bytes += ((const PifGarbage *)g_ptr_array_index(found, i))->bytes;
    g_autofree char *size = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    printf("%s %s\n", words, size);
}

/* A farm.yaml with mistakes says nothing of what is needed. */
static gboolean load_farm_if_any(PifCli *cli, GError **error)
{
    GError *failure = NULL;
    if (pif_cli_load_farm(cli, &failure))
        return TRUE;
    if (!cli->farm_file && g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_error_free(failure);
        return TRUE;
    }
    g_propagate_error(error, failure);
    return FALSE;
}

gboolean pif_image_cmd_gc(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean all = FALSE;
    gboolean is_dry_run = FALSE;
    gboolean is_json = FALSE;
    gboolean is_yes = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "also what cannot be made again", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &is_dry_run, "only say what would go", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &is_yes, "do not ask", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Removes what killed commands have left, downloads that nobody went on with for a week,\n"
        "and prepared images that no card is a clone of and nobody gave a name: `pifarm up`\n"
        "makes those again when they are needed. What the farm.yaml here names is kept.\n"
        "\n"
        "With --all: every image that no card is a clone of and this farm.yaml does not name,\n"
        "whoever named it and whatever other farms it is for, and the cards of nodes that are no\n"
        "longer in this farm.yaml.\n"
        "\n"
        "At a terminal it asks first.";
    if (!pif_image_parse(entries, description, &argc, &argv, error) ||
        !load_farm_if_any(cli, error))
        return FALSE;
    g_autofree char *directory = pif_paths_store_dir();
    g_autoptr(PifStore) store = pif_store_open_as_is(directory, error);
    const PifGarbageSearch search = {.store = store, .farm = cli->farm, .all = all};
    g_autoptr(GPtrArray) found = store ? pif_garbage_find(&search, error) : NULL;
    if (!found || ((found->len > 0 || is_json) && !print(found, is_json, error)))
        return FALSE;
    gboolean goes = !is_dry_run && (found->len == 0 || is_yes || is_json || is_agreed());
    if (goes && !remove_all(store, found, error))
        return FALSE;
    if (!is_json)
        print_sum(found, goes ? "freed" : "would free");
    return TRUE;
}
