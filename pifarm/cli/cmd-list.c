// SPDX-License-Identifier: MIT
// pifarm list, pifarm show.
#include "pifarm/base/error.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/client.h"

#include <stdio.h>
#include <string.h>

static gboolean is_json;
static gboolean is_all;

enum {
    LIST_NAME,
    LIST_ID,
    LIST_STATE,
    LIST_ADDRESS,
    LIST_MAC,
    LIST_IMAGE,
    LIST_SSH,
    LIST_FORWARDS,
    LIST_BOOT,
    LIST_UP,
    LIST_DETAIL
};

static const PifColumn list_columns[] = {
    [LIST_NAME] = {"NAME", "name", PIF_COLUMN_TEXT},
    [LIST_ID] = {"ID", "id", PIF_COLUMN_NUMBER},
    [LIST_STATE] = {"STATE", "state", PIF_COLUMN_TEXT},
    [LIST_ADDRESS] = {"ADDRESS", "address", PIF_COLUMN_TEXT},
    [LIST_MAC] = {"MAC", "mac", PIF_COLUMN_TEXT},
    [LIST_IMAGE] = {"IMAGE", "image", PIF_COLUMN_TEXT},
    [LIST_SSH] = {"SSH", "ssh_port", PIF_COLUMN_NUMBER},
    [LIST_FORWARDS] = {"FORWARDS", "forwards", PIF_COLUMN_RARE},
    [LIST_BOOT] = {"BOOT", "boot_s", PIF_COLUMN_NUMBER},
    [LIST_UP] = {"UP", "up_s", PIF_COLUMN_NUMBER},
    [LIST_DETAIL] = {"DETAIL", "detail", PIF_COLUMN_TRIM},
};

/* "45s", "12m", "3h", "2d" */
static char *format_age(gint64 seconds)
{
    if (seconds < 2 * 60)
        return g_strdup_printf("%" G_GINT64_FORMAT "s", seconds);
    if (seconds < 2 * 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT "m", seconds / 60);
    if (seconds < 2 * 86400)
        return g_strdup_printf("%" G_GINT64_FORMAT "h", seconds / 3600);
    return g_strdup_printf("%" G_GINT64_FORMAT "d", seconds / 86400);
}

static void set_times(PifTable *table, const PifNodeStatus *status)
{
    if (!pif_stage_is_on(status->stage) || !status->started_us)
        return;
    gint64 up_s = (g_get_real_time() - status->started_us) / G_USEC_PER_SEC;
    if (is_json) {
        pif_table_set_number(table, LIST_UP, up_s);
    } else {
        g_autofree char *age = format_age(up_s);
        pif_table_set(table, LIST_UP, age);
    }
    if (status->ready_us)
        pif_table_set_format(table, LIST_BOOT, is_json ? "%.1f" : "%.1fs",
                             (double)(status->ready_us - status->started_us) / G_USEC_PER_SEC);
}

static const PifNodeStatus *find_status(const GArray *statuses, const char *name)
{
    for (guint i = 0; statuses && i < statuses->len; i++)
        if (g_str_equal(g_array_index(statuses, PifNodeStatus, i).name, name))
            return &g_array_index(statuses, PifNodeStatus, i);
    return NULL;
}

/* All but that of SSH, which has a column of its own. */
static void set_forwards(PifTable *table, const PifNode *node)
{
    g_autoptr(GString) texts = g_string_new(NULL);
    for (guint i = 0; i < node->forwards->len; i++) {
        const PifNodeForward *forward = &g_array_index(node->forwards, PifNodeForward, i);
        g_autofree char *text = pif_node_forward_format(forward);
        if (forward->port != node->ssh_port)
            g_string_append_printf(texts, "%s%s", texts->len ? " " : "", text);
    }
    if (texts->len)
        pif_table_set(table, LIST_FORWARDS, texts->str);
}

