// SPDX-License-Identifier: MIT
// The table of commands, global options, and the one place where an error is printed.
#include "pifarm/cli/cli.h"

#include "pifarm/base/error.h"
#include "pifarm/base/log.h"
#include "pifarm/base/suggest.h"
#include "pifarm/cli/fold.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HELP_WIDTH = 80 };

const PifCliCommand pif_cli_commands[] = {
    {"init", "write a commented farm.yaml to start from", "[FARM]", pif_cmd_init},
    {"check", "check farm.yaml and say what it describes", "", pif_cmd_check},
    {"up", "turn nodes on", "[NODE...]", pif_cmd_up},
    {"down", "shut nodes down and turn them off", "[NODE...]", pif_cmd_down},
    {"list", "list the nodes and how they are", "[NODE...]", pif_cmd_list},
    {"show", "show all that is known of a node", "NODE...", pif_cmd_show},
    {"console", "attach to a node's serial console", "NODE", pif_cmd_console},
    {"ssh", "log in to a node, or run a command there", "NODE [COMMAND...]", pif_cmd_ssh},
    {"ssh-config", "print how ssh reaches nodes, for other programs", "[NODE...]",
     pif_cmd_ssh_config},
    {"run", "run a command on many nodes at once", "NODE... -- COMMAND...", pif_cmd_run},
    {"cp", "copy files to or from nodes", "SOURCE... TARGET", pif_cmd_cp},
    {"wait", "wait until nodes are reachable", "[NODE...]", pif_cmd_wait},
    {"log", "print what a node's console said, or the farm's events", "[NODE...]", pif_cmd_log},
    {"image", "import, list, inspect, prepare and remove card images", "COMMAND ...",
     pif_cmd_image},
    {"clone", "list, reset, commit, rebase and compare the nodes' cards", "COMMAND ...",
     pif_cmd_clone},
    {"audit", "find what nodes share that must be each one's own", "[NODE...]", pif_cmd_audit},
    {"net", "show, plan, make and remove the farm's links", "COMMAND ...", pif_cmd_net},
    {"wlan", "run a command as a client of a node's access point", "NODE [-- COMMAND...]",
     pif_cmd_wlan},
    {"netboot", "serve what nodes boot from over the network", "COMMAND ...", pif_cmd_netboot},
    {"firmware", "explain what the firmware would boot", "COMMAND ...", pif_cmd_firmware},
    {"doctor", "find what is missing on this host and how to mend it", "", pif_cmd_doctor},
    {"help", "show what there is, or a command's help", "[COMMAND...]", pif_cmd_help},
    {NULL, NULL, NULL, NULL},
};

const PifCliCommand *pif_cli_find_command(const char *name)
{
    for (const PifCliCommand *command = pif_cli_commands; command->name; command++)
        if (g_str_equal(command->name, name))
            return command;
    return NULL;
}

void pif_cli_print_commands(const PifCliCommand *table)
{
    for (const PifCliCommand *command = table; command->name; command++)
        printf("  %-10s %s\n", command->name, command->summary);
}

const PifCliCommand *pif_cli_choose(const PifCliCommand *table, const char *group, const char *name,
                                    GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const PifCliCommand *command = table; command->name; command++) {
        if (g_str_equal(command->name, name))
            return command;
        g_ptr_array_add(names, (gpointer)command->name);
    }
    g_ptr_array_add(names, NULL);
    const char *close = pif_suggest(name, (const char *const *)names->pdata);
    g_autofree char *whole = group ? g_strdup_printf("%s %s", group, name) : g_strdup(name);
    if (close)
        pif_error_set(error, PIF_ERROR_USAGE, "there is no command '%s'; did you mean '%s%s%s'?",
                      whole, group ? group : "", group ? " " : "", close);
    else
        pif_error_set(error, PIF_ERROR_USAGE, "there is no command '%s'; see: pifarm help%s%s",
                      whole, group ? " " : "", group ? group : "");
    return NULL;
}

static void print_help(void)
{
    printf("Usage: pifarm [-f FARM.YAML] [-v] COMMAND [ARGUMENT...]\n"
           "\n"
           "Runs a farm of Raspberry Pi 3 B+ nodes.\n"
           "\n"
           "Commands:\n");
    pif_cli_print_commands(pif_cli_commands);
    printf("\n"
           "Nodes are named n1, n[1-4], 3 (an ID), @group, sw0/[1-4] (ports), or --all.\n"
           "\n"
           "Options:\n"
           "  -f, --file=FILE  the farm.yaml to use (else $PIFARM_FILE, or here or above)\n"
           "  -v, --verbose    say more; twice: debug\n"
           "  --version        print the version\n"
           "\n"
           "pifarm COMMAND --help tells more. Exit status: 0 done, 2 usage, 3 configuration,\n"
           "4 not found, 5 exists, 6 denied, 7 busy, 8 timeout, 9 protocol, 1 anything else.\n");
}

