// SPDX-License-Identifier: MIT
// pifarm log: what a node's console printed, or what happened in the farm.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/follow.h"

#include <stdio.h>

typedef struct {
    gboolean follow;
    gboolean kernel;
    gboolean events;
    gboolean json;
} LogOptions;

static LogOptions options;

static gboolean print_console(PifClient *client, const PifNode *node, GError **error)
{
    g_autofree char *path = g_strdup_printf("/v1/nodes/%s/log?follow=%d&of=%s", node->name,
                                            options.follow, options.kernel ? "kernel" : "console");
    return pif_follow(client, path, NULL, error);
}

static void print_event(char *line)
{
    json_t *json = json_loads(line, 0, NULL);
    json_int_t time_us = 0;
    const char *node = json_string_value(json_object_get(json, "node"));
    const char *kind = NULL, *text = NULL;
    if (json_unpack(json, "{s:I, s:s, s:s}", "time_us", &time_us, "kind", &kind, "text", &text) ==
        0) {
        g_autoptr(GDateTime) moment = g_date_time_new_from_unix_local(time_us / G_USEC_PER_SEC);
        g_autofree char *time = g_date_time_format(moment, "%F %T");
        g_autofree char *harmless = g_strescape(text, NULL); /* a node's words among them */
        printf("%s.%03d  %-8s %-10s %s\n", time, (int)(time_us % G_USEC_PER_SEC / 1000),
               node ? node : "-", kind, harmless);
    }
    json_decref(json);
}

static void print_as_it_is(char *line)
{
    puts(line);
}

/* node NULL: of the whole farm */
static gboolean print_events(PifClient *client, const PifNode *node, GError **error)
{
    g_autofree char *path = g_strdup_printf("/v1/events?after=0&follow=%d%s%s", options.follow,
                                            node ? "&node=" : "", node ? node->name : "");
    return pif_follow(client, path, options.json ? print_as_it_is : print_event, error);
}

gboolean pif_cmd_log(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &options.follow, "go on printing what comes", NULL},
        {"events", 'e', 0, G_OPTION_ARG_NONE, &options.events,
         "what happened to the node instead of its console", NULL},
        {"kernel", 'k', 0, G_OPTION_ARG_NONE, &options.kernel,
         "the first serial port (PL011) instead of the second", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "events as lines of JSON", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("log"), entries,
        "With NODE: all that its console printed since it was last turned on. Without: the\n"
        "farm's events.",
        FALSE};
    g_autoptr(GPtrArray) nodes = NULL;
    g_autoptr(PifClient) client = NULL;
    options = (LogOptions){0};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    if (argc < 2) {
        if (!pif_cli_load_farm(cli, error) || !pif_client_connect(cli->farm, TRUE, &client, error))
            return FALSE;
        return print_events(client, NULL, error);
    }
    nodes = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len > 1 && options.follow)
        return pif_error_set(error, PIF_ERROR_USAGE, "--follow takes one node, not %u", nodes->len);
    if (!pif_client_connect(cli->farm, TRUE, &client, error))
        return FALSE;
    gboolean is_ok = TRUE;
    for (guint i = 0; is_ok && i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        if (nodes->len > 1)
            printf("%s==> %s <==\n", i ? "\n" : "", node->name);
        is_ok = options.events || options.json ? print_events(client, node, error)
                                               : print_console(client, node, error);
    }
    return is_ok;
}
