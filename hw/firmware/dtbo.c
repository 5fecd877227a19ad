// SPDX-License-Identifier: MIT
// The references of an overlay, its fragments and exported labels (configuration/device-tree.adoc,
// parts 2.1 to 2.4). libfdt's own fdt_overlay_apply() would resolve references after the parameters
// are set, and knows neither dormant fragments nor exports.
#include "hw/firmware/dtbo.h"

#include "pifarm/base/error.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 1024 };

static gboolean take_status(int status, const char *what, GError **error)
{
    return status >= 0 ||
           pif_error_set(error, PIF_ERROR_CONFIG, "%s (%s)", what, fdt_strerror(status));
}

/* Adds to the cell at this offset of a property. FALSE: it is not there. */
static gboolean shift_cell(void *fdt, int node, const char *property, guint32 offset, guint32 delta)
{
    int size;
    guint32 cell;
    const guint8 *bytes = fdt_getprop(fdt, node, property, &size);
    if (!bytes || size < (int)sizeof cell || offset > (guint32)size - sizeof cell)
        return FALSE;
    memcpy(&cell, bytes + offset, sizeof cell);
    cell = GUINT32_TO_BE(GUINT32_FROM_BE(cell) + delta);
    return fdt_setprop_inplace_namelen_partial(fdt, node, property, (int)strlen(property), offset,
                                               &cell, sizeof cell) == 0;
}

static void shift_phandles(PifDeviceTree *overlay, guint32 delta)
{
    for (int node = 0; node >= 0; node = fdt_next_node(overlay->fdt, node, NULL)) {
        shift_cell(overlay->fdt, node, "phandle", 0, delta);
        shift_cell(overlay->fdt, node, "linux,phandle", 0, delta);
    }
}

/* A node under __local_fixups__ stands for the node of the same path in the overlay; its properties
 * are lists of offsets. */
