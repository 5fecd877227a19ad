// SPDX-License-Identifier: MIT
// pifarm firmware: what a Pi would boot, and why.
#include "hw/firmware/boot-planner.h"
#include "hw/firmware/qemu.h"
#include "images/disk/scratch.h"
#include "pifarm/base/error.h"
#include "pifarm/boot/card-source.h"
#include "pifarm/cli/firmware-print.h"
#include "pifarm/cli/group.h"
#include "pifarm/cli/image-subject.h"

#include <string.h>

static gboolean run_explain(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);

static const PifCliCommand firmware_commands[] = {
    {"explain", "show what would be booted, and the line that decided it", "FOLDER|FILE|IMAGE|NODE",
     run_explain},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "firmware",
    firmware_commands,
    "What the firmware of a Pi 3 B+ makes of config.txt.",
    "Nothing is started or changed.",
};

gboolean pif_cmd_firmware(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}

/* How the board is, as far as the user says. */
typedef struct {
    char *serial;
    char **gpios;
    char *edid;
    int partition;
    gboolean is_tryboot;
    gboolean is_3b;
    gboolean is_json;
    PifSubjectChoice choice;
} Options;

static void options_clear(Options *options)
{
    g_free(options->serial);
    g_strfreev(options->gpios);
    g_free(options->edid);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* "4=0" */
static gboolean set_gpio(PifBoard *board, const char *text, GError **error)
{
    char *end = NULL;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    if (end == text || number >= PIF_BOARD_GPIOS || *end != '=' ||
        (end[1] != '0' && end[1] != '1') || end[2])
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "'%s' is no level of a pin; --gpio 4=0 says that GPIO 4 is low", text);
    guint64 bit = G_GUINT64_CONSTANT(1) << number;
    board->gpio_levels = end[1] == '1' ? board->gpio_levels | bit : board->gpio_levels & ~bit;
    return TRUE;
}

static gboolean make_board(const Options *options, PifBoard *ret_board, GError **error)
{
    guint32 serial = 0;
    if (options->serial && !pif_board_parse_serial(options->serial, &serial, error))
        return FALSE;
    PifBoard board = pif_board_new(serial);
    if (options->is_3b)
        board.revision = PIF_BOARD_3B;
    for (char **gpio = options->gpios; gpio && *gpio; gpio++)
        if (!set_gpio(&board, *gpio, error))
            return FALSE;
    board.edid = options->edid;
    board.partition = (unsigned)MAX(options->partition, 0);
    board.is_tryboot = options->is_tryboot;
    *ret_board = board;
    return TRUE;
}

/* What is wrong with the files is the answer; an error is that they cannot be read. */
static gboolean explain(const char *subject, PifBootSource *source, const Options *options,
                        const PifBoard *board, int *ret_status, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(PifBootPlan) plan = pif_boot_plan_make(source, board, error);
    g_autoptr(PifQemuBoot) qemu = plan ? pif_qemu_boot_new(plan, &problem) : NULL;
    if (!plan)
        return FALSE;
    PifFirmwareReport report = {subject, plan, qemu, problem ? problem->message : NULL};
    *ret_status = qemu ? 0 : PIF_ERROR_CONFIG;
    if (!options->is_json)
        return pif_firmware_print_text(&report, error);
    pif_firmware_print_json(&report);
    return TRUE;
}

static gboolean explain_folder(const char *path, const Options *options, const PifBoard *board,
                               int *ret_status, GError **error)
{
    g_autoptr(PifBootSource) source = pif_boot_source_open_folder(path, error);
    return source && explain(path, source, options, board, ret_status, error);
}

/* name: what the user calls it. A card in use is read as it is at the moment. */
static gboolean explain_card(const char *name, const char *path, const Options *options,
                             const PifBoard *of_user, int *ret_status, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    g_auto(PifScratch) scratch = {0};
    g_auto(PifBootPartition) boot = {0};
    PifBoard board = *of_user;
    GError *failure = NULL;
    if (!pif_card_open_in_use(path, &card, error) || !pif_scratch_make(&scratch, error))
        return FALSE;
    if (!pif_boot_partition_open(card, scratch.folder, &boot, &failure))
        return pif_error_take(error, failure, "%s", name);
    g_autoptr(PifBootSource) source = pif_boot_source_new_card(card, &boot);
    board.boot_partition = boot.number;
    return explain(name, source, options, &board, ret_status, error);
}

/* The board of a node is known. */
static void take_node(const PifCli *cli, const char *name, const Options *options, PifBoard *board)
{
    const PifNode *node = cli->farm ? pif_farm_find_node(cli->farm, name) : NULL;
    if (!node || options->serial)
        return;
    board->serial = node->serial;
    memcpy(board->mac, node->mac.bytes, sizeof board->mac);
}

static gboolean explain_path(const char *path, const Options *options, const PifBoard *board,
                             int *ret_status, GError **error)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR)
               ? explain_folder(path, options, board, ret_status, error)
               : explain_card(path, path, options, board, ret_status, error);
}

/* What has a '/' in it is a path, and what is neither node nor image. */
static gboolean explain_any(PifCli *cli, const char *name, const Options *options,
                            const PifBoard *of_user, int *ret_status, GError **error)
{
    g_auto(PifSubject) subject = {0};
    PifBoard board = *of_user;
    GError *failure = NULL;
    if (strchr(name, '/'))
        return explain_path(name, options, &board, ret_status, error);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    if (!store)
        return FALSE;
    if (pif_subject_find(cli, store, name, &options->choice, "explain", &subject, &failure)) {
        if (subject.is_node)
            take_node(cli, subject.name, options, &board);
        return explain_card(subject.name, subject.path, options, &board, ret_status, error);
    }
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND) ||
        !g_file_test(name, G_FILE_TEST_EXISTS)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return explain_path(name, options, &board, ret_status, error);
}

static gboolean run_explain(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    g_auto(Options) options = {0};
    PifBoard board;
    const GOptionEntry entries[] = {
        PIF_SUBJECT_ENTRIES(options.choice),
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options.is_json, "print JSON", NULL},
        {"serial", 's', 0, G_OPTION_ARG_STRING, &options.serial, "the board's serial number",
         "HEX"},
        {"gpio", 'g', 0, G_OPTION_ARG_STRING_ARRAY, &options.gpios,
         "a pin that is wired: 4=0 is low", "PIN=LEVEL"},
        {"edid", 0, 0, G_OPTION_ARG_STRING, &options.edid, "the monitor's name", "NAME"},
        {"tryboot", 't', 0, G_OPTION_ARG_NONE, &options.is_tryboot, "after reboot '0 tryboot'",
         NULL},
        {"partition", 0, 0, G_OPTION_ARG_INT, &options.partition, "after reboot N", "N"},
        {"3b", 0, 0, G_OPTION_ARG_NONE, &options.is_3b, "a 3 B, not a 3 B+", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "FOLDER has the files of a boot partition, or of one board on a TFTP server; FILE\n"
        "is a card image. What has a '/' in it is one of the two. Exit status 3: nothing boots\n"
        "from it.";
    if (!pif_cli_parse_in_group(&group, entries, description, &argc, &argv, error) ||
        !pif_cli_need_argument(&group, argv, error) || !make_board(&options, &board, error))
        return FALSE;
    return explain_any(cli, argv[1], &options, &board, ret_status, error);
}
