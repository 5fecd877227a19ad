// SPDX-License-Identifier: MIT
// pifarm net fault.
#include "netsetup/fault.h"
#include "pifarm/cli/client.h"
#include "pifarm/cli/cmd-net.h"

enum { NODE, FAULT };

static const PifColumn columns[] = {
    [NODE] = {"NODE", "node", PIF_COLUMN_TEXT},
    [FAULT] = {"FAULT", "fault", PIF_COLUMN_TEXT},
};

/* Divides the arguments into names of nodes, which stay, and words of the fault. */
static gboolean take_words(char **arguments, PifFault *ret_fault, gboolean *ret_has_words,
                           GError **error)
{
    char **left = arguments;
    PifFault fault = {0};
    *ret_has_words = FALSE;
    for (char **argument = arguments; *argument; argument++) {
        if (!pif_fault_is_word(*argument)) {
            *left++ = *argument;
            continue;
        }
        *ret_has_words = TRUE;
        if (!pif_fault_add(&fault, *argument, error))
            return FALSE;
    }
    *left = NULL;
    *ret_fault = fault;
    return TRUE;
}

static gboolean set_fault(PifClient *client, const GPtrArray *nodes, const PifFault *fault,
                          GError **error)
{
    g_autofree char *text = pif_fault_format(fault);
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        g_autofree char *path = g_strdup_printf("/v1/nodes/%s/fault", node->name);
        json_t *body = json_pack("{s:s}", "fault", text);
        gboolean is_ok = pif_client_post(client, path, body, NULL, error);
        json_decref(body);
        if (!is_ok)
            return FALSE;
    }
    return TRUE;
}

static gboolean add_row(PifTable *table, PifClient *client, const PifNode *node, GError **error)
{
    json_t *json = NULL;
    g_autofree char *path = g_strdup_printf("/v1/nodes/%s", node->name);
    if (client && !pif_client_get(client, path, &json, error))
        return FALSE;
    const char *fault = json_string_value(json_object_get(json, "fault"));
    pif_table_add_row(table);
    pif_table_set(table, NODE, node->name);
    pif_table_set(table, FAULT, fault && *fault ? fault : NULL);
    json_decref(json);
    return TRUE;
}

static gboolean print_faults(PifClient *client, const GPtrArray *nodes, gboolean is_json,
                             GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("faults", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < nodes->len; i++)
        if (!add_row(table, client, g_ptr_array_index(nodes, i), error))
            return FALSE;
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

gboolean pif_net_cmd_fault(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE, is_clear = FALSE, is_all = FALSE, has_words = FALSE;
    PifFault fault = {0};
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "every node of the farm", NULL},
        {"clear", 'c', 0, G_OPTION_ARG_NONE, &is_clear, "nothing is wrong any more", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "What is wrong with the cables of these nodes, in both directions, instead of what was "
        "before.\n"
        "Without a fault: lists them. A fault stays when its node is off or boots again, until it "
        "is\n"
        "cleared or the farm's network goes (pifarm down).\n"
        "\n"
        "  loss=5%             of the frames are lost\n"
        "  delay=20ms±5ms      each frame comes so much later, give or take the second\n"
        "  dup=1%              of the frames come twice; dup: all\n"
        "  rate=1mbit          bits a second, at most\n"
        "  down, up            the plug is out, and in again\n"
        "\n"
        "loss, delay and dup need the host's kernel to have netem; of a node that is off, that\n"
        "shows when it starts (pifarm log).\n"
        "\n"
        "  pifarm net fault n3 rate=1mbit\n"
        "  pifarm net fault n[1-4] loss=0.5% delay=40ms\n"
        "  pifarm net fault --clear\n"
        "\n"
        "Exit status: 1 when the kernel cannot do it.";
    if (!pif_net_parse(cli, entries, description, &argc, &argv, error) ||
        !take_words(argv + 1, &fault, &has_words, error))
        return FALSE;
    if (has_words && is_clear)
        return pif_error_set(error, PIF_ERROR_USAGE, "either --clear or a fault");
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, is_all, !has_words, error);
    g_autoptr(PifClient) client = NULL;
    if (!nodes || !pif_client_connect(cli->farm, has_words, &client, error))
        return FALSE;
    if (!has_words && !is_clear)
        return print_faults(client, nodes, is_json, error);
    return !client || set_fault(client, nodes, &fault, error);
}
