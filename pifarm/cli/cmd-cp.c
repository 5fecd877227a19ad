// SPDX-License-Identifier: MIT
// pifarm cp: scp to or from nodes.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/ssh-args.h"

#include <string.h>

/* "n1:/etc/hosts" -> nodes "n1", path "/etc/hosts"; a local path has no colon before its first
 * slash. */
static gboolean split_remote(const char *argument, char **ret_nodes, const char **ret_path)
{
    const char *colon = strchr(argument, ':');
    const char *slash = strchr(argument, '/');
    const char *bracket = strchr(argument, '[');
    if (!colon || colon == argument)
        return FALSE;
    if (slash && slash < colon && !(bracket && bracket < colon))
        return FALSE;
    *ret_nodes = g_strndup(argument, (gsize)(colon - argument));
    *ret_path = colon + 1;
    return TRUE;
}

static PifCommand *new_scp(PifCli *cli, const PifNode *node, gboolean is_recursive,
                           gboolean is_legacy)
{
    PifCommand *command = pif_ssh_command("scp", cli->farm, node);
    pif_command_add_vector(command, (const char *const[]){"-o", "BatchMode=yes", NULL});
    if (is_recursive)
        pif_command_add(command, "-r");
    if (is_legacy)
        pif_command_add(command, "-O");
    pif_command_add(command, "--");
    return command;
}

typedef struct {
    PifCli *cli;
    const PifNode *node;
    char **sources; /* as scp takes them */
    char *target;
    gboolean is_recursive;
} Copy;

static gboolean run_copy(const Copy *copy, gboolean is_legacy, GError **error)
{
    g_autoptr(PifCommand) command = new_scp(copy->cli, copy->node, copy->is_recursive, is_legacy);
    pif_command_add_vector(command, (const char *const *)copy->sources);
    pif_command_add(command, copy->target);
    return pif_command_run(command, NULL, error);
}

/* Small systems have no SFTP server; the old protocol needs but the scp program there. */
static gboolean copy_either_way(const Copy *copy, GError **error)
{
    GError *failure = NULL;
    if (!pif_ssh_prepare(copy->cli->farm, error))
        return FALSE;
    if (run_copy(copy, FALSE, &failure))
        return TRUE;
    gboolean has_no_sftp = strstr(failure->message, "sftp") ||
                           strstr(failure->message, "subsystem") ||
                           g_str_has_suffix(failure->message, "255: scp: Connection closed");
    if (has_no_sftp && run_copy(copy, TRUE, NULL)) {
        g_error_free(failure);
        return TRUE;
    }
    g_propagate_prefixed_error(error, failure, "%s: ", copy->node->name);
    return FALSE;
}

static char *remote_path(const PifNode *node, const char *path)
{
    g_autofree char *destination = pif_ssh_destination(node);
    return g_strdup_printf("%s:%s", destination, path);
}

/* scp would look for a host of the node's name. */
static gboolean check_local(char **sources, GError **error)
{
    for (; *sources; sources++) {
        g_autofree char *nodes = NULL;
        const char *path = NULL;
        if (split_remote(*sources, &nodes, &path))
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "%s and the target are both on nodes: copy it here first (or "
                                 "write ./%s for a file here)",
                                 *sources, *sources);
    }
    return TRUE;
}

static gboolean copy_to_nodes(PifCli *cli, char **sources, const char *nodes_text, const char *path,
                              gboolean is_recursive, GError **error)
{
    char *selection[] = {(char *)nodes_text, NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, selection, FALSE, FALSE, error);
    for (guint i = 0; nodes && i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        g_autofree char *target = remote_path(node, path);
        Copy copy = {cli, node, sources, target, is_recursive};
        if (!copy_either_way(&copy, error))
            return FALSE;
    }
    return nodes != NULL;
}

static gboolean copy_from_node(PifCli *cli, const char *nodes_text, const char *path, char *target,
                               gboolean is_recursive, GError **error)
{
    char *selection[] = {(char *)nodes_text, NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, selection, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "copy from one node at a time, not from %u",
                             nodes->len);
    const PifNode *node = g_ptr_array_index(nodes, 0);
    g_autofree char *source = remote_path(node, path);
    char *sources[] = {source, NULL};
    Copy copy = {cli, node, sources, target, is_recursive};
    return copy_either_way(&copy, error);
}

gboolean pif_cmd_cp(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_recursive = FALSE;
    const GOptionEntry entries[] = {{"recursive", 'r', 0, G_OPTION_ARG_NONE, &is_recursive,
                                     "copy folders with all in them", NULL},
                                    G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("cp"), entries,
                                "A place on nodes is written NODE:PATH.\n"
                                "\n"
                                "Examples:\n"
                                "  pifarm cp app.conf 'n[1-4]:/tmp'\n"
                                "  pifarm cp n1:/var/log/syslog .",
                                FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    if (argc < 3)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "copy what to where? pifarm cp SOURCE... TARGET");
    g_autofree char *nodes = NULL;
    const char *path = NULL;
    char *target = argv[argc - 1];
    if (split_remote(target, &nodes, &path)) {
        argv[argc - 1] = NULL;
        return check_local(argv + 1, error) &&
               copy_to_nodes(cli, argv + 1, nodes, path, is_recursive, error);
    }
    if (argc == 3 && split_remote(argv[1], &nodes, &path))
        return copy_from_node(cli, nodes, path, target, is_recursive, error);
    return pif_error_set(error, PIF_ERROR_USAGE,
                         "neither place is on a node; write one as NODE:PATH");
}
