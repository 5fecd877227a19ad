// SPDX-License-Identifier: MIT
// pifarm up, pifarm wait.
#include "images/store/store.h"
#include "netsetup/rootless.h"
#include "pifarm/base/error.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/boot-once.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/wait.h"
#include "pifarm/model/farm-image.h"
#include "pifarm/model/farm-net.h"

#include <stdio.h>
#include <unistd.h>

typedef struct {
    gboolean all;
    gboolean dry_run;
    gboolean wait;
    char *goal; /* NULL: ssh */
    int timeout_s;
} UpOptions;

static UpOptions options;

static gboolean parse_wait(const char *name, const char *value, gpointer data, GError **error)
{
    (void)name, (void)data, (void)error;
    options.wait = TRUE;
    g_free(options.goal);
    options.goal = g_strdup(value);
    return TRUE;
}

/* GOption would take the word after a bare --wait for its value; here it is a node. */
static void give_wait_a_value(char **argv)
{
    for (char **argument = argv; *argument && !g_str_equal(*argument, "--"); argument++)
        if (g_str_equal(*argument, "--wait") || g_str_equal(*argument, "-w"))
            *argument = (char *)"--wait=";
}

/* The distinct images of these nodes: const PifImageSpec*. */
static GPtrArray *images_of(const GPtrArray *nodes)
{
    GPtrArray *images = g_ptr_array_new();
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        if (!g_ptr_array_find(images, node->image, NULL))
            g_ptr_array_add(images, (gpointer)node->image);
    }
    return images;
}

static PifStore *open_store(GError **error)
{
    g_autofree char *directory = pif_paths_store_dir();
    return pif_store_open(directory, error);
}

static gboolean make_images(const GPtrArray *nodes, GError **error)
{
    int boot_timeout_s = PIF_BOOT_ONCE_TIMEOUT_S;
    g_autoptr(GPtrArray) images = images_of(nodes);
    g_autoptr(PifStore) store = open_store(error);
    for (guint i = 0; store && i < images->len; i++) {
        const PifImageSpec *spec = g_ptr_array_index(images, i);
        g_autoptr(PifImage) image = NULL;
        if (pif_farm_image_find(store, spec, &image, NULL))
            continue;
        g_autofree char *title = g_strdup_printf("image %s", spec->name);
        g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
        const PifPrepareOptions how = {
            .progress = progress, .boot = pif_boot_once, .boot_data = &boot_timeout_s};
        if (!pif_farm_image_make(store, spec, &how, &image, error))
            return FALSE;
    }
    return store != NULL;
}

static gboolean print_net_plan(const PifFarm *farm, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(farm);
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&net->spec, error);
    if (!plan)
        return FALSE;
    g_autofree char *text = pif_net_plan_format(plan);
    fputs(text, stdout);
    return TRUE;
}

/* What `up` would do, as comments and commands. Needs no rights and changes nothing. */
static gboolean print_plan(PifCli *cli, const GPtrArray *nodes, GError **error)
{
    g_autoptr(GPtrArray) images = images_of(nodes);
    for (guint i = 0; i < images->len; i++) {
        const PifImageSpec *spec = g_ptr_array_index(images, i);
        printf("# image %s: from %s, imported and prepared unless the store has it\n", spec->name,
               spec->source ? spec->source : "the store");
    }
    if (!print_net_plan(cli->farm, error))
        return FALSE;
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        g_autofree char *address = pif_ipv4_format(node->address);
        g_autofree char *mac = pif_mac_format(&node->mac);
        printf(
            "# node %s: raspi3b guest, TAP q0tap%u, MAC %s, address %s, SSH also at 127.0.0.1:%u\n",
            node->name, node->id, mac, address, node->ssh_port);
        if (node->has_wan)
            printf("# node %s: wan, address 100.65.%u.15\n", node->name, node->id);
        if (node->has_wlan)
            printf("# node %s: wlan, TAP q1tap%u\n", node->name, node->id);
    }
    return TRUE;
}

static void mention_already_on(json_t *answer)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(answer, "already"), i, name)
        fprintf(stderr, "pifarm: %s is on already\n", json_string_value(name));
}

/* Before images are made, which takes minutes. */
static gboolean check_rights(const PifFarm *farm, GError **error)
{
    g_autoptr(PifFarmNet) net = pif_farm_net_new(farm);
    return pif_rootless_check(&net->spec, error);
}

static gboolean try_to_turn_on(PifCli *cli, const GPtrArray *nodes, json_t **ret_answer,
                               GError **error)
{
    g_autoptr(PifClient) client = NULL;
    json_t *nothing = json_object();
    gboolean is_ok = pif_client_connect(cli->farm, TRUE, &client, error) &&
                     pif_client_post(client, "/v1/reload", nothing, NULL, error) &&
                     pif_client_post_nodes(client, "/v1/power/on", nodes, ret_answer, error);
    json_decref(nothing);
    return is_ok;
}

