// SPDX-License-Identifier: MIT
// pifarm down: nodes are asked to shut down, then their power is cut; the last one takes the farm's
// network with it.
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/ssh-args.h"
#include "pifarm/cli/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHUTDOWN_TIMEOUT_S = 60, SSH_TIMEOUT_MS = 20 * 1000 };

typedef struct {
    gboolean all;
    gboolean now;
    gboolean purge;
    int timeout_s;
} DownOptions;

static DownOptions options;

/* Asks as root where the user may be root, else plainly. The connection may break when it works, so
 * its status says nothing; a node that does not let the user do it says so, after it has written to
 * its card what it had not. */
#define REFUSED "refused"
static const char shutdown_command[] =
    "(sudo -n poweroff || poweroff) 2>/dev/null || { sync; echo " REFUSED "; }";

typedef struct {
    const PifNode *node;
    GPtrArray *asked; /* nodes that shut down */
    unsigned *left;
} Request;

static void on_asked(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    g_autofree Request *request = data;
    g_autofree char *output = NULL;
    pif_command_run_finish(NULL, result, &output, NULL);
    if (!output || !strstr(output, REFUSED))
        g_ptr_array_add(request->asked, (gpointer)request->node);
    else
        fprintf(stderr, "pifarm: %s does not let %s shut it down; cutting the power\n",
                request->node->name, request->node->image->enrol.user);
    (*request->left)--;
}

static void ask(const PifFarm *farm, const PifNode *node, GPtrArray *asked, unsigned *left)
{
    g_autoptr(PifCommand) command = pif_ssh_command("ssh", farm, node);
    g_autofree char *destination = pif_ssh_destination(node);
    Request *request = g_new(Request, 1);
    *request = (Request){node, asked, left};
    pif_command_add_vector(command, (const char *const[]){"-n", "-o", "BatchMode=yes", destination,
                                                          shutdown_command, NULL});
    pif_command_set_timeout_ms(command, SSH_TIMEOUT_MS);
    pif_command_run_async(command, NULL, on_asked, request);
}

/* The nodes that are about to shut down. */
static GPtrArray *ask_to_shut_down(const PifFarm *farm, const GPtrArray *nodes)
{
    unsigned left = nodes->len;
    GPtrArray *asked = g_ptr_array_new();
    for (guint i = 0; i < nodes->len; i++)
        ask(farm, g_ptr_array_index(nodes, i), asked, &left);
    while (left > 0)
        g_main_context_iteration(NULL, TRUE);
    return asked;
}

/* Those of the nodes that SSH reaches: the others cannot be asked. */
static GPtrArray *reachable_of(PifClient *client, const GPtrArray *nodes, GError **error)
{
    json_t *json = NULL;
    g_autoptr(GArray) all = pif_client_get_nodes(client, &json, error);
    if (!all)
        return NULL;
    GPtrArray *reachable = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const PifNodeStatus *status = &g_array_index(all, PifNodeStatus, i);
        for (guint k = 0; k < nodes->len; k++) {
            const PifNode *node = g_ptr_array_index(nodes, k);
            if (status->stage == PIF_STAGE_READY && g_str_equal(status->name, node->name))
                g_ptr_array_add(reachable, (gpointer)node);
        }
    }
    json_decref(json);
    return reachable;
}

static gboolean shut_down(PifCli *cli, PifClient *client, const GPtrArray *nodes, GError **error)
{
    g_autoptr(GPtrArray) reachable = reachable_of(client, nodes, error);
    g_autoptr(GError) late = NULL;
    const PifGoal goal = {.kind = PIF_GOAL_OFF};
    if (!reachable)
        return FALSE;
    g_autoptr(GPtrArray) asked = ask_to_shut_down(cli->farm, reachable);
    if (asked->len > 0 &&
        !pif_wait_for(cli->farm, asked, &goal, (unsigned)options.timeout_s, &late))
        fprintf(stderr, "pifarm: %s; cutting the power\n", late->message);
    return TRUE;
}

static gboolean are_all_off(PifClient *client, gboolean *ret_are_off, GError **error)
{
    json_t *json = NULL;
    g_autoptr(GArray) nodes = pif_client_get_nodes(client, &json, error);
    if (!nodes)
        return FALSE;
    *ret_are_off = TRUE;
    for (guint i = 0; i < nodes->len; i++)
        if (pif_stage_is_on(g_array_index(nodes, PifNodeStatus, i).stage))
            *ret_are_off = FALSE;
    json_decref(json);
    return TRUE;
}

/* Daemon, network and, for a purge of the whole farm, its folder. */
static gboolean take_farm_down(PifCli *cli, PifClient *client, gboolean is_whole_farm,
                               GError **error)
{
    g_autofree char *directory = pif_paths_farm_dir(cli->farm->name);
    return pif_client_shut_down(client, cli->farm, error) &&
           (!options.purge || !is_whole_farm || pif_dir_remove(directory, error));
}

static gboolean take_down(PifCli *cli, PifClient *client, const GPtrArray *nodes, GError **error)
{
    gboolean are_off = FALSE;
    if ((!options.now && !shut_down(cli, client, nodes, error)) ||
        !pif_client_post_nodes(client, "/v1/power/off", nodes, NULL, error) ||
        (options.purge && !pif_client_post_nodes(client, "/v1/cards/remove", nodes, NULL, error)) ||
        !are_all_off(client, &are_off, error))
        return FALSE;
    return !are_off || take_farm_down(cli, client, nodes->len == cli->farm->nodes->len, error);
}

static gboolean has_ever_run(const PifFarm *farm)
{
    g_autofree char *directory = pif_paths_farm_dir(farm->name);
    g_autofree char *database = g_build_filename(directory, "state.db", NULL);
    return g_file_test(database, G_FILE_TEST_EXISTS);
}

gboolean pif_cmd_down(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &options.all, "every node of the farm", NULL},
        {"now", 0, 0, G_OPTION_ARG_NONE, &options.now,
         "cut the power without asking the nodes to shut down", NULL},
        {"purge", 0, 0, G_OPTION_ARG_NONE, &options.purge,
         "remove the nodes' cards too: what they wrote is lost", NULL},
        {"timeout", 't', 0, G_OPTION_ARG_INT, &options.timeout_s,
         "how long nodes may take to shut down (60)", "SECONDS"},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("down"), entries,
                                "Without NODE: all nodes. When the last node is off, the bridge, "
                                "the servers and the\n"
                                "daemon go too. The nodes' cards stay for the next `pifarm up` "
                                "unless --purge is given.",
                                FALSE};
    options = (DownOptions){.timeout_s = SHUTDOWN_TIMEOUT_S};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(PifClient) client = NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, options.all, TRUE, error);
    if (!nodes || !pif_client_connect(cli->farm, has_ever_run(cli->farm), &client, error))
        return FALSE;
    return !client || take_down(cli, client, nodes, error);
}
