// SPDX-License-Identifier: MIT
// pifarm image fetch: an image out of a list of operating systems.
#include "images/fetch/os-list-fetch.h"
#include "images/fetch/os-list-pick.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/cmd-image.h"

enum { NAME, RELEASED, DOWNLOAD, DISK, TITLE, GROUP, URL, SHA256, DISK_SHA256, DESCRIPTION };

static const PifColumn columns[] = {
    [NAME] = {"NAME", "name", PIF_COLUMN_TEXT},
    [RELEASED] = {"RELEASED", "released", PIF_COLUMN_TEXT},
    [DOWNLOAD] = {"DOWNLOAD", "download_size", PIF_COLUMN_NUMBER},
    [DISK] = {"DISK", "disk_size", PIF_COLUMN_NUMBER},
    [TITLE] = {"TITLE", "title", PIF_COLUMN_TRIM},
    [GROUP] = {"GROUP", "group", PIF_COLUMN_JSON},
    [URL] = {"URL", "url", PIF_COLUMN_JSON},
    [SHA256] = {"SHA256", "download_sha256", PIF_COLUMN_JSON},
    [DISK_SHA256] = {"DISK SHA256", "disk_sha256", PIF_COLUMN_JSON},
    [DESCRIPTION] = {"DESCRIPTION", "description", PIF_COLUMN_JSON},
};

static void set_size(PifTable *table, size_t column, guint64 bytes, gboolean is_json)
{
    g_autofree char *text = is_json ? g_strdup_printf("%" G_GUINT64_FORMAT, bytes)
                                    : g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
    if (bytes)
        pif_table_set(table, column, text);
}

static void add_row(PifTable *table, const PifOsEntry *entry, gboolean is_json)
{
    pif_table_add_row(table);
    pif_table_set(table, NAME, entry->slug);
    pif_table_set(table, RELEASED, entry->release_date);
    set_size(table, DOWNLOAD, entry->download_size, is_json);
    set_size(table, DISK, entry->disk_size, is_json);
    pif_table_set(table, TITLE, entry->name);
    pif_table_set(table, GROUP, entry->group);
    pif_table_set(table, URL, entry->url);
    pif_table_set(table, SHA256, entry->download_sha256);
    pif_table_set(table, DISK_SHA256, entry->disk_sha256);
    pif_table_set(table, DESCRIPTION, entry->description);
}

static gboolean print_list(const GPtrArray *entries, gboolean is_json, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("images", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < entries->len; i++)
        add_row(table, g_ptr_array_index(entries, i), is_json);
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

static gboolean fetch(const PifOsEntry *entry, const char *name, PifFetchOptions *options,
                      GError **error)
{
    PifImportOptions *import = &options->import;
    import->sha256 = entry->download_sha256 ? entry->download_sha256 : entry->disk_sha256;
    import->disk_sha256 = entry->disk_sha256;
    import->disk_size = entry->disk_size;
    if (!import->name)
        import->name = name;
    return pif_image_fetch_and_print(entry->url, options, error);
}

/* Reads the list and leaves only its entries for the device. */
static gboolean get_list(const char *source, const char *device, guint timeout_s,
                         PifOsList **ret_list, GPtrArray **ret_entries, GError **error)
{
    g_autoptr(PifOsList) list = NULL;
    g_autoptr(PifProgress) progress = pif_progress_new("fetching the list", 0);
    if (!source || !*source)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "which list? --os-list URL (or FILE), or PIFARM_OS_LIST in the "
                             "environment; it is the one that Raspberry Pi Imager reads");
    if (!pif_os_list_fetch(source, timeout_s, progress, &list, error) ||
        !pif_os_list_filter(list, device, ret_entries, error))
        return FALSE;
    *ret_list = g_steal_pointer(&list);
    return TRUE;
}

gboolean pif_image_cmd_fetch(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    PifFetchOptions options = {0};
    g_auto(PifImageFetchArgs) args = {0};
    g_autofree char *source = NULL;
    g_autofree char *device = NULL;
    gboolean is_list = FALSE;
    gboolean is_json = FALSE;
    const GOptionEntry entries[] = {
        {"os-list", 0, 0, G_OPTION_ARG_STRING, &source,
         "the list that Imager reads (else $PIFARM_OS_LIST)", "URL|FILE"},
        {"device", 'd', 0, G_OPTION_ARG_STRING, &device,
         "only images for this one (pi3-64bit); any: all", "TAG"},
        {"list", 'l', 0, G_OPTION_ARG_NONE, &is_list, "list what there is, as without NAME", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print the list as JSON", NULL},
        {"name", 'n', 0, G_OPTION_ARG_STRING, &args.name, "its name in the store (default: NAME)",
         "NAME"},
        PIF_FETCH_ENTRIES(args),
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "NAME is one of the list's first column or a file's name without endings; or words of\n"
        "both that only one image has, like raspios-lite. The download is checked against the\n"
        "checksums in the list, and goes on where it was cut off.\n"
        "\n"
        "Exit status: 2 when NAME may be several, 4 when it is none, 9 when a checksum differs.";
    if (!pif_image_parse(entries, description, &argc, &argv, error) ||
        !pif_image_read_fetch_args(&args, &options, error))
        return FALSE;
    g_autoptr(PifOsList) list = NULL;
    g_autoptr(GPtrArray) found = NULL;
    const PifOsEntry *entry = NULL;
    if (!get_list(source ? source : g_getenv("PIFARM_OS_LIST"), device ? device : "pi3-64bit",
                  options.stall_timeout_s, &list, &found, error))
        return FALSE;
    if (argc < 2 || is_list)
        return print_list(found, is_json, error);
    return pif_os_list_pick(found, argv[1], &entry, error) &&
           fetch(entry, argv[1], &options, error);
}
