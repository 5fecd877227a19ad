// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as overlay, with parameters of the names it has, leave a whole device tree
// behind.
#include "hw/firmware/dtbo.h"
#include "hw/firmware/override.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static PifDeviceTree *make_base(void)
{
    static const char *const labels[] = {"i2c0", "i2c1", "i2c_arm", "gpio"};
    guint8 blob[1024];
    fdt_create_empty_tree(blob, sizeof blob);
    PifDeviceTree *base = pif_device_tree_new(blob, sizeof blob, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_autofree char *path = g_strdup_printf("/soc/%s", labels[i]);
        pif_device_tree_make_node(base, path);
        int node = pif_device_tree_make_node(base, "/__symbols__");
        pif_device_tree_set_text(base, node, labels[i], path);
    }
    return base;
}

static void set_parameters(PifDeviceTree *overlay)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    int overrides = fdt_path_offset(overlay->fdt, "/__overrides__");
    int property;
    for (property = overrides < 0 ? -1 : fdt_first_property_offset(overlay->fdt, overrides);
         property >= 0; property = fdt_next_property_offset(overlay->fdt, property)) {
        const char *name;
        if (fdt_getprop_by_offset(overlay->fdt, property, &name, NULL))
            g_ptr_array_add(names, g_strdup(name));
    }
    for (guint i = 0; i < names->len; i++) {
        pif_override_apply(overlay, names->pdata[i], "1", NULL);
        pif_override_apply(overlay, names->pdata[i], "hello", NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(PifDeviceTree) base = make_base();
    g_autoptr(PifDeviceTree) overlay = pif_dtbo_open(base, data, size, NULL);
    if (!overlay)
        return 0;
    set_parameters(overlay);
    pif_dtbo_merge(base, overlay, NULL);
    g_autoptr(GBytes) result = pif_device_tree_pack(base);
    gsize result_size;
    const void *blob = g_bytes_get_data(result, &result_size);
    g_assert_cmpint(fdt_check_full(blob, result_size), ==, 0);
    return 0;
}
