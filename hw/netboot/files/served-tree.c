// SPDX-License-Identifier: MIT
// Sources one after the other, in each the names of names.h.
#include "hw/netboot/files/served-tree.h"

#include "pifarm/base/error.h"

struct PifServedTree {
    GPtrArray *sources;
};

PifServedTree *pif_served_tree_new(void)
{
    PifServedTree *tree = g_new0(PifServedTree, 1);
    tree->sources = g_ptr_array_new_with_free_func((GDestroyNotify)pif_served_source_free);
    return tree;
}

void pif_served_tree_free(PifServedTree *tree)
{
    if (!tree)
        return;
    g_ptr_array_unref(tree->sources);
    g_free(tree);
}

void pif_served_tree_add(PifServedTree *tree, PifServedSource *source)
{
    g_ptr_array_add(tree->sources, source);
}

/* The first of the names that is there. */
static PifServedFile *find_in(PifServedSource *source, const PifServedNames *names,
                              const char **ret_path, GError **error)
{
    GError *last = NULL;
    for (unsigned i = 0; i < names->count; i++) {
        g_clear_error(&last);
        PifServedFile *file = source->get(source, names->names[i], &last);
        *ret_path = names->names[i];
        if (file)
            return file;
        if (!g_error_matches(last, PIF_ERROR, PIF_ERROR_NOT_FOUND))
            break;
    }
    g_propagate_error(error, last);
    return NULL;
}

PifServedFile *pif_served_tree_get(PifServedTree *tree, const char *asked,
                                   const PifNodeIdentity *identity, char **ret_path, GError **error)
{
    PifServedNames names;
    g_autoptr(GError) last = NULL;
    pif_served_names_make(asked, identity, &names);
    for (guint i = 0; i < tree->sources->len && names.count > 0; i++) {
        const char *path = NULL;
        g_clear_error(&last);
        PifServedFile *file = find_in(tree->sources->pdata[i], &names, &path, &last);
        if (file) {
            *ret_path = g_strdup(path);
            return file;
        }
        if (!g_error_matches(last, PIF_ERROR, PIF_ERROR_NOT_FOUND))
            break;
    }
    if (last)
        g_propagate_error(error, g_steal_pointer(&last));
    else
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "no file is named");
    return NULL;
}
