// SPDX-License-Identifier: MIT
// What the files of `pifarm netboot` share.
#pragma once

#include "pifarm/cli/cli.h"

/* Rows of the commands under `pifarm netboot`. */
extern const PifCliCommand pif_netboot_commands[];

/* pif_cli_parse for the row of that name. */
gboolean pif_netboot_parse(const GOptionEntry *options, const char *description, int *argc,
                           char ***argv, GError **error);

gboolean pif_netboot_cmd_log(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_netboot_cmd_files(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_netboot_cmd_check(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_netboot_cmd_leases(PifCli *cli, int argc, char **argv, int *ret_status,
                                GError **error);
