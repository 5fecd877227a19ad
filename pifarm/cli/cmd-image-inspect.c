// SPDX-License-Identifier: MIT
// pifarm image inspect.
#include "images/card/card.h"
#include "pifarm/base/error.h"
#include "pifarm/boot/inspect.h"
#include "pifarm/cli/cmd-image.h"

#include <jansson.h>
#include <string.h>

/* What is looked at: an image of the store, or a file. */
typedef struct {
    PifImage *image; /* NULL: a file */
    const char *path;
} Subject;

static gboolean find_subject(const char *name, Subject *subject, GError **error)
{
    GError *failure = NULL;
    if (!strchr(name, '/')) {
        g_autoptr(PifStore) store = pif_image_open_store(error);
        if (!store)
            return FALSE;
        if (pif_store_find(store, name, &subject->image, &failure)) {
            subject->path = subject->image->path;
            return TRUE;
        }
    }
    gboolean is_file = g_file_test(name, G_FILE_TEST_EXISTS);
    if (failure && (!is_file || !g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND))) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_clear_error(&failure);
    if (!is_file)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no file %s", name);
    if (g_file_test(name, G_FILE_TEST_IS_DIR))
        return pif_error_set(error, PIF_ERROR_USAGE, "%s is a folder; name the image file in it",
                             name);
    subject->path = name;
    return TRUE;
}

static gboolean inspect(const char *path, PifInspection **ret_inspection, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    return pif_card_open(path, FALSE, &card, error) &&
           pif_image_inspect(pif_card_raw_path(card), ret_inspection, error);
}

static const char *role_of(const PifInspection *inspection, const PifPartition *partition)
{
    return partition->number == inspection->boot_partition   ? "boot"
           : partition->number == inspection->root_partition ? "root"
                                                             : NULL;
}

static json_t *partition_to_json(const PifInspection *inspection, const PifPartition *partition)
{
    return json_pack("{s:i, s:I, s:I, s:i, s:s?, s:s?, s:s?}", "number", (int)partition->number,
                     "start", (json_int_t)partition->start, "size", (json_int_t)partition->size,
                     "type", (int)partition->type, "filesystem", partition->filesystem, "label",
                     partition->label, "role", role_of(inspection, partition));
}

static void add_image(json_t *json, const PifImage *image)
{
    json_t *names = json_array();
    for (char **name = image->names; *name; name++)
        json_array_append_new(names, json_string(*name));
    json_t *more = json_pack("{s:o, s:s, s:I, s:I, s:s?}", "names", names, "sha256", image->sha256,
                             "size", (json_int_t)image->size, "allocated",
                             (json_int_t)image->allocated, "origin", image->origin);
    json_object_update(json, more);
    json_decref(more);
}

