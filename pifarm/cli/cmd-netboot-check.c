// SPDX-License-Identifier: MIT
// pifarm netboot check.
#include "hw/firmware/boot-plan.h"
#include "pifarm/cli/cmd-netboot.h"
#include "pifarm/cli/served-boot.h"

#include <stdio.h>
#include <string.h>

enum { FILE_NAME, PATH, SIZE };

static const PifColumn columns[] = {
    [FILE_NAME] = {"FILE", "file", PIF_COLUMN_TEXT},
    [PATH] = {"FOUND", "found", PIF_COLUMN_TEXT},
    [SIZE] = {"SIZE", "size", PIF_COLUMN_NUMBER},
};

static PifNodeIdentity identity_of(const PifBoard *board, gboolean is_known)
{
    PifNodeIdentity identity = {
        .has_serial = is_known, .serial = board->serial, .has_mac = is_known};
    memcpy(identity.mac, board->mac, sizeof identity.mac);
    return identity;
}

/* Why the board does not get as far as the kernel; NULL: it does. Free it. */
static char *find_problem(PifBootSource *source, const PifBootPlan *plan)
{
    static const char rom_file[] = "bootcode.bin";
    const char *needed[] = {rom_file, plan->start_file, plan->fixup_file};
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autofree char *found = needed[i] ? pif_boot_source_find(source, needed[i]) : NULL;
        if (needed[i] && !found)
            return g_strdup_printf("there is no %s%s", needed[i],
                                   i == 0 ? ", which the boot ROM asks for first" : "");
    }
    return g_strdup(plan->problem);
}

static gboolean print_lookups(const GPtrArray *lookups, gboolean is_json, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("files", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < lookups->len; i++) {
        const PifServedLookup *lookup = g_ptr_array_index(lookups, i);
        pif_table_add_row(table);
        pif_table_set(table, FILE_NAME, lookup->file);
        pif_table_set(table, PATH, lookup->path);
        if (lookup->path)
            pif_table_set_number(table, SIZE, (gint64)lookup->size);
    }
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

static gboolean check(const char *folder, PifBoard *board, gboolean is_known, gboolean is_json,
                      GError **error)
{
    PifNodeIdentity identity = identity_of(board, is_known);
    g_autoptr(GPtrArray) lookups = pif_served_lookups_new();
    g_autoptr(PifBootSource) source = pif_served_boot_open(folder, &identity, lookups, error);
    if (!source)
        return FALSE;
    g_free(pif_boot_source_find(source, "bootcode.bin")); /* the first that the ROM wants */
    g_autoptr(PifBootPlan) plan = pif_boot_plan_make(source, board, error);
    g_autofree char *problem = plan ? find_problem(source, plan) : NULL;
    if (!plan || !print_lookups(lookups, is_json, error))
        return FALSE;
    if (problem)
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s does not boot a Pi 3 B+: %s", folder,
                             problem);
    if (!is_json)
        printf("\nBoots %s; pifarm firmware explain tells why.\n", plan->kernel);
    return TRUE;
}

gboolean pif_netboot_cmd_check(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    gboolean is_json = FALSE;
    g_autofree char *serial_text = NULL;
    guint32 serial = 0;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        {"serial", 's', 0, G_OPTION_ARG_STRING, &serial_text,
         "the board's, for files of its own (and of its MAC)", "HEX"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Goes through what a Pi 3 B+ would ask for if FOLDER were served to it, as its boot ROM\n"
        "and firmware do, and lists what is there and what is missing; not all that is missing is\n"
        "needed.\n"
        "\n"
        "Exit status 3: it would not boot.";
    if (!pif_netboot_parse(&entries[0], description, &argc, &argv, error) ||
        (serial_text && !pif_board_parse_serial(serial_text, &serial, error)))
        return FALSE;
    PifBoard board = pif_board_new(serial);
    board.is_netboot = TRUE;
    return check(argv[1], &board, serial_text != NULL, is_json, error);
}
