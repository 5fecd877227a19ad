// SPDX-License-Identifier: MIT
// What every command of `pifarm` is given, and the table that lists them.
#pragma once

#include "pifarm/base/error.h"
#include "pifarm/base/table.h"
#include "pifarm/model/farm.h"

/* The command line's own state: global options, the farm once loaded. */
typedef struct {
    char *farm_file; /* -f FILE as given; NULL: found (pif_farm_find_file) */
    int verbosity;
    PifFarm *farm; /* by pif_cli_load_farm */
} PifCli;

typedef struct PifCliCommand PifCliCommand;

/* argv[0] is the command's name. Returns FALSE with error set, or TRUE with the exit status in
 * *ret_status (0 at entry): a command like `run` passes the status of what it ran on. */
typedef gboolean (*PifCliFunc)(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);

struct PifCliCommand {
    const char *name;
    const char *summary;   /* one line, for `pifarm help` */
    const char *arguments; /* "[NODE...]" */
    PifCliFunc run;
};

/* Options of a command that has many, which have a help of their own. */
typedef struct {
    const char *help_option; /* "help-dhcp" */
    const char *help_text;   /* what it does */
    const char *title;       /* over its options: "DHCP Options:" */
    const GOptionEntry *options;
    const char *description;
} PifCliTopic;

/* Parses a command's options with GOption: --help prints and makes it return FALSE with no error
 * set (and status 0). description: paragraphs shown under the options (examples, exit status).
 * strict_posix: stop at the first non-option, for commands that end in somebody else's command
 * line. */
typedef struct {
    const PifCliCommand *command;
    const GOptionEntry *options; /* NULL-terminated; may be NULL */
    const char *description;
    gboolean strict_posix;
    const char *group;         /* "image" for the commands of `pifarm image`, else NULL */
    const PifCliTopic *topics; /* up to one without help_option; may be NULL */
} PifCliOptions;
gboolean pif_cli_parse(const PifCliOptions *options, int *argc, char ***argv, GError **error);

/* Adds what to do about it to an error of that code. */
void pif_cli_advise(GError **error, PifErrorCode code, const char *advice);

/* Loads farm.yaml once. */
gboolean pif_cli_load_farm(PifCli *cli, GError **error);

/* The nodes that argv[1..] name. none_is_all: no argument means every node. */
GPtrArray *pif_cli_select(PifCli *cli, char **arguments, gboolean all, gboolean none_is_all,
                          GError **error);

extern const PifCliCommand pif_cli_commands[];
const PifCliCommand *pif_cli_find_command(const char *name);
/* The row of that name; NULL with USAGE and a suggestion when there is none. group: as in
 * PifCliOptions. */
const PifCliCommand *pif_cli_choose(const PifCliCommand *table, const char *group, const char *name,
                                    GError **error);
/* Name and summary of each, for help. */
void pif_cli_print_commands(const PifCliCommand *table);
int pif_cli_main(int argc, char **argv);

/* One for each row of the table. */
gboolean pif_cmd_init(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_check(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_up(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_down(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_show(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_console(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_ssh(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_ssh_config(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_run(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_cp(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_wait(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_log(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_net(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_image(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_clone(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_audit(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_wlan(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_netboot(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_firmware(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_doctor(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_cmd_help(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
