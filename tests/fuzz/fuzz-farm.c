// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as farm.yaml give a farm that keeps its promises, or an error that says
// something.
#include "pifarm/base/error.h"
#include "pifarm/model/farm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_farm(const PifFarm *farm)
{
    unsigned last_id = 0;
    for (guint i = 0; i < farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(farm->nodes, i);
        g_assert_cmpuint(node->id, >, last_id);
        g_assert_true(pif_farm_find_node(farm, node->name) == node);
        last_id = node->id;
    }
    g_autoptr(GPtrArray) all = pif_farm_select(farm, NULL, TRUE, NULL);
    g_assert_cmpuint(all->len, ==, farm->nodes->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(PifFarm) farm = pif_farm_parse("farm.yaml", text, size, &error);
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