static void add_row(PifTable *table, const PifNode *node, const PifNodeStatus *status)
{
    g_autofree char *address = pif_ipv4_format(node->address);
    g_autofree char *mac = pif_mac_format(&node->mac);
    pif_table_add_row(table);
    pif_table_set(table, LIST_NAME, node->name);
    pif_table_set_number(table, LIST_ID, node->id);
    pif_table_set(table, LIST_STATE, pif_stage_name(status ? status->stage : PIF_STAGE_OFF));
    pif_table_set(table, LIST_ADDRESS, address);
    pif_table_set(table, LIST_MAC, mac);
    pif_table_set(table, LIST_IMAGE, node->image->name);
    pif_table_set_number(table, LIST_SSH, node->ssh_port);
    set_forwards(table, node);
    if (!status)
        return;
    set_times(table, status);
    if (status->detail && *status->detail && !pif_stage_is_on(status->stage))
        pif_table_set(table, LIST_DETAIL, status->detail);
}

gboolean pif_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "every node of the farm", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("list"), entries,
                                "Without NODE: all nodes. STATE is off, queued, preparing, "
                                "starting, booting, network,\n"
                                "ready, halted or failed; BOOT the time from power on to the first "
                                "answer of its SSH\n"
                                "server, which is also at 127.0.0.1:SSH; FORWARDS the other ports "
                                "of this host that lead to it.",
                                FALSE};
    is_json = is_all = FALSE;
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, is_all, TRUE, error);
    g_autoptr(PifClient) client = NULL;
    json_t *json = NULL;
    if (!nodes || !pif_client_connect(cli->farm, FALSE, &client, error))
        return FALSE;
    g_autoptr(GArray) statuses = client ? pif_client_get_nodes(client, &json, error) : NULL;
    if (client && !statuses)
        return FALSE;
    g_autoptr(PifTable) table = pif_table_new("nodes", list_columns, G_N_ELEMENTS(list_columns));
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        add_row(table, node, find_status(statuses, node->name));
    }
    json_decref(json);
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

static void print_texts(const char *key, json_t *texts, int indent)
{
    size_t i;
    json_t *text;
    printf("%*s%s:", indent, "", key);
    json_array_foreach(texts, i, text) printf("%s %s", i ? "," : "", json_string_value(text));
    putchar('\n');
}

static void print_value(const char *key, json_t *value, int indent)
{
    const char *inner_key;
    json_t *inner;
    if (json_is_object(value)) {
        printf("%*s%s:\n", indent, "", key);
        json_object_foreach(value, inner_key, inner) print_value(inner_key, inner, indent + 2);
        return;
    }
    if (json_is_array(value)) {
        print_texts(key, value, indent);
        return;
    }
    gboolean is_time = g_str_has_suffix(key, "_us");
    if (json_is_null(value) || (is_time && json_integer_value(value) == 0))
        return;
    g_autofree char *time = NULL;
    if (is_time) {
        g_autoptr(GDateTime) moment =
            g_date_time_new_from_unix_local(json_integer_value(value) / G_USEC_PER_SEC);
        time = g_date_time_format(moment, "%F %T");
        g_autofree char *name = g_strndup(key, strlen(key) - 3);
        printf("%*s%s: %s\n", indent, "", name, time);
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    printf("%*s%s: %s\n", indent, "", key, json_is_string(value) ? json_string_value(value) : text);
    free(text);
}

static gboolean show_node(PifClient *client, const PifNode *node, GError **error)
{
    json_t *json = NULL;
    const char *key;
    json_t *value;
    g_autofree char *path = g_strdup_printf("/v1/nodes/%s", node->name);
    if (!pif_client_get(client, path, &json, error))
        return FALSE;
    if (is_json) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        json_object_foreach(json, key, value) print_value(key, value, 0);
    }
    json_decref(json);
    return TRUE;
}

gboolean pif_cmd_show(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {pif_cli_find_command("show"), entries,
                                "Identity, files, boot times, and the resources its machine uses.",
                                FALSE};
    is_json = FALSE;
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, FALSE, FALSE, error);
    g_autoptr(PifClient) client = NULL;
    if (!nodes || !pif_client_connect(cli->farm, TRUE, &client, error))
        return FALSE;
    for (guint i = 0; i < nodes->len; i++)
        if (!show_node(client, g_ptr_array_index(nodes, i), error))
            return FALSE;
    return TRUE;
}
