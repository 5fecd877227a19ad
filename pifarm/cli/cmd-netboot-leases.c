// SPDX-License-Identifier: MIT
// pifarm netboot leases.
#include "pifarm/cli/client.h"
#include "pifarm/cli/cmd-netboot.h"

enum { ADDRESS, MAC, NODE, EXPIRES };

static const PifColumn columns[] = {
    [ADDRESS] = {"ADDRESS", "address", PIF_COLUMN_TEXT},
    [MAC] = {"MAC", "mac", PIF_COLUMN_TEXT},
    [NODE] = {"NODE", "node", PIF_COLUMN_TEXT},
    [EXPIRES] = {"EXPIRES", "expires", PIF_COLUMN_TEXT},
};

static void add_row(PifTable *table, const json_t *lease)
{
    g_autoptr(GDateTime) end =
        g_date_time_new_from_unix_local(json_integer_value(json_object_get(lease, "expires_s")));
    g_autofree char *expires = g_date_time_format(end, "%F %T");
    pif_table_add_row(table);
    pif_table_set(table, ADDRESS, json_string_value(json_object_get(lease, "address")));
    pif_table_set(table, MAC, json_string_value(json_object_get(lease, "mac")));
    pif_table_set(table, NODE, json_string_value(json_object_get(lease, "node")));
    pif_table_set(table, EXPIRES, expires);
}

gboolean pif_netboot_cmd_leases(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE;
    json_t *answer = NULL, *lease;
    size_t i;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Leases that have not expired. They outlive the server and the daemon.";
    g_autoptr(PifClient) client = NULL;
    if (!pif_netboot_parse(entries, description, &argc, &argv, error) ||
        !pif_cli_load_farm(cli, error) || !pif_client_connect(cli->farm, TRUE, &client, error) ||
        !pif_client_get(client, "/v1/netboot/leases", &answer, error))
        return FALSE;
    g_autoptr(PifTable) table = pif_table_new("leases", columns, G_N_ELEMENTS(columns));
    json_array_foreach(json_object_get(answer, "leases"), i, lease) add_row(table, lease);
    json_decref(answer);
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}