static void print_json(const Subject *subject, const PifInspection *inspection)
{
    json_t *partitions = json_array();
    for (guint i = 0; i < inspection->partitions->len; i++)
        json_array_append_new(
            partitions,
            partition_to_json(inspection, g_ptr_array_index(inspection->partitions, i)));
    json_t *json = json_pack("{s:s, s:s?, s:o, s:s?, s:s?, s:s?, s:s?, s:s?, s:b, s:s?}", "path",
                             subject->path, "table", inspection->table, "partitions", partitions,
                             "os", inspection->os_name, "kernel", inspection->kernel,
                             "kernel_version", inspection->kernel_version, "initramfs",
                             inspection->initramfs, "device_tree", inspection->device_tree, "boots",
                             inspection->problem == NULL, "problem", inspection->problem);
    if (subject->image)
        add_image(json, subject->image);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

enum { FACT_WIDTH = 13 };

enum { NUMBER, START, SIZE, TYPE, FILESYSTEM, LABEL, ROLE };

static const PifColumn columns[] = {
    [NUMBER] = {"PARTITION", "number", PIF_COLUMN_NUMBER},
    [START] = {"START", "start", PIF_COLUMN_NUMBER},
    [SIZE] = {"SIZE", "size", PIF_COLUMN_NUMBER},
    [TYPE] = {"TYPE", "type", PIF_COLUMN_TEXT},
    [FILESYSTEM] = {"FILE SYSTEM", "filesystem", PIF_COLUMN_TEXT},
    [LABEL] = {"LABEL", "label", PIF_COLUMN_TEXT},
    [ROLE] = {"ROLE", "role", PIF_COLUMN_TEXT},
};

static gboolean print_partitions(const PifInspection *inspection, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("partitions", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < inspection->partitions->len; i++) {
        const PifPartition *partition = g_ptr_array_index(inspection->partitions, i);
        g_autofree char *start = g_format_size_full(partition->start, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *size = g_format_size_full(partition->size, G_FORMAT_SIZE_IEC_UNITS);
        pif_table_add_row(table);
        pif_table_set_number(table, NUMBER, partition->number);
        pif_table_set(table, START, start);
        pif_table_set(table, SIZE, size);
        pif_table_set_format(table, TYPE, "0x%02x", partition->type);
        pif_table_set(table, FILESYSTEM, partition->filesystem);
        pif_table_set(table, LABEL, partition->label);
        pif_table_set(table, ROLE, role_of(inspection, partition));
    }
    return pif_table_print(table, PIF_TABLE_TEXT, stdout, error);
}

static void print_image(const Subject *subject)
{
    const PifImage *image = subject->image;
    if (!image)
        return;
    g_autofree char *names = g_strjoinv(", ", image->names);
    g_autofree char *size = g_format_size_full(image->size, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *allocated = g_format_size_full(image->allocated, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *sizes = g_strdup_printf("%s, %s of them on disk", size, allocated);
    pif_fact_print(FACT_WIDTH, "names:", *names ? names : NULL);
    pif_fact_print(FACT_WIDTH, "sha256:", image->sha256);
    pif_fact_print(FACT_WIDTH, "size:", sizes);
    pif_fact_print(FACT_WIDTH, "origin:", image->origin);
}

static gboolean print_text(const Subject *subject, const PifInspection *inspection, GError **error)
{
    g_autofree char *kernel =
        inspection->kernel_version
            ? g_strdup_printf("%s (%s)", inspection->kernel, inspection->kernel_version)
            : g_strdup(inspection->kernel);
    print_image(subject);
    pif_fact_print(FACT_WIDTH, "path:", subject->path);
    pif_fact_print(FACT_WIDTH, "system:", inspection->os_name);
    pif_fact_print(FACT_WIDTH, "kernel:", kernel);
    pif_fact_print(FACT_WIDTH, "initramfs:", inspection->initramfs);
    pif_fact_print(FACT_WIDTH, "device tree:", inspection->device_tree);
    pif_fact_print(FACT_WIDTH, "boots here:", inspection->problem ? "no" : "yes");
    pif_fact_print(FACT_WIDTH, "because:", inspection->problem);
    if (!subject->image && !inspection->table)
        pif_fact_print(FACT_WIDTH, "",
                       "(a compressed image has to be imported first: pifarm image import FILE)");
    pif_fact_print(FACT_WIDTH, "table:", inspection->table ? inspection->table : "none");
    if (inspection->partitions->len == 0)
        return TRUE;
    putchar('\n');
    return print_partitions(inspection, error);
}

gboolean pif_image_cmd_inspect(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    gboolean is_json = FALSE;
    Subject subject = {0};
    g_autoptr(PifInspection) inspection = NULL;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    if (!pif_image_parse(entries,
                         "FILE is a raw disk or a qcow2; a compressed one has to be imported "
                         "first.\nWhat has a '/' in it is a FILE.",
                         &argc, &argv, error))
        return FALSE;
    gboolean is_ok =
        find_subject(argv[1], &subject, error) && inspect(subject.path, &inspection, error);
    if (is_ok && is_json)
        print_json(&subject, inspection);
    else if (is_ok)
        is_ok = print_text(&subject, inspection, error);
    pif_image_free(subject.image);
    return is_ok;
}
