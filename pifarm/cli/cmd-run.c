// SPDX-License-Identifier: MIT
// pifarm run: one command on many nodes at the same time, their output told apart by their names.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/ssh-args.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const PifNode *node;
    GSubprocess *ssh;
    GDataInputStream *output;
    int prefix_width; /* 0: a single node, no prefix */
    unsigned *left;
    int *worst_status;
} Runner;

static void on_line(GObject *source, GAsyncResult *result, gpointer data);

static void read_line(Runner *runner)
{
    g_data_input_stream_read_line_async(runner->output, G_PRIORITY_DEFAULT, NULL, on_line, runner);
}

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
    Runner *runner = data;
    GSubprocess *ssh = G_SUBPROCESS(source);
    g_subprocess_wait_finish(ssh, result, NULL);
    int status = g_subprocess_get_if_exited(ssh) ? g_subprocess_get_exit_status(ssh) : 255;
    if (status != 0 && runner->prefix_width)
        fprintf(stderr, "%-*s  exit status %d\n", runner->prefix_width, runner->node->name, status);
    *runner->worst_status = MAX(*runner->worst_status, status);
    (*runner->left)--;
}

static void on_line(GObject *source, GAsyncResult *result, gpointer data)
{
    Runner *runner = data;
    gsize length = 0;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, &length, NULL);
    if (!line) {
        g_subprocess_wait_async(runner->ssh, NULL, on_ended, runner);
        return;
    }
    if (runner->prefix_width)
        printf("%-*s  ", runner->prefix_width, runner->node->name);
    fwrite(line, 1, length, stdout);
    putchar('\n');
    fflush(stdout);
    read_line(runner);
}

static gboolean start(Runner *runner, const PifFarm *farm, char **remote_command, GError **error)
{
    g_autoptr(PifCommand) command = pif_ssh_command("ssh", farm, runner->node);
    g_autofree char *destination = pif_ssh_destination(runner->node);
    pif_command_add_vector(
        command, (const char *const[]){"-n", "-o", "BatchMode=yes", destination, "--", NULL});
    pif_command_add_vector(command, (const char *const *)remote_command);
    pif_command_set_errors_merged(command, TRUE);
    runner->ssh = pif_command_start_piped(command, error);
    if (!runner->ssh)
        return FALSE;
    runner->output = g_data_input_stream_new(g_subprocess_get_stdout_pipe(runner->ssh));
    read_line(runner);
    return TRUE;
}

static void runner_clear(gpointer data)
{
    Runner *runner = data;
    g_clear_object(&runner->output);
    g_clear_object(&runner->ssh);
}

static int widest_name(const GPtrArray *nodes)
{
    size_t width = 0;
    for (guint i = 0; i < nodes->len; i++)
        width = MAX(width, strlen(((const PifNode *)g_ptr_array_index(nodes, i))->name));
    return (int)width;
}

static gboolean run_on(const PifFarm *farm, const GPtrArray *nodes, char **remote_command,
                       int *ret_status, GError **error)
{
    unsigned left = 0;
    g_autoptr(GArray) runners = g_array_sized_new(FALSE, TRUE, sizeof(Runner), nodes->len);
    g_array_set_clear_func(runners, runner_clear);
    g_array_set_size(runners, nodes->len);
    for (guint i = 0; i < nodes->len; i++) {
        Runner *runner = &g_array_index(runners, Runner, i);
        *runner = (Runner){.node = g_ptr_array_index(nodes, i),
                           .prefix_width = nodes->len > 1 ? widest_name(nodes) : 0,
                           .left = &left,
                           .worst_status = ret_status};
        if (!start(runner, farm, remote_command, error))
            break;
        left++;
    }
    while (left > 0)
        g_main_context_iteration(NULL, TRUE);
    return *error == NULL;
}

/* Index of "--", or of the first argument after the single node that stands for it. */
static int find_command(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (g_str_equal(argv[i], "--"))
            return i;
    return -1;
}

gboolean pif_cmd_run(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    gboolean is_all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "every node of the farm", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("run"), entries,
        "Runs the command by ssh on all nodes at the same time; each line of output begins with\n"
        "the node's name when there are several. The exit status is the highest of the nodes'.\n"
        "\n"
        "Example:\n"
        "  pifarm run --all -- uptime",
        FALSE};
    int separator = find_command(argc, argv);
    int own_argc = separator < 0 ? argc : separator;
    g_autofree char **own_argv = g_memdup2(argv, sizeof(char *) * (size_t)(argc + 1));
    char **parsed = own_argv;
    own_argv[own_argc] = NULL;
    if (!pif_cli_parse(&spec, &own_argc, &parsed, error))
        return *error == NULL;
    if (separator < 0 || separator + 1 >= argc)
        return pif_error_set(error, PIF_ERROR_USAGE, "run what? pifarm run NODE... -- COMMAND...");
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, parsed + 1, is_all, FALSE, error);
    return nodes && pif_ssh_prepare(cli->farm, error) &&
           run_on(cli->farm, nodes, argv + separator + 1, ret_status, error);
}