/* GOption keeps the "--" before an argument that begins with '-'. Commands whose arguments end in
 * others' want to see it. */
static void drop_dashes(const PifCliCommand *command, int *argc, char **argv)
{
    for (int i = 1; i < *argc && !strstr(command->arguments, "..."); i++) {
        if (!g_str_equal(argv[i], "--"))
            continue;
        memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof *argv); /* and the NULL */
        (*argc)--;
        return;
    }
}

/* The row of the table says how many arguments there may be. */
static gboolean check_arguments(const PifCliCommand *command, const char *program, char **argv,
                                GError **error)
{
    g_auto(GStrv) words = g_strsplit(command->arguments, " ", -1);
    guint most = *command->arguments ? g_strv_length(words) : 0;
    if (strstr(command->arguments, "...") || g_strv_length(argv) - 1 <= most)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is one argument too many; usage: %s%s%s",
                         argv[most + 1], program, most ? " " : "", command->arguments);
}

/* A topic's options, which the context owns, and whether its help is asked for. */
typedef struct {
    const PifCliTopic *topic;
    GOptionGroup *group;
    gboolean is_asked;
} Topic;

enum { MAX_TOPICS = 4 };

static void add_topic(GOptionContext *context, Topic *added)
{
    const PifCliTopic *topic = added->topic;
    const GOptionEntry help_entry[] = {
        {topic->help_option, 0, 0, G_OPTION_ARG_NONE, &added->is_asked, topic->help_text, NULL},
        G_OPTION_ENTRY_NULL};
    added->group =
        g_option_group_new(topic->help_option, topic->title, topic->help_text, NULL, NULL);
    g_option_group_add_entries(added->group, topic->options);
    g_option_context_add_group(context, added->group);
    g_option_context_add_main_entries(context, help_entry, NULL);
}

static void add_topics(GOptionContext *context, const PifCliTopic *topics, Topic *ret_topics)
{
    for (size_t i = 0; topics && topics[i].help_option; i++) {
        g_assert(i < MAX_TOPICS);
        ret_topics[i].topic = &topics[i];
        add_topic(context, &ret_topics[i]);
    }
}

/* NULL: none. */
static const Topic *asked_topic(const Topic *topics)
{
    for (size_t i = 0; i < MAX_TOPICS; i++)
        if (topics[i].is_asked)
            return &topics[i];
    return NULL;
}

/* Of the command, or of that topic of it. */
static void print_options(GOptionContext *context, const Topic *topic)
{
    if (topic) {
        g_autofree char *description = pif_fold(topic->topic->description, HELP_WIDTH);
        g_option_context_set_description(context, description);
    }
    g_autofree char *text =
        g_option_context_get_help(context, topic == NULL, topic ? topic->group : NULL);
    fputs(text, stdout);
}

static GOptionContext *make_context(const PifCliOptions *options)
{
    g_autofree char *summary = g_strdup_printf(
        "%c%s.", g_ascii_toupper(options->command->summary[0]), options->command->summary + 1);
    g_autofree char *description = pif_fold(options->description, HELP_WIDTH);
    GOptionContext *context = g_option_context_new(options->command->arguments);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, options->strict_posix);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    if (options->options)
        g_option_context_add_main_entries(context, options->options, NULL);
    return context;
}

gboolean pif_cli_parse(const PifCliOptions *options, int *argc, char ***argv, GError **error)
{
    g_assert(options->command); /* or a command is not in the table */
    gboolean is_help = FALSE;
    Topic topics[MAX_TOPICS] = {0};
    const GOptionEntry help_entry[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &is_help, "show this help", NULL}, G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = make_context(options);
    add_topics(context, options->topics, topics);
    g_option_context_add_main_entries(context, help_entry, NULL);
    g_autofree char *program =
        g_strjoin(" ", "pifarm", options->group ? options->group : options->command->name,
                  options->group ? options->command->name : NULL, NULL);
    g_set_prgname(program);
    GError *failure = NULL;
    gboolean is_ok = g_option_context_parse(context, argc, argv, &failure);
    const Topic *topic = asked_topic(topics);
    if (is_ok && (is_help || topic))
        print_options(context, topic);
    g_set_prgname("pifarm");
    if (is_ok && (is_help || topic))
        return FALSE;
    if (is_ok)
        drop_dashes(options->command, argc, *argv);
    if (is_ok)
        return check_arguments(options->command, program, *argv, error);
    pif_error_set(error, PIF_ERROR_USAGE, "%s; see: %s --help", failure->message, program);
    g_error_free(failure);
    return FALSE;
}

