// SPDX-License-Identifier: MIT
// pifarm netboot log.
#include "pifarm/cli/cmd-netboot.h"
#include "pifarm/cli/follow.h"

#include <stdio.h>

static const char *text_of(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

static void append_file(GString *text, const json_t *record)
{
    const char *file = text_of(record, "file");
    const json_t *size = json_object_get(record, "size");
    double ms = json_number_value(json_object_get(record, "ms"));
    g_autofree char *harmless = file ? g_strescape(file, NULL) : NULL; /* a stranger's words */
    if (file)
        g_string_append_printf(text, " %s", harmless);
    if (size && ms > 0)
        g_string_append_printf(text, ", %" JSON_INTEGER_FORMAT " bytes in %.1f ms",
                               json_integer_value(size), ms);
    if (json_integer_value(json_object_get(record, "resent")) > 0)
        g_string_append_printf(text, ", %" JSON_INTEGER_FORMAT " blocks sent again",
                               json_integer_value(json_object_get(record, "resent")));
}

/* "offer 10.77.0.13 (pi-3b-plus, serial 5564247d): why" */
static char *describe(const json_t *record)
{
    GString *text = g_string_new(text_of(record, "event"));
    const char *address = text_of(record, "address");
    const char *profile = text_of(record, "profile");
    const char *serial = text_of(record, "serial");
    const char *message = text_of(record, "message");
    g_autofree char *harmless = message ? g_strescape(message, NULL) : NULL;
    if (address)
        g_string_append_printf(text, " %s", address);
    append_file(text, record);
    if (profile)
        g_string_append_printf(text, " (%s%s%s)", profile, serial ? ", serial " : "",
                               serial ? serial : "");
    if (message)
        g_string_append_printf(text, ": %s", harmless);
    return g_string_free(text, FALSE);
}

/* Who it was: the node, or what else is known of it. */
static const char *who(const json_t *json, const json_t *record)
{
    const char *names[] = {text_of(json, "node"), text_of(record, "mac"), text_of(record, "client"),
                           "-"};
    size_t i = 0;
    while (!names[i])
        i++;
    return names[i];
}

static void print_record(char *line)
{
    json_t *json = json_loads(line, 0, NULL);
    const json_t *record = json_object_get(json, "record");
    json_int_t time_us = json_integer_value(json_object_get(json, "time_us"));
    if (json_is_object(record)) {
        g_autoptr(GDateTime) moment = g_date_time_new_from_unix_local(time_us / G_USEC_PER_SEC);
        g_autofree char *time = g_date_time_format(moment, "%F %T");
        g_autofree char *words = describe(record);
        printf("%s.%03d  %-8s %-5s %s\n", time, (int)(time_us % G_USEC_PER_SEC / 1000),
               who(json, record), text_of(json, "kind"), words);
    }
    json_decref(json);
}

static void print_as_it_is(char *line)
{
    puts(line);
}

gboolean pif_netboot_cmd_log(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_following = FALSE, is_json = FALSE;
    const GOptionEntry entries[] = {
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &is_following, "go on printing what comes", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "lines of JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Addresses asked for and given, files sent and missing, of one node or of all who boot on\n"
        "the farm's network, strangers too. The newest 2000 of each node are kept.";
    if (!pif_netboot_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, FALSE, TRUE, error);
    g_autoptr(PifClient) client = NULL;
    if (!nodes)
        return FALSE;
    if (argc > 1 && nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is %u nodes; a log is of one, or of all",
                             argv[1], nodes->len);
    if (!pif_client_connect(cli->farm, TRUE, &client, error))
        return FALSE;
    const PifNode *node = argc > 1 ? g_ptr_array_index(nodes, 0) : NULL;
    g_autofree char *path = g_strdup_printf("/v1/netboot?after=0&follow=%d%s%s", is_following,
                                            node ? "&node=" : "", node ? node->name : "");
    return pif_follow(client, path, is_json ? print_as_it_is : print_record, error);
}
