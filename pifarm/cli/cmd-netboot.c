// SPDX-License-Identifier: MIT
// pifarm netboot: its commands as a table; the work is done by pifarm-netbootd.
#include "hw/netboot/server/serve-options.h"
#include "pifarm/base/command.h"
#include "pifarm/cli/cli.h"

#include <stdio.h>

static gboolean cmd_serve(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);

static const PifCliCommand netboot_commands[] = {
    {"serve", "serve what nodes boot from, without a farm", "", cmd_serve},
    {NULL, NULL, NULL, NULL},
};

/* The options are checked here, for their errors to be the command's, and read again there. */
static gboolean cmd_serve(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    g_auto(GStrv) given = g_strdupv(argv);
    g_autofree char *program = pif_command_find_own("pifarm-netbootd");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    const PifCliTopic dhcp = {"help-dhcp", "show more options of DHCP",
                              "DHCP Options:", pif_serve_dhcp_option_entries(),
                              pif_serve_dhcp_description};
    const PifCliOptions spec = {.command = &netboot_commands[0],
                                .options = pif_serve_option_entries(),
                                .description = pif_serve_description,
                                .group = "netboot",
                                .topic = &dhcp};
    pif_command_add_vector(command, (const char *const *)given + 1);
    return pif_cli_parse(&spec, &argc, &argv, error) &&
           pif_serve_options_check(pif_serve_options_get(), error) &&
           pif_command_exec(command, error);
}

static void print_help(void)
{
    printf("Usage:\n"
           "  pifarm netboot COMMAND [ARGUMENT...]\n"
           "\n"
           "Serves what nodes boot from over the network.\n"
           "\n"
           "Commands:\n");
    pif_cli_print_commands(netboot_commands);
    printf("\n"
           "pifarm netboot COMMAND --help tells more.\n");
}

static gboolean is_help(const char *argument)
{
    return g_str_equal(argument, "--help") || g_str_equal(argument, "-h") ||
           g_str_equal(argument, "help");
}

gboolean pif_cmd_netboot(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    gboolean wants_help = argc > 1 && is_help(argv[1]);
    if (argc < 2 || (wants_help && argc < 3)) {
        print_help();
        *ret_status = wants_help ? 0 : PIF_ERROR_USAGE;
        return TRUE;
    }
    const char *name = wants_help ? argv[2] : argv[1];
    const PifCliCommand *command = pif_cli_choose(netboot_commands, "netboot", name, error);
    char *help[] = {argv[2], (char *)"--help", NULL};
    if (!command)
        return FALSE;
    return wants_help ? command->run(cli, 2, help, ret_status, error)
                      : command->run(cli, argc - 1, argv + 1, ret_status, error);
}
