// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as farm.yaml give a farm that keeps its promises, or an error that is fit
// to print.
#include "pifarm/base/error.h"
#include "pifarm/model/farm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_node(const PifFarm *farm, const PifNode *node)
{
    const char *const arguments[] = {node->name, NULL};
    g_autoptr(GPtrArray) picked = pif_farm_select(farm, arguments, FALSE, NULL);
    g_assert_true(picked->len == 1 && g_ptr_array_index(picked, 0) == node);
    g_assert_true(pif_farm_find_node(farm, node->name) == node);
    g_assert_true(node->image && node->groups);
    g_assert_cmpuint(node->id, <=, 200);
    g_assert_cmphex(node->address, >, farm->lan.host_address);
}

static void check_farm(const PifFarm *farm)
{
    unsigned last_id = 0;
    g_assert_true(farm->name && farm->lan.bridge && farm->lan.prefix_length);
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_assert_cmpuint(node->id, >, last_id);
        check_node(farm, node);
        last_id = node->id;
    }
    g_autoptr(GPtrArray) all = pif_farm_select(farm, NULL, TRUE, NULL);
    g_assert_cmpuint(all->len, ==, farm->nodes->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifFarm) farm = pif_farm_parse("farm.yaml", (const char *)data, size, &error);
    if (farm) {
        g_assert_no_error(error);
        check_farm(farm);
    } else {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
        g_assert_true(g_str_has_prefix(error->message, "farm.yaml:"));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
    return 0;
}
