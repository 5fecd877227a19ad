// SPDX-License-Identifier: MIT
// A command that has commands of its own: `pifarm image`, `pifarm clone`.
#pragma once

#include "pifarm/cli/cli.h"

typedef struct {
    const char *name; /* "clone" */
    const PifCliCommand *commands;
    const char *about; /* paragraphs of its help, before and after the commands */
    const char *notes;
} PifCliGroup;

/* Runs the command that argv[1] names, or shows help. */
gboolean pif_cli_run_group(const PifCliGroup *group, PifCli *cli, int argc, char **argv,
                           int *ret_status, GError **error);

/* pif_cli_parse for the row that argv[0] names. */
gboolean pif_cli_parse_in_group(const PifCliGroup *group, const GOptionEntry *options,
                                const char *description, int *argc, char ***argv, GError **error);
/* USAGE when the row names arguments that are not optional and there are none. */
gboolean pif_cli_need_argument(const PifCliGroup *group, char **argv, GError **error);
