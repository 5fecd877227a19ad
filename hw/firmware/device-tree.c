// SPDX-License-Identifier: MIT
// libfdt with room made where it needs some.
#include "hw/firmware/device-tree.h"

#include "pifarm/base/error.h"

#include <string.h>

enum {
    MAX_DEPTH = 32, /* trees of boards have 6 levels */
    SPARE = 4096,
    LABEL_COST = 256, /* a node or property with its name takes less */
};

static gboolean is_too_deep(const void *fdt)
{
    int depth = 0;
    for (int node = fdt_next_node(fdt, -1, &depth); node >= 0;
         node = fdt_next_node(fdt, node, &depth))
        if (depth > MAX_DEPTH)
            return TRUE;
    return FALSE;
}

static gboolean check(const void *blob, gsize size, GError **error)
{
    int status = size > G_MAXINT / 2 ? -FDT_ERR_NOSPACE : fdt_check_full(blob, size);
    if (status == 0 && fdt_version(blob) < 17) /* libfdt changes no older one in place */
        status = -FDT_ERR_BADVERSION;
    if (status < 0)
        return pif_error_set(error, PIF_ERROR_CONFIG, "is no device tree, or damaged (%s)",
                             fdt_strerror(status));
    if (is_too_deep(blob))
        return pif_error_set(error, PIF_ERROR_CONFIG, "has nodes more than %d levels deep",
                             MAX_DEPTH);
    return TRUE;
}

PifDeviceTree *pif_device_tree_new(const void *blob, gsize size, GError **error)
{
    g_autofree guint8 *aligned = g_malloc(size + 1);
    memcpy(aligned, blob, size);
    if (!check(aligned, size, error))
        return NULL;
    g_autoptr(PifDeviceTree) tree = g_new0(PifDeviceTree, 1);
    tree->size = size + SPARE;
    tree->fdt = g_malloc(tree->size);
    int status = fdt_open_into(aligned, tree->fdt, (int)tree->size);
    if (status < 0) {
        pif_error_set(error, PIF_ERROR_CONFIG, "is no device tree (%s)", fdt_strerror(status));
        return NULL;
    }
    return g_steal_pointer(&tree);
}

PifDeviceTree *pif_device_tree_copy(const PifDeviceTree *tree)
{
    PifDeviceTree *copy = g_new0(PifDeviceTree, 1);
    *copy = (PifDeviceTree){g_memdup2(tree->fdt, tree->size), tree->size};
    return copy;
}

void pif_device_tree_free(PifDeviceTree *tree)
{
    if (!tree)
        return;
    g_free(tree->fdt);
    g_free(tree);
}

static gsize used(const PifDeviceTree *tree)
{
    return (gsize)fdt_off_dt_strings(tree->fdt) + fdt_size_dt_strings(tree->fdt);
}

void pif_device_tree_reserve(PifDeviceTree *tree, gsize room)
{
    gsize wanted = used(tree) + room;
    if (wanted <= tree->size)
        return;
    wanted += wanted / 2;
    tree->fdt = g_realloc(tree->fdt, wanted);
    tree->size = wanted;
    fdt_set_totalsize(tree->fdt, (guint32)wanted);
}

GBytes *pif_device_tree_pack(const PifDeviceTree *tree)
{
    g_autoptr(PifDeviceTree) copy = pif_device_tree_copy(tree);
    fdt_pack(copy->fdt);
    return g_bytes_new(copy->fdt, fdt_totalsize(copy->fdt));
}

int pif_device_tree_find_label(const PifDeviceTree *tree, const char *label)
{
    int labels = fdt_path_offset(tree->fdt, "/__symbols__");
    if (labels < 0)
        labels = fdt_path_offset(tree->fdt, "/aliases");
    const char *path = labels < 0 ? NULL : pif_device_tree_get_text(tree, labels, label);
    return path ? fdt_path_offset(tree->fdt, path) : -FDT_ERR_NOTFOUND;
}

int pif_device_tree_make_node(PifDeviceTree *tree, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    int node = 0;
    for (char **name = names; *name && node >= 0; name++) {
        if (!**name)
            continue;
        int child = fdt_subnode_offset(tree->fdt, node, *name);
        if (child == -FDT_ERR_NOTFOUND) {
            pif_device_tree_reserve(tree, strlen(*name) + LABEL_COST);
            child = fdt_add_subnode(tree->fdt, node, *name);
        }
        node = child;
    }
    return node;
}

int pif_device_tree_set(PifDeviceTree *tree, int node, const char *property, const void *value,
                        gsize size)
{
    pif_device_tree_reserve(tree, strlen(property) + size + LABEL_COST);
    return fdt_setprop(tree->fdt, node, property, value, (int)size);
}

int pif_device_tree_set_text(PifDeviceTree *tree, int node, const char *property, const char *text)
{
    return pif_device_tree_set(tree, node, property, text, strlen(text) + 1);
}

int pif_device_tree_set_u32(PifDeviceTree *tree, int node, const char *property, guint32 value)
{
    guint32 cell = GUINT32_TO_BE(value);
    return pif_device_tree_set(tree, node, property, &cell, sizeof cell);
}

int pif_device_tree_append_text(PifDeviceTree *tree, int node, const char *property,
                                const char *text)
{
    const char *before = pif_device_tree_get_text(tree, node, property);
    g_autofree char *all =
        before && *before ? g_strconcat(before, " ", text, NULL) : g_strdup(text);
    return pif_device_tree_set_text(tree, node, property, all);
}

const char *pif_device_tree_get_text(const PifDeviceTree *tree, int node, const char *property)
{
    int size;
    const char *text = fdt_getprop(tree->fdt, node, property, &size);
    return text && size > 0 && memchr(text, '\0', (size_t)size) ? text : NULL;
}

gboolean pif_device_tree_get_u32(const PifDeviceTree *tree, int node, const char *property,
                                 guint32 *ret_value)
{
    int size;
    const void *cell = fdt_getprop(tree->fdt, node, property, &size);
    if (!cell || size != (int)sizeof *ret_value)
        return FALSE;
    memcpy(ret_value, cell, sizeof *ret_value);
    *ret_value = GUINT32_FROM_BE(*ret_value);
    return TRUE;
}

guint32 pif_device_tree_phandle(PifDeviceTree *tree, int node)
{
    guint32 phandle = fdt_get_phandle(tree->fdt, node);
    if (phandle && phandle != G_MAXUINT32)
        return phandle;
    if (fdt_generate_phandle(tree->fdt, &phandle) < 0 ||
        pif_device_tree_set_u32(tree, node, "phandle", phandle) < 0)
        return 0;
    return phandle;
}
