// SPDX-License-Identifier: MIT
// A device tree in memory that may grow, from bytes that anybody may have written.
#pragma once

#include <glib.h>
#include <libfdt.h>

typedef struct {
    void *fdt; /* for libfdt; moves when the tree is given room */
    gsize size;
} PifDeviceTree;

/* A copy of the blob. CONFIG when it is not a whole device tree, or nested beyond reason. */
PifDeviceTree *pif_device_tree_new(const void *blob, gsize size, GError **error);
PifDeviceTree *pif_device_tree_copy(const PifDeviceTree *tree);
void pif_device_tree_free(PifDeviceTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDeviceTree, pif_device_tree_free)

/* So many bytes more can be written than can now. */
void pif_device_tree_reserve(PifDeviceTree *tree, gsize room);
/* The tree as a blob, without spare room. */
GBytes *pif_device_tree_pack(const PifDeviceTree *tree);

/* The functions below return what libfdt's do: an offset or 0, or less than 0. */

/* The node that has the label; by /aliases where a tree was made without labels. */
int pif_device_tree_find_label(const PifDeviceTree *tree, const char *label);
/* The node at the path, made with all above it where missing. */
int pif_device_tree_make_node(PifDeviceTree *tree, const char *path);
/* Makes room, then sets. */
int pif_device_tree_set(PifDeviceTree *tree, int node, const char *property, const void *value,
                        gsize size);
int pif_device_tree_set_text(PifDeviceTree *tree, int node, const char *property, const char *text);
int pif_device_tree_set_u32(PifDeviceTree *tree, int node, const char *property, guint32 value);
/* With a blank between; sets what is not there. */
int pif_device_tree_append_text(PifDeviceTree *tree, int node, const char *property,
                                const char *text);
/* NULL when the property is not there or no text. */
const char *pif_device_tree_get_text(const PifDeviceTree *tree, int node, const char *property);
/* FALSE when the property is not there or no cell. */
gboolean pif_device_tree_get_u32(const PifDeviceTree *tree, int node, const char *property,
                                 guint32 *ret_value);
/* The node's phandle, given to it where it has none. 0: it cannot have one. */
guint32 pif_device_tree_phandle(PifDeviceTree *tree, int node);
