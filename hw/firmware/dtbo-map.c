// SPDX-License-Identifier: MIT
// overlay_map.dtb: overlays that are called or built otherwise for some boards
// (configuration/device-tree.adoc, part 2.2.10).
#include "hw/firmware/dtbo.h"
#include "pifarm/base/error.h"

enum { MAX_STEPS = 8 }; /* ours: names may go round in a circle */

static const char platform[] = "bcm2835";

/* One step: *name becomes the next name, or stays. FALSE: not for this board. */
static gboolean take_step(const PifDeviceTree *map, int node, const char **name, char **ret_remark,
                          GError **error)
{
    int size = 0;
    const char *instead = pif_device_tree_get_text(map, node, platform);
    const char *renamed = pif_device_tree_get_text(map, node, "renamed");
    const char *deprecated = pif_device_tree_get_text(map, node, "deprecated");
    if (fdt_getprop(map->fdt, node, platform, &size)) {
        if (instead && *instead)
            *name = instead;
    } else if (renamed) {
        g_free(*ret_remark);
        *ret_remark = g_strdup_printf("'%s' is now called '%s'", *name, renamed);
        *name = renamed;
    } else if (deprecated) {
        return pif_error_set(error, PIF_ERROR_CONFIG, "overlay '%s' is deprecated: %s", *name,
                             deprecated);
    } else {
        return pif_error_set(error, PIF_ERROR_CONFIG, "overlay_map.dtb says it is not for a Pi 3");
    }
    return TRUE;
}

gboolean pif_dtbo_map(const PifDeviceTree *map, const char *name, char **ret_name,
                      char **ret_remark, GError **error)
{
    g_autofree char *remark = NULL;
    const char *before = NULL;
    for (int i = 0; map && i < MAX_STEPS && name != before; i++) {
        before = name;
        int node = fdt_subnode_offset(map->fdt, 0, name);
        if (node >= 0 && !take_step(map, node, &name, &remark, error))
            return FALSE;
    }
    *ret_name = g_strdup(name);
    *ret_remark = g_steal_pointer(&remark);
    return TRUE;
}
