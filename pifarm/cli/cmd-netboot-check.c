// SPDX-License-Identifier: MIT
// pifarm netboot check and files: what a board would be served.
#include "hw/firmware/boot-planner.h"
#include "hw/netboot/server/tree-setup.h"
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

/* What the board makes of the tree, and all that it looks for; takes the tree. */
static PifBootPlan *go_through(PifServedTree *tree, const PifNodeIdentity *identity,
                               const PifBoard *board, GPtrArray *lookups, char **ret_problem,
                               GError **error)
{
    g_autoptr(PifBootSource) source =
        pif_served_boot_new(tree, identity, "among what is served", lookups);
    g_free(pif_boot_source_find(source, "bootcode.bin")); /* the first that the ROM wants, */
    g_free(pif_boot_source_find(source, "start.elf"));    /* and then it looks whose files */
    PifBootPlan *plan = pif_boot_plan_make(source, board, error);
    *ret_problem = plan ? find_problem(source, plan) : NULL;
    return plan;
}

static gboolean check(const char *root, const PifBoard *board, gboolean is_known, gboolean is_json,
                      GError **error)
{
    char *roots[] = {(char *)root, NULL};
    const PifServeOptions options = {.roots = roots};
    PifNodeIdentity identity = identity_of(board, is_known);
    g_autofree char *problem = NULL;
    g_autoptr(GPtrArray) lookups = pif_served_lookups_new();
    PifServedTree *tree = pif_tree_setup(&options, NULL, error);
    g_autoptr(PifBootPlan) plan =
        tree ? go_through(tree, &identity, board, lookups, &problem, error) : NULL;
    if (!plan || !print_lookups(lookups, is_json, error))
        return FALSE;
    if (problem)
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s does not boot a Pi 3 B+: %s", root,
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
        "Goes through what a Pi 3 B+ would ask for if ROOT, a folder or a disk, were served to "
        "it,\n"
        "as its boot ROM and firmware do, and lists what is there and what is missing; not all "
        "that\n"
        "is missing is needed.\n"
        "\n"
        "Exit status 3: it would not boot.";
    if (!pif_netboot_parse(entries, description, &argc, &argv, error) ||
        (serial_text && !pif_board_parse_serial(serial_text, &serial, error)))
        return FALSE;
    PifBoard board = pif_board_new(serial);
    board.is_netboot = TRUE;
    return check(argv[1], &board, serial_text != NULL, is_json, error);
}

/* As the farm's own server has it. */
static PifServedTree *open_farms_tree(const PifFarm *farm, GError **error)
{
    char *roots[] = {farm->netboot.root, NULL};
    const PifServeOptions options = {
        .roots = roots, .maps = farm->netboot.maps, .texts = farm->netboot.texts};
    g_autofree char *server = pif_ipv4_format(farm->lan.host_address);
    if (!farm->netboot.root && !farm->netboot.texts) {
        pif_error_set(
            error, PIF_ERROR_NOT_FOUND,
            "farm '%s' serves no files; name a folder in farm.yaml: netboot: { root: tftp }",
            farm->name);
        return NULL;
    }
    return pif_tree_setup(&options, server, error);
}

static gboolean print_files_of(const PifFarm *farm, const PifNode *node, gboolean is_json,
                               GError **error)
{
    PifBoard board = pif_board_new(node->serial);
    memcpy(board.mac, node->mac.bytes, sizeof board.mac);
    board.is_netboot = TRUE;
    PifNodeIdentity identity = identity_of(&board, TRUE);
    g_strlcpy(identity.name, node->name, sizeof identity.name);
    g_autofree char *problem = NULL;
    g_autoptr(GPtrArray) lookups = pif_served_lookups_new();
    PifServedTree *tree = open_farms_tree(farm, error);
    g_autoptr(PifBootPlan) plan =
        tree ? go_through(tree, &identity, &board, lookups, &problem, error) : NULL;
    if (!plan || !print_lookups(lookups, is_json, error))
        return FALSE;
    if (!is_json && problem)
        printf("\n%s would not boot: %s\n", node->name, problem);
    return TRUE;
}

gboolean pif_netboot_cmd_files(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    static const char description[] = "What the farm would serve to the node: the files that it "
                                      "would ask for, in that order, and\n"
                                      "which of the folder's they are.";
    if (!pif_netboot_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is %u nodes; files are of one", argv[1],
                             nodes->len);
    return print_files_of(cli->farm, g_ptr_array_index(nodes, 0), is_json, error);
}
