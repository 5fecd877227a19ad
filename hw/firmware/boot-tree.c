// SPDX-License-Identifier: MIT
// The device tree as the kernel gets it: the base, overlays and parameters in the order of
// config.txt, and what the firmware knows of the board.
#include "hw/firmware/boot-plan-private.h"
#include "hw/firmware/boot-tree-properties.h"
#include "hw/firmware/dtbo.h"
#include "hw/firmware/override.h"
#include "pifarm/base/error.h"

#include <string.h>

enum {
    MAX_TREE_SIZE = 2 * 1024 * 1024,
    MAX_OVERLAY_SIZE = 256 * 1024,
    MAX_OVERLAYS = 64,
};

/* Boards of one kind have their I2C buses swapped, so that overlays and parameters ask for them by
 * what they are for (part 3.3). On a Pi 3: */
static const struct {
    const char *alias;
    const char *of;
} board_labels[] = {{"i2c", "i2c1"}, {"i2c_arm", "i2c1"}, {"i2c_vc", "i2c0"}},
  board_parameters[] = {{"i2c", "i2c1"},
                        {"i2c_arm", "i2c1"},
                        {"i2c_vc", "i2c0"},
                        {"i2c_baudrate", "i2c1_baudrate"},
                        {"i2c_arm_baudrate", "i2c1_baudrate"},
                        {"i2c_vc_baudrate", "i2c0_baudrate"}};

static PifDeviceTree *read_tree(PifPlanner *planner, const char *path, gsize max_size,
                                GError **error)
{
    g_autoptr(GBytes) bytes = pif_boot_source_read(planner->source, path, max_size);
    gsize size = 0;
    const void *blob = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!blob) {
        pif_error_set(error, PIF_ERROR_CONFIG, "is empty");
        return NULL;
    }
    return pif_device_tree_new(blob, size, error);
}

/* Copies a property of a node under another name, unless that is taken. */
static void add_alias(PifDeviceTree *tree, const char *path, const char *alias, const char *of)
{
    int size;
    int node = fdt_path_offset(tree->fdt, path);
    const void *value = node < 0 ? NULL : fdt_getprop(tree->fdt, node, of, &size);
    if (!value || fdt_getprop(tree->fdt, node, alias, NULL))
        return;
    g_autofree void *copy = g_memdup2(value, (gsize)size);
    pif_device_tree_set(tree, node, alias, copy ? copy : "", (gsize)size);
}

static void add_aliases(PifDeviceTree *tree)
{
    for (size_t i = 0; i < G_N_ELEMENTS(board_labels); i++)
        add_alias(tree, "/__symbols__", board_labels[i].alias, board_labels[i].of);
    for (size_t i = 0; i < G_N_ELEMENTS(board_parameters); i++)
        add_alias(tree, "/__overrides__", board_parameters[i].alias, board_parameters[i].of);
}

/* In the overlay; where that has no such parameter, in the base. Bad parameters are skipped. */
static void set_parameter(PifPlanner *planner, PifDeviceTree *overlay, PifDeviceTree *base,
                          const PifBootParameter *parameter)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *shown = g_strdup_printf("%s=%s", parameter->name, parameter->value);
    const char *of = "of the device tree";
    gboolean is_set = FALSE;
    if (overlay) {
        is_set = pif_override_apply(overlay, parameter->name, parameter->value, &failure);
        of = "of the overlay";
    }
    if (!overlay || g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_clear_error(&failure);
        is_set = pif_override_apply(base, parameter->name, parameter->value, &failure);
        of = "of the device tree";
    }
    pif_plan_decide(planner, "parameter", shown, parameter->line, "%s%s",
                    is_set ? of : "skipped: ", is_set ? "" : failure->message);
}

static void set_parameters(PifPlanner *planner, PifDeviceTree *overlay, PifDeviceTree *base,
                           const GPtrArray *parameters)
{
    for (guint i = 0; i < parameters->len; i++)
        set_parameter(planner, overlay, base, g_ptr_array_index(parameters, i));
}

/* Overlays that the firmware loads on boards with enough memory only (NETBOOT.md section 2). */
static const struct {
    const char *name;
    unsigned memory_mib;
} memory_needs[] = {{"vc4-kms-v3d", 512}};

static gboolean check_memory(const PifBootPlan *plan, const char *name, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(memory_needs); i++)
        if (g_str_equal(name, memory_needs[i].name) &&
            plan->total_memory_mib < memory_needs[i].memory_mib)
            return pif_error_set(error, PIF_ERROR_CONFIG, "it needs %u MiB of memory, not %u",
                                 memory_needs[i].memory_mib, plan->total_memory_mib);
    return TRUE;
}

/* The file of the overlay, by overlay_map.dtb. NULL: it is not to be loaded, or not there. */
static char *find_overlay(PifPlanner *planner, const PifDeviceTree *map, const char *asked,
                          char **ret_remark, GError **error)
{
    g_autofree char *name = NULL;
    if (!pif_dtbo_map(map, asked, &name, ret_remark, error) ||
        !check_memory(planner->plan, name, error))
        return NULL;
    g_autofree char *file = g_strconcat(name, ".dtbo", NULL);
    char *path = pif_plan_find(planner, planner->plan->overlay_prefix, file);
    if (!path)
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no %s%s", planner->plan->overlay_prefix,
                      file);
    return path;
}