/* A daemon with nothing to do has no reason to stay. */
static void end_idle_daemon(const PifFarm *farm)
{
    g_autoptr(PifClient) client = NULL;
    if (pif_client_connect(farm, FALSE, &client, NULL) && client)
        pif_client_shut_down(client, farm, NULL);
}

/* A daemon that dies under the request may have begun it: then its successor goes on with it, and
 * what we ask for again is there already. */
static gboolean turn_on(PifCli *cli, const GPtrArray *nodes, GError **error)
{
    enum { MAX_TRIES = 3 };
    for (int try = 1;; try++) {
        GError *failure = NULL;
        json_t *answer = NULL;
        if (try_to_turn_on(cli, nodes, &answer, &failure)) {
            if (try == 1)
                mention_already_on(answer);
            json_decref(answer);
            return TRUE;
        }
        if (try > 1 && g_error_matches(failure, PIF_ERROR, PIF_ERROR_EXISTS)) {
            g_error_free(failure);
            return TRUE;
        }
        if (try == MAX_TRIES || !g_error_matches(failure, PIF_ERROR, PIF_ERROR_PROTOCOL)) {
            end_idle_daemon(cli->farm);
            g_propagate_error(error, failure);
            return FALSE;
        }
        g_error_free(failure);
    }
}

/* A card that cannot be made, or a machine that does not start, is no success. */
static gboolean wait_until_started(PifCli *cli, const GPtrArray *nodes, GError **error)
{
    static const PifGoal goal = {.kind = PIF_GOAL_STARTED};
    return pif_wait_for(cli->farm, nodes, &goal, (unsigned)options.timeout_s, error);
}

static gboolean wait_for_goal(PifCli *cli, const GPtrArray *nodes, GError **error)
{
    g_auto(PifGoal) goal = {0};
    gint64 before_us = g_get_monotonic_time();
    if (!pif_goal_parse(options.goal, &goal, error) ||
        !pif_wait_for(cli->farm, nodes, &goal, (unsigned)options.timeout_s, error))
        return FALSE;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "%u node%s reachable after %.1f s\n", nodes->len,
                nodes->len == 1 ? "" : "s",
                (double)(g_get_monotonic_time() - before_us) / G_USEC_PER_SEC);
    return TRUE;
}

static gboolean check_options(GError **error)
{
    g_auto(PifGoal) goal = {0};
    if (options.timeout_s <= 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "--timeout must be at least 1 second");
    return pif_goal_parse(options.goal, &goal, error);
}

static const GOptionEntry all_entry = {
    "all", 'a', 0, G_OPTION_ARG_NONE, &options.all, "every node of the farm", NULL};

gboolean pif_cmd_up(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {all_entry,
                                    {"wait", 'w', G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK,
                                     (gpointer)parse_wait, "wait until the nodes are reachable",
                                     "GOAL"},
                                    {"timeout", 't', 0, G_OPTION_ARG_INT, &options.timeout_s,
                                     "how long to wait (300)", "SECONDS"},
                                    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
                                     "say what would be done, do nothing", NULL},
                                    G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("up"), entries,
        "GOAL is ssh (without one), ping or console:REGEX. Without NODE: all nodes. Images are "
        "imported and prepared, clones and the bridge made\n"
        "where they are not there yet.\n"
        "\n"
        "Exit status: 1 when a node could not be started (without --wait too), 5 when all of the\n"
        "nodes are on already, 7 when something needed is in use, 8 when a node was not reachable\n"
        "in time.",
        FALSE};
    options = (UpOptions){.timeout_s = PIF_WAIT_DEFAULT_S};
    give_wait_a_value(argv);
    if (!pif_cli_parse(&spec, &argc, &argv, error) || !check_options(error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, options.all, TRUE, error);
    if (!nodes)
        return FALSE;
    if (options.dry_run)
        return print_plan(cli, nodes, error);
    return check_rights(cli->farm, error) && make_images(nodes, error) &&
           turn_on(cli, nodes, error) &&
           (options.wait ? wait_for_goal(cli, nodes, error)
                         : wait_until_started(cli, nodes, error));
}

gboolean pif_cmd_wait(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {all_entry,
                                    {"for", 'w', 0, G_OPTION_ARG_CALLBACK, (gpointer)parse_wait,
                                     "what to wait for: ssh (default), ping, console:REGEX",
                                     "GOAL"},
                                    {"timeout", 't', 0, G_OPTION_ARG_INT, &options.timeout_s,
                                     "how long to wait (300)", "SECONDS"},
                                    G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("wait"), entries,
        "Without NODE: all nodes. Exit status: 1 when a node is off or fails, 8 when time is up.",
        FALSE};
    options = (UpOptions){.timeout_s = PIF_WAIT_DEFAULT_S};
    if (!pif_cli_parse(&spec, &argc, &argv, error) || !check_options(error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, options.all, TRUE, error);
    return nodes && wait_for_goal(cli, nodes, error);
}
