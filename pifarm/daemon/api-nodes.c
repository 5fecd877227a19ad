// SPDX-License-Identifier: MIT
// What the API tells of the farm and its nodes, and does to them.
#include "pifarm/base/error.h"
#include "pifarm/daemon/api-private.h"
#include "pifarm/daemon/faults.h"
#include "pifarm/daemon/netboot.h"
#include "pifarm/daemon/reload.h"
#include "pifarm/daemon/units.h"

#include <unistd.h>

gboolean pif_api_get_farm(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    (void)error;
    PifDaemon *daemon = request->api->daemon;
    *ret_answer = json_pack("{s:s, s:s, s:s, s:i}", "name", daemon->farm->name, "path",
                            daemon->farm_path, "version", PIFARM_VERSION, "pid", (int)getpid());
    return TRUE;
}

gboolean pif_api_get_nodes(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    (void)error;
    PifDaemon *daemon = request->api->daemon;
    json_t *nodes = json_array();
    for (guint i = 0; i < daemon->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(daemon->farm->nodes, i);
        PifUnit *unit = g_hash_table_lookup(daemon->units, node->name);
        json_array_append_new(nodes, pif_unit_to_json(unit));
    }
    *ret_answer = json_pack("{s:o}", "nodes", nodes);
    return TRUE;
}

gboolean pif_api_get_node(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    PifUnit *unit = pif_api_request_unit(request, error);
    if (unit)
        *ret_answer = pif_unit_to_json(unit);
    return unit != NULL;
}

gboolean pif_api_get_leases(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    json_t *leases = pif_netboot_leases(request->api->daemon, error);
    if (!leases)
        return FALSE;
    *ret_answer = json_pack("{s:o}", "leases", leases);
    return TRUE;
}

/* {"fault": "loss=5% down"} */
gboolean pif_api_post_fault(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    PifUnit *unit = pif_api_request_unit(request, error);
    const char *fault = json_string_value(json_object_get(request->body, "fault"));
    if (!unit)
        return FALSE;
    if (!fault)
        return pif_error_set(error, PIF_ERROR_USAGE, "the request names no fault");
    if (!pif_faults_set(request->api->daemon, pif_unit_node(unit), fault, error))
        return FALSE;
    *ret_answer = json_object();
    return TRUE;
}

/* {"nodes": ["n1", ...]} of the body. */
static GPtrArray *body_names(PifApiRequest *request, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    size_t i;
    json_t *name;
    json_t *list = json_object_get(request->body, "nodes");
    json_array_foreach(list, i, name) if (json_is_string(name))
        g_ptr_array_add(names, g_strdup(json_string_value(name)));
    if (names->len == 0) {
        pif_error_set(error, PIF_ERROR_USAGE, "the request names no nodes");
        return NULL;
    }
    return g_steal_pointer(&names);
}

gboolean pif_api_post_on(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    g_autoptr(GPtrArray) already = NULL;
    if (!names || !pif_units_power_on(request->api->daemon, names, &already, error))
        return FALSE;
    json_t *list = json_array();
    for (guint i = 0; i + 1 < already->len; i++)
        json_array_append_new(list, json_string(g_ptr_array_index(already, i)));
    *ret_answer = json_pack("{s:o}", "already", list);
    return TRUE;
}

gboolean pif_api_post_off(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    if (!names || !pif_units_power_off(request->api->daemon, names, error))
        return FALSE;
    *ret_answer = json_object();
    return TRUE;
}

gboolean pif_api_post_remove_cards(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    g_autoptr(GPtrArray) names = body_names(request, error);
    if (!names || !pif_units_remove_cards(request->api->daemon, names, error))
        return FALSE;
    *ret_answer = json_object();
    return TRUE;
}

gboolean pif_api_post_reload(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    *ret_answer = json_object();
    return pif_reload_farm(request->api->daemon, error);
}

gboolean pif_api_post_shutdown(PifApiRequest *request, json_t **ret_answer, GError **error)
{
    if (!pif_units_take_down(request->api->daemon, error))
        return FALSE;
    /* the answer goes out first */
    unlink(request->api->socket_path);
    g_signal_connect_swapped(request->message, "finished", G_CALLBACK(g_main_loop_quit),
                             request->api->daemon->loop);
    *ret_answer = json_object();
    return TRUE;
}