static gboolean apply_overlay(PifPlanner *planner, const PifDeviceTree *map, PifDeviceTree *base,
                              const PifBootOverlay *asked, GError **error)
{
    g_autofree char *remark = NULL;
    g_autofree char *path = find_overlay(planner, map, asked->name, &remark, error);
    g_autoptr(GBytes) bytes =
        path ? pif_boot_source_read(planner->source, path, MAX_OVERLAY_SIZE) : NULL;
    gsize size = 0;
    const void *blob = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!path)
        return FALSE;
    g_autoptr(PifDeviceTree) overlay = pif_dtbo_open(base, blob ? blob : "", size, error);
    if (!overlay)
        return FALSE;
    pif_plan_decide(planner, "overlay", path, asked->line, remark ? "%s" : NULL, remark);
    set_parameters(planner, overlay, base, asked->parameters);
    return pif_dtbo_merge(base, overlay, error);
}

/* What the firmware cannot load it goes on without. */
static void apply_overlays(PifPlanner *planner, PifDeviceTree *base)
{
    const GPtrArray *overlays = planner->plan->overlays;
    g_autofree char *map_path =
        overlays->len ? pif_plan_find(planner, planner->plan->overlay_prefix, "overlay_map.dtb")
                      : NULL;
    g_autoptr(PifDeviceTree) map =
        map_path ? read_tree(planner, map_path, MAX_OVERLAY_SIZE, NULL) : NULL;
    for (guint i = 0; i < MIN(overlays->len, MAX_OVERLAYS); i++) {
        const PifBootOverlay *overlay = g_ptr_array_index(overlays, i);
        g_autoptr(GError) failure = NULL;
        if (!overlay->name)
            set_parameters(planner, NULL, base, overlay->parameters);
        else if (!apply_overlay(planner, map, base, overlay, &failure))
            pif_plan_decide(planner, "overlay", overlay->name, overlay->line, "skipped: %s",
                            failure->message);
    }
    if (overlays->len > MAX_OVERLAYS)
        pif_plan_decide(planner, "overlay", NULL, NULL, "those behind the first %d are skipped",
                        MAX_OVERLAYS);
}

/* The primary port is what the finished tree says it is: overlays may swap the two. Only the PL011
 * can be used without being asked for, for the other hangs on a clock that varies. */
static void choose_serial(PifPlanner *planner, const PifDeviceTree *tree, const char *ret_serial[2])
{
    const PifConfigLine *line = pif_boot_config_find(planner->config, "enable_uart");
    gboolean is_pl011 = tree && pif_device_tree_is_pl011(tree, "serial0");
    ret_serial[0] = is_pl011 ? "ttyAMA0" : "ttyS0";
    ret_serial[1] = is_pl011 ? "ttyS0" : "ttyAMA0";
    planner->plan->has_uart = pif_boot_config_number(planner->config, "enable_uart", is_pl011) != 0;
    pif_plan_decide(planner, "serial0", ret_serial[0], NULL,
                    is_pl011 ? "the PL011, by the device tree" : "the mini UART");
    pif_plan_decide(planner, "uart", planner->plan->has_uart ? "on" : "off", line,
                    line ? NULL : "the default for %s", ret_serial[0]);
}

static void finish(PifPlanner *planner, PifDeviceTree *tree, const char *own)
{
    const char *serial[2];
    int chosen = tree ? fdt_path_offset(tree->fdt, "/chosen") : -1;
    g_autofree char *of_tree =
        chosen < 0 ? NULL : g_strdup(pif_device_tree_get_text(tree, chosen, "bootargs"));
    choose_serial(planner, tree, serial);
    pif_plan_make_command_line(planner, of_tree, own, serial);
    if (!tree)
        return;
    int status = pif_device_tree_write_properties(planner, tree);
    if (status < 0)
        pif_plan_fail(planner, "the device tree '%s' takes no more properties (%s)",
                      planner->plan->device_tree, fdt_strerror(status));
    planner->plan->tree = pif_device_tree_pack(tree);
}

void pif_plan_make_tree(PifPlanner *planner)
{
    PifBootPlan *plan = planner->plan;
    g_autoptr(GError) failure = NULL;
    g_autoptr(PifDeviceTree) tree = NULL;
    g_autofree char *own = pif_plan_read_command_line(planner);
    if (plan->device_tree)
        tree = read_tree(planner, plan->device_tree, MAX_TREE_SIZE, &failure);
    if (failure)
        pif_plan_fail(planner, "the device tree '%s' %s", plan->device_tree, failure->message);
    if (plan->problem)
        return;
    if (tree) {
        add_aliases(tree);
        apply_overlays(planner, tree);
    }
    finish(planner, tree, own);
}
