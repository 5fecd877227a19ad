// SPDX-License-Identifier: MIT
// From `pifarm GROUP COMMAND` to the command's row.
#include "pifarm/cli/group.h"

#include "pifarm/base/error.h"

#include <stdio.h>

static void print_help(const PifCliGroup *group)
{
    printf("Usage:\n"
           "  pifarm %s COMMAND [ARGUMENT...]\n"
           "\n"
           "%s\n"
           "\n"
           "Commands:\n",
           group->name, group->about);
    pif_cli_print_commands(group->commands);
    printf("\n"
           "%s\n"
           "pifarm %s COMMAND --help tells more.\n",
           group->notes, group->name);
}

static gboolean is_help(const char *argument)
{
    return g_str_equal(argument, "--help") || g_str_equal(argument, "-h") ||
           g_str_equal(argument, "help");
}

gboolean pif_cli_run_group(const PifCliGroup *group, PifCli *cli, int argc, char **argv,
                           int *ret_status, GError **error)
{
    gboolean wants_help = argc > 1 && is_help(argv[1]);
    if (argc < 2 || (wants_help && argc < 3)) {
        print_help(group);
        *ret_status = wants_help ? 0 : PIF_ERROR_USAGE;
        return TRUE;
    }
    const char *name = wants_help ? argv[2] : argv[1];
    const PifCliCommand *command = pif_cli_choose(group->commands, group->name, name, error);
    if (!command)
        return FALSE;
    char *help[] = {argv[2], (char *)"--help", NULL};
    return wants_help ? command->run(cli, 2, help, ret_status, error)
                      : command->run(cli, argc - 1, argv + 1, ret_status, error);
}

gboolean pif_cli_parse_in_group(const PifCliGroup *group, const GOptionEntry *options,
                                const char *description, int *argc, char ***argv, GError **error)
{
    const PifCliCommand *command = pif_cli_choose(group->commands, group->name, (*argv)[0], error);
    if (!command)
        return FALSE;
    gboolean is_others = g_str_has_prefix(command->arguments, "COMMAND");
    const PifCliOptions spec = {command, options, description, is_others, group->name};
    return pif_cli_parse(&spec, argc, argv, error);
}

gboolean pif_cli_need_argument(const PifCliGroup *group, char **argv, GError **error)
{
    const PifCliCommand *command = pif_cli_choose(group->commands, group->name, argv[0], error);
    if (!command || argv[1] || !*command->arguments || *command->arguments == '[')
        return command != NULL;
    return pif_error_set(error, PIF_ERROR_USAGE, "%s what? pifarm %s %s %s", command->name,
                         group->name, command->name, command->arguments);
}
