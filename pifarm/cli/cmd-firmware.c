// SPDX-License-Identifier: MIT
// pifarm firmware: what a Pi would boot, and why.
#include "hw/firmware/qemu.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/firmware-print.h"
#include "pifarm/cli/group.h"

#include <string.h>

static gboolean run_explain(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);

static const PifCliCommand firmware_commands[] = {
    {"explain", "show what would be booted, and the line that decided it", "FOLDER", run_explain},
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

static gboolean run_explain(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli;
    g_auto(Options) options = {0};
    PifBoard board;
    const GOptionEntry entries[] = {
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
        "FOLDER has the files of a boot partition, or of one board on a TFTP server.\n"
        "Exit status 3: nothing boots from it.";
    if (!pif_cli_parse_in_group(&group, entries, description, &argc, &argv, error) ||
        !pif_cli_need_argument(&group, argv, error) || !make_board(&options, &board, error))
        return FALSE;
    g_autoptr(PifBootSource) source = pif_boot_source_open_folder(argv[1], error);
    return source && explain(argv[1], source, &options, &board, ret_status, error);
}
