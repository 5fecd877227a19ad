// SPDX-License-Identifier: MIT
// farm.yaml found, read, checked.
#include "pifarm/model/farm.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>

enum { MAX_FILE_SIZE = 2 << 20 }; /* the YAML reader refuses half of that in better words */

void pif_farm_free(PifFarm *farm)
{
    if (!farm)
        return;
    g_free(farm->name);
    g_free(farm->path);
    g_free(farm->lan.bridge);
    g_free(farm->lan.uplink);
    g_strfreev(farm->lan.isolate);
    g_free(farm->netboot.unknown);
    g_strfreev(farm->netboot.allow);
    g_strfreev(farm->netboot.deny);
    g_free(farm->netboot.auth_url);
    g_strfreev(farm->netboot.broadcast);
    g_strfreev(farm->netboot.maps);
    g_strfreev(farm->netboot.texts);
    g_strfreev(farm->netboot.notify);
    g_free(farm->netboot.root);
    g_free(farm->libvirt_uri);
    g_ptr_array_unref(farm->nodes);
    g_ptr_array_unref(farm->switches);
    g_ptr_array_unref(farm->images);
    g_free(farm);
}

static PifFarm *farm_new(const char *path)
{
    PifFarm *farm = g_new0(PifFarm, 1);
    farm->path = g_canonicalize_filename(path, NULL);
    farm->lan.network = 10U << 24 | 77U << 16; /* 10.77.0.0/24 */
    farm->lan.prefix_length = 24;
    farm->lan.has_guard = TRUE;
    farm->lan.ssh_ports = PIF_NODE_SSH_PORT_BASE;
    farm->lan.vxlan.id = PIF_VXLAN_ID_DEFAULT;
    farm->lan.vxlan.port = PIF_VXLAN_PORT_DEFAULT;
    farm->images = g_ptr_array_new_with_free_func(pif_image_spec_free);
    farm->switches = g_ptr_array_new_with_free_func(pif_switch_spec_free);
    farm->nodes = g_ptr_array_new_with_free_func(pif_node_free);
    return farm;
}

/* What follows from the farm's name and subnet, once both are read. */
static void fill_defaults(PifFarm *farm)
{
    if (!farm->lan.bridge && farm->name)
        farm->lan.bridge = pif_default_bridge(farm->name);
    farm->lan.host_address = farm->lan.network + 1;
    for (unsigned i = 0; i < farm->switches->len; i++) {
        PifSwitchSpec *spec = g_ptr_array_index(farm->switches, i);
        spec->address = farm->lan.network + PIF_SWITCH_ADDRESS_BASE + i;
    }
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    const PifNode *left = *(const PifNode *const *)a, *right = *(const PifNode *const *)b;
    return (int)left->id - (int)right->id;
}

static void read_tree(PifFarm *farm, const PifYaml *root, PifDiagnostics *diagnostics)
{
    g_autofree char *directory = g_path_get_dirname(farm->path);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(pif_node_entry_free);
    g_autoptr(GHashTable) entry_of = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(pif_group_draft_free);
    PifFarmDraft draft = {farm, diagnostics, entries, entry_of, groups};
    PifKeyScope scope = {diagnostics, "this file", directory, &draft};
    pif_keys_read(&scope, pif_farm_keys, root, farm);
    fill_defaults(farm);
    pif_farm_make_nodes(&draft);
    pif_farm_make_nets(&draft);
    pif_farm_check(&draft);
    pif_nets_clear(&draft.nets);
    g_ptr_array_sort(farm->nodes, compare_ids);
}

/* The file as the reader would name it: from here, when it is in or below this folder. */
static const char *display_name(const char *path)
{
    g_autofree char *here = g_get_current_dir();
    gsize length = strlen(here);
    if (strncmp(path, here, length) == 0 && path[length] == '/' && path[length + 1])
        return path + length + 1;
    return path;
}

PifFarm *pif_farm_parse(const char *path, const char *text, gsize size, GError **error)
{
    g_autofree char *copy = g_malloc(size + 1); /* with a NUL after it */
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    g_autoptr(PifFarm) farm = farm_new(path);
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new(display_name(path), copy, size);
    g_autoptr(PifYaml) root = pif_yaml_parse(copy, size, diagnostics);
    if (root)
        read_tree(farm, root, diagnostics);
    return pif_diagnostics_raise(diagnostics, error) ? g_steal_pointer(&farm) : NULL;
}

PifFarm *pif_farm_load(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size;
    if (!pif_file_read(path, MAX_FILE_SIZE, &text, &size, error))
        return NULL;
    return pif_farm_parse(path, text, size, error);
}

static gboolean check_file(const char *path, const char *who, char **ret_path, GError **error)
{
    g_autofree char *file = g_file_test(path, G_FILE_TEST_IS_DIR)
                                ? g_build_filename(path, "farm.yaml", NULL)
                                : g_strdup(path);
    if (!g_file_test(file, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "there is no %s (%s); `pifarm init` writes one", file, who);
    *ret_path = g_canonicalize_filename(file, NULL);
    return TRUE;
}

/* farm.yaml in this folder or the nearest above; NULL when there is none. */
static char *find_above(void)
{
    g_autofree char *folder = g_get_current_dir();
    for (;;) {
        g_autofree char *file = g_build_filename(folder, "farm.yaml", NULL);
        g_autofree char *parent = g_path_get_dirname(folder);
        if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&file);
        if (strcmp(parent, folder) == 0)
            return NULL;
        g_free(folder);
        folder = g_steal_pointer(&parent);
    }
}

gboolean pif_farm_find_file(const char *given, char **ret_path, GError **error)
{
    const char *variable = g_getenv("PIFARM_FILE");
    if (given)
        return check_file(given, "as the command line says", ret_path, error);
    if (variable && *variable)
        return check_file(variable, "as PIFARM_FILE says", ret_path, error);
    char *found = find_above();
    if (!found)
        return pif_error_set(
            error, PIF_ERROR_NOT_FOUND,
            "no farm.yaml in this folder or one above; `pifarm init` writes one, -f "
            "FILE or PIFARM_FILE names one elsewhere");
    *ret_path = found;
    return TRUE;
}