static gboolean shift_references_of(PifDeviceTree *overlay, int fixups, int node, guint32 delta)
{
    int property;
    fdt_for_each_property_offset(property, overlay->fdt, fixups)
    {
        const char *name;
        int size;
        const guint8 *offsets = fdt_getprop_by_offset(overlay->fdt, property, &name, &size);
        if (!offsets)
            return FALSE;
        for (int i = 0; i + (int)sizeof(guint32) <= size; i += (int)sizeof(guint32)) {
            guint32 offset;
            memcpy(&offset, offsets + i, sizeof offset);
            if (!shift_cell(overlay->fdt, node, name, GUINT32_FROM_BE(offset), delta))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean shift_references(PifDeviceTree *overlay, int fixups, int node, guint32 delta)
{
    int child;
    if (!shift_references_of(overlay, fixups, node, delta))
        return FALSE;
    fdt_for_each_subnode(child, overlay->fdt, fixups)
    {
        const char *name = fdt_get_name(overlay->fdt, child, NULL);
        int same = name ? fdt_subnode_offset(overlay->fdt, node, name) : -1;
        if (same < 0 || !shift_references(overlay, child, same, delta))
            return FALSE;
    }
    return TRUE;
}

/* "/fragment@0:target:0" */
static gboolean resolve_reference(PifDeviceTree *overlay, const char *reference, guint32 phandle)
{
    g_auto(GStrv) parts = g_strsplit(reference, ":", 3);
    if (g_strv_length(parts) != 3)
        return FALSE;
    guint32 cell = GUINT32_TO_BE(phandle);
    int node = fdt_path_offset(overlay->fdt, parts[0]);
    guint32 offset = (guint32)g_ascii_strtoull(parts[2], NULL, 10);
    return node >= 0 && shift_cell(overlay->fdt, node, parts[1], offset, 0) &&
           fdt_setprop_inplace_namelen_partial(overlay->fdt, node, parts[1], (int)strlen(parts[1]),
                                               offset, &cell, sizeof cell) == 0;
}

/* All places that refer to one label of the base. */
static gboolean resolve_label(PifDeviceTree *base, PifDeviceTree *overlay, const char *label,
                              const char *references, int size, GError **error)
{
    int node = pif_device_tree_find_label(base, label);
    guint32 phandle = node < 0 ? 0 : pif_device_tree_phandle(base, node);
    if (!phandle)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "it refers to '%s', which the device tree has not", label);
    for (int at = 0; at < size;) {
        gsize left = (gsize)(size - at);
        gsize length = strnlen(references + at, left);
        if (length == left || !resolve_reference(overlay, references + at, phandle))
            return pif_error_set(error, PIF_ERROR_CONFIG, "its references to '%s' are damaged",
                                 label);
        at += (int)length + 1;
    }
    return TRUE;
}

static gboolean resolve(PifDeviceTree *base, PifDeviceTree *overlay, GError **error)
{
    int fixups = fdt_path_offset(overlay->fdt, "/__fixups__");
    int property;
    if (fixups < 0)
        return TRUE;
    /* What is written has the size of what it replaces: offsets stay. */
    fdt_for_each_property_offset(property, overlay->fdt, fixups)
    {
        const char *label;
        int size;
        const char *references = fdt_getprop_by_offset(overlay->fdt, property, &label, &size);
        if (!references)
            return pif_error_set(error, PIF_ERROR_CONFIG, "its references are damaged");
        if (!resolve_label(base, overlay, label, references, size, error))
            return FALSE;
    }
    return TRUE;
}

PifDeviceTree *pif_dtbo_open(PifDeviceTree *base, const void *blob, gsize size, GError **error)
{
    g_autoptr(PifDeviceTree) overlay = pif_device_tree_new(blob, size, error);
    guint32 delta = 0;
    if (!overlay || !resolve(base, overlay, error))
        return NULL;
    if (!take_status(fdt_find_max_phandle(base->fdt, &delta), "phandles cannot be counted", error))
        return NULL;
    shift_phandles(overlay, delta);
    int fixups = fdt_path_offset(overlay->fdt, "/__local_fixups__");
    if (fixups >= 0 && !shift_references(overlay, fixups, 0, delta)) {
        pif_error_set(error, PIF_ERROR_CONFIG, "its references to itself are damaged");
        return NULL;
    }
    return g_steal_pointer(&overlay);
}

static int merge_property(PifDeviceTree *to, int to_node, const char *name, const void *value,
                          int size)
{
    /* References to a node go by its phandle. */
    gboolean is_phandle = g_str_equal(name, "phandle") || g_str_equal(name, "linux,phandle");
    if (is_phandle && fdt_get_phandle(to->fdt, to_node))
        return 0;
    if (g_str_equal(name, "bootargs") && size > 0 && memchr(value, '\0', (size_t)size))
        return pif_device_tree_append_text(to, to_node, name, value);
    return pif_device_tree_set(to, to_node, name, value, (gsize)size);
}

/* from is another tree than to. Nodes are added behind to_node, so that its offset stays good. */
static int merge_node(PifDeviceTree *to, int to_node, const PifDeviceTree *from, int from_node)
{
    int property;
    int child;
    fdt_for_each_property_offset(property, from->fdt, from_node)
    {
        const char *name;
        int size;
        const void *value = fdt_getprop_by_offset(from->fdt, property, &name, &size);
        int status = value ? merge_property(to, to_node, name, value, size) : size;
        if (status < 0)
            return status;
    }
    fdt_for_each_subnode(child, from->fdt, from_node)
    {
        const char *name = fdt_get_name(from->fdt, child, NULL);
        int same = name ? fdt_subnode_offset(to->fdt, to_node, name) : -FDT_ERR_BADSTRUCTURE;
        if (same == -FDT_ERR_NOTFOUND) {
            pif_device_tree_reserve(to, strlen(name) + MAX_PATH);
            same = fdt_add_subnode(to->fdt, to_node, name);
        }
        int status = same < 0 ? same : merge_node(to, same, from, child);
        if (status < 0)
            return status;
    }
    return 0;
}

/* Where the fragment is to go, in tree; less than 0: not there. */
static int find_target(const PifDeviceTree *tree, const PifDeviceTree *overlay, int fragment)
{
    guint32 phandle;
    const char *path = pif_device_tree_get_text(overlay, fragment, "target-path");
    if (pif_device_tree_get_u32(overlay, fragment, "target", &phandle))
        return fdt_node_offset_by_phandle(tree->fdt, phandle);
    return path ? fdt_path_offset(tree->fdt, path) : -FDT_ERR_NOTFOUND;
}

/* A fragment for another fragment; its content, or less than 0 when there is none left. */
static int find_inner_fragment(const PifDeviceTree *overlay, int *ret_target)
{
    int fragment;
    guint32 phandle;
    fdt_for_each_subnode(fragment, overlay->fdt, 0)
    {
        int content = fdt_subnode_offset(overlay->fdt, fragment, "__overlay__");
        if (content < 0 || !pif_device_tree_get_u32(overlay, fragment, "target", &phandle))
            continue;
        *ret_target = fdt_node_offset_by_phandle(overlay->fdt, phandle);
        if (*ret_target >= 0)
            return content;
    }
    return -1;
}

/* Fragments for one another go first and are then hidden. */
static gboolean merge_inner(PifDeviceTree *overlay, GError **error)
{
    int target;
    for (;;) {
        int content = find_inner_fragment(overlay, &target);
        if (content < 0)
            return TRUE;
        if (!take_status(fdt_set_name(overlay->fdt, content, "__dormant__"),
                         "a fragment cannot be hidden", error))
            return FALSE;
        g_autoptr(PifDeviceTree) source = pif_device_tree_copy(overlay);
        if (!take_status(merge_node(overlay, target, source, content),
                         "its fragments do not fit one another", error))
            return FALSE;
    }
}

static gboolean merge_fragments(PifDeviceTree *base, const PifDeviceTree *overlay, GError **error)
{
    int fragment;
    fdt_for_each_subnode(fragment, overlay->fdt, 0)
    {
        int content = fdt_subnode_offset(overlay->fdt, fragment, "__overlay__");
        if (content < 0)
            continue;
        int target = find_target(base, overlay, fragment);
        if (target < 0)
            return pif_error_set(error, PIF_ERROR_CONFIG, "the device tree has no place for its %s",
                                 fdt_get_name(overlay->fdt, fragment, NULL));
        if (!take_status(merge_node(base, target, overlay, content), "it does not fit", error))
            return FALSE;
    }
    return TRUE;
}

/* "/fragment@0/__overlay__/rest" of the overlay is "/target/rest" of the base. NULL: it is none of
 * a fragment. Free it. */
static char *path_in_base(const PifDeviceTree *base, const PifDeviceTree *overlay, const char *path)
{
    static const char content[] = "/__overlay__";
    char target[MAX_PATH];
    const char *inner = strstr(path, content);
    if (!inner)
        return NULL;
    g_autofree char *fragment_path = g_strndup(path, (gsize)(inner - path));
    int fragment = fdt_path_offset(overlay->fdt, fragment_path);
    int node = fragment < 0 ? -1 : find_target(base, overlay, fragment);
    if (node < 0 || fdt_get_path(base->fdt, node, target, sizeof target) < 0)
        return NULL;
    return g_strconcat(node == 0 ? "" : target, inner + strlen(content), NULL);
}

/* Labels are an overlay's own but for those that __exports__ names. */
static void export_labels(PifDeviceTree *base, const PifDeviceTree *overlay)
{
    int exports = fdt_path_offset(overlay->fdt, "/__exports__");
    int labels = fdt_path_offset(overlay->fdt, "/__symbols__");
    int property;
    if (exports < 0 || labels < 0)
        return;
    fdt_for_each_property_offset(property, overlay->fdt, exports)
    {
        const char *label;
        if (!fdt_getprop_by_offset(overlay->fdt, property, &label, NULL))
            return;
        const char *path = pif_device_tree_get_text(overlay, labels, label);
        g_autofree char *exported = path ? path_in_base(base, overlay, path) : NULL;
        if (exported)
            pif_device_tree_set_text(base, pif_device_tree_make_node(base, "/__symbols__"), label,
                                     exported);
    }
}

gboolean pif_dtbo_merge(PifDeviceTree *base, const PifDeviceTree *overlay, GError **error)
{
    g_autoptr(PifDeviceTree) source = pif_device_tree_copy(overlay);
    g_autoptr(PifDeviceTree) merged = pif_device_tree_copy(base);
    if (!merge_inner(source, error) || !merge_fragments(merged, source, error))
        return FALSE;
    export_labels(merged, source);
    PifDeviceTree old = *base;
    *base = *merged;
    *merged = old;
    return TRUE;
}
