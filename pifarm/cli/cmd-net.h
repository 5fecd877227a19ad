// SPDX-License-Identifier: MIT
// What the files of `pifarm net` share.
#pragma once

#include "pifarm/cli/cli.h"

/* Rows of the commands under `pifarm net`. */
extern const PifCliCommand pif_net_commands[];

/* pif_cli_parse for the row of that name, farm.yaml loaded, and the farm's network entered. */
gboolean pif_net_parse(PifCli *cli, const GOptionEntry *options, const char *description, int *argc,
                       char ***argv, GError **error);

gboolean pif_net_cmd_plan(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_up(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_show(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_capture(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_fault(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_hosts(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_exec(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_shell(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_net_cmd_down(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