gboolean pif_cmd_help(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    const PifCliOptions spec = {pif_cli_find_command("help"), NULL,
                                "The same as pifarm COMMAND --help.", FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return FALSE;
    if (argc < 2) {
        print_help();
        return TRUE;
    }
    const PifCliCommand *command = pif_cli_choose(pif_cli_commands, NULL, argv[1], error);
    char *help[] = {argv[1], (char *)"--help", argv[2], NULL}; /* argv[2]: image's commands */
    return command && command->run(cli, argc < 3 ? 2 : 3, help, ret_status, error);
}

void pif_cli_advise(GError **error, PifErrorCode code, const char *advice)
{
    if (!g_error_matches(*error, PIF_ERROR, (int)code))
        return;
    GError *advised = g_error_new(PIF_ERROR, (int)code, "%s; %s", (*error)->message, advice);
    g_error_free(*error);
    *error = advised;
}

gboolean pif_cli_load_farm(PifCli *cli, GError **error)
{
    if (cli->farm)
        return TRUE;
    g_autofree char *path = NULL;
    if (!pif_farm_find_file(cli->farm_file, &path, error))
        return FALSE;
    cli->farm = pif_farm_load(path, error);
    return cli->farm != NULL;
}

GPtrArray *pif_cli_select(PifCli *cli, char **arguments, gboolean all, gboolean none_is_all,
                          GError **error)
{
    if (!pif_cli_load_farm(cli, error))
        return NULL;
    gboolean is_empty = !arguments || !arguments[0];
    return pif_farm_select(cli->farm, (const char *const *)arguments,
                           all || (is_empty && none_is_all), error);
}

static gboolean say_more(const char *name, const char *value, gpointer data, GError **error)
{
    (void)name, (void)value, (void)error;
    PifCli *cli = data;
    cli->verbosity++;
    return TRUE;
}

static gboolean parse_global_options(PifCli *cli, int *argc, char ***argv, gboolean *ret_done,
                                     GError **error)
{
    gboolean is_help = FALSE;
    gboolean is_version = FALSE;
    const GOptionEntry entries[] = {
        {"verbose", 'v', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer)say_more, NULL,
         NULL},
        {"file", 'f', 0, G_OPTION_ARG_FILENAME, &cli->farm_file, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &is_help, NULL, NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &is_version, NULL, NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, TRUE);
    GOptionGroup *group = g_option_group_new("main", "", "", cli, NULL);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    GError *failure = NULL;
    if (!g_option_context_parse(context, argc, argv, &failure)) {
        pif_error_set(error, PIF_ERROR_USAGE, "%s; see: pifarm help", failure->message);
        g_error_free(failure);
        return FALSE;
    }
    pif_log_init("pifarm", 1 + cli->verbosity);
    *ret_done = is_help || is_version;
    if (is_help)
        print_help();
    else if (is_version)
        printf("pifarm %s\n", PIFARM_VERSION);
    return TRUE;
}

static gboolean run_command(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    gboolean is_done = FALSE;
    if (!parse_global_options(cli, &argc, &argv, &is_done, error))
        return FALSE;
    if (is_done)
        return TRUE;
    if (argc < 2) {
        print_help();
        *ret_status = PIF_ERROR_USAGE;
        return TRUE;
    }
    const PifCliCommand *command = pif_cli_choose(pif_cli_commands, NULL, argv[1], error);
    return command && command->run(cli, argc - 1, argv + 1, ret_status, error);
}

/* Debian's users, and root by `su`, have no sbin in their PATH; debugfs and dnsmasq are there. */
static void extend_path(void)
{
    const char *path = g_getenv("PATH");
    if (path && !strstr(path, "/usr/sbin")) {
        g_autofree char *longer = g_strconcat(path, ":/usr/sbin:/sbin", NULL);
        g_setenv("PATH", longer, TRUE);
    }
}

int pif_cli_main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    extend_path();
    pif_log_init("pifarm", 1);
    PifCli cli = {0};
    int status = 0;
    g_autoptr(GError) error = NULL;
    if (!run_command(&cli, argc, argv, &status, &error) && error) {
        /* root may what others may not */
        if (geteuid() != 0 && !strstr(error->message, "sudo"))
            pif_cli_advise(&error, PIF_ERROR_DENIED, "try again with sudo");
        pif_log_error(error);
        status = pif_error_exit_status(error);
    }
    pif_farm_free(cli.farm);
    g_free(cli.farm_file);
    return status;
}
