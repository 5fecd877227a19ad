// SPDX-License-Identifier: MIT
// pifarm netboot: its commands as a table, and the one that serves without a farm, whose work is
// pifarm-netbootd's.
#include "pifarm/cli/cmd-netboot.h"

#include "hw/netboot/server/serve-options.h"
#include "pifarm/base/command.h"
#include "pifarm/cli/group.h"

static gboolean cmd_serve(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);

const PifCliCommand pif_netboot_commands[] = {
    {"log", "print what nodes asked for, and got, to boot", "[NODE]", pif_netboot_cmd_log},
    {"files", "list what a node would be served", "NODE", pif_netboot_cmd_files},
    {"check", "say whether a folder or disk boots a Pi over the network", "ROOT",
     pif_netboot_cmd_check},
    {"leases", "list the addresses that are given out", "", pif_netboot_cmd_leases},
    {"serve", "serve what nodes boot from, without a farm", "", cmd_serve},
    {NULL, NULL, NULL, NULL},
};

static const PifCliGroup group = {
    "netboot",
    pif_netboot_commands,
    "What nodes boot from over the network: addresses and files.",
    "A farm's own server runs while its network is up, as pifarm-netbootd.",
};

/* The options are checked here, for their errors to be the command's, and read again there. */
static gboolean cmd_serve(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    g_auto(GStrv) given = g_strdupv(argv);
    g_autofree char *program = pif_command_find_own("pifarm-netbootd");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    const PifCliTopic topics[] = {
        {"help-dhcp", "show more options of DHCP", "DHCP Options:", pif_serve_dhcp_option_entries(),
         pif_serve_dhcp_description},
        {"help-files", "show more options of TFTP and HTTP",
         "TFTP and HTTP Options:", pif_serve_file_option_entries(), pif_serve_file_description},
        {0}};
    const PifCliOptions spec = {.command =
                                    pif_cli_choose(pif_netboot_commands, group.name, "serve", NULL),
                                .options = pif_serve_option_entries(),
                                .description = pif_serve_description,
                                .group = group.name,
                                .topics = topics};
    pif_command_add_vector(command, (const char *const *)given + 1);
    return pif_cli_parse(&spec, &argc, &argv, error) &&
           pif_serve_options_check(pif_serve_options_get(), error) &&
           pif_command_exec(command, error);
}

gboolean pif_netboot_parse(const GOptionEntry *options, const char *description, int *argc,
                           char ***argv, GError **error)
{
    return pif_cli_parse_in_group(&group, options, description, argc, argv, error) &&
           pif_cli_need_argument(&group, *argv, error);
}

gboolean pif_cmd_netboot(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    return pif_cli_run_group(&group, cli, argc, argv, ret_status, error);
}
