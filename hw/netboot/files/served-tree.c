// SPDX-License-Identifier: MIT
// Filters, then sources one after the other, in each the names of names.h.
#include "hw/netboot/files/served-tree.h"

#include "pifarm/base/error.h"

#include <string.h>

typedef struct {
    PifNodeIdentity owner; /* nothing set: all */
    PifServedSource *source;
} Branch;

struct PifServedTree {
    char *server;
    GPtrArray *filters;
    GPtrArray *branches; /* those of a node before those of all */
    guint n_owned;
    GHashTable *texts; /* made by filters, and on their way */
};

static void branch_free(gpointer data)
{
    Branch *branch = data;
    pif_served_source_free(branch->source);
    g_free(branch);
}

PifServedTree *pif_served_tree_new(const char *server)
{
    PifServedTree *tree = g_new0(PifServedTree, 1);
    tree->server = g_strdup(server);
    tree->filters = g_ptr_array_new_with_free_func((GDestroyNotify)pif_filter_free);
    tree->branches = g_ptr_array_new_with_free_func(branch_free);
    tree->texts = pif_served_files_new();
    return tree;
}

void pif_served_tree_free(PifServedTree *tree)
{
    if (!tree)
        return;
    g_free(tree->server);
    g_ptr_array_unref(tree->filters);
    g_ptr_array_unref(tree->branches);
    pif_served_files_free(tree->texts);
    g_free(tree);
}

void pif_served_tree_add_for(PifServedTree *tree, const PifNodeIdentity *owner,
                             PifServedSource *source)
{
    Branch *branch = g_new(Branch, 1);
    *branch = (Branch){*owner, source};
    g_ptr_array_insert(tree->branches, (gint)tree->n_owned++, branch);
}

void pif_served_tree_add(PifServedTree *tree, PifServedSource *source)
{
    Branch *branch = g_new0(Branch, 1);
    branch->source = source;
    g_ptr_array_add(tree->branches, branch);
}

void pif_served_tree_add_filter(PifServedTree *tree, PifFilter *filter)
{
    g_ptr_array_add(tree->filters, filter);
}

static gboolean is_for(const Branch *branch, const PifNodeIdentity *identity)
{
    const PifNodeIdentity *owner = &branch->owner;
    if (owner->has_mac)
        return identity->has_mac && memcmp(owner->mac, identity->mac, sizeof owner->mac) == 0;
    if (owner->has_serial)
        return identity->has_serial && owner->serial == identity->serial;
    return TRUE;
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

static PifServedFile *find(PifServedTree *tree, const PifServedNames *names,
                           const PifNodeIdentity *identity, char **ret_path, GError **error)
{
    GError *last = NULL;
    pif_error_set(&last, PIF_ERROR_NOT_FOUND, "no file is named, or none served");
    for (guint i = 0; i < tree->branches->len && names->count > 0; i++) {
        const Branch *branch = tree->branches->pdata[i];
        const char *path = NULL;
        if (!is_for(branch, identity))
            continue;
        g_clear_error(&last);
        PifServedFile *file = find_in(branch->source, names, &path, &last);
        if (file) {
            *ret_path = g_strdup(path);
            return file;
        }
        if (!g_error_matches(last, PIF_ERROR, PIF_ERROR_NOT_FOUND))
            break;
    }
    g_propagate_error(error, last);
    return NULL;
}

/* The text that a filter makes, or the file that it leads to, whose name goes through no other. */
static PifServedFile *follow(PifServedTree *tree, const PifFilter *filter, const char *result,
                             const PifNodeIdentity *identity, char **ret_path, GError **error)
{
    if (pif_filter_kind(filter) == PIF_FILTER_PATH) {
        static const PifNodeIdentity nobody;
        PifServedNames names;
        pif_served_names_make(result, &nobody, &names);
        names.count = MIN(names.count, 1);
        return find(tree, &names, identity, ret_path, error);
    }
    PifServedFile *file =
        pif_served_file_generate(tree->texts, result, strlen(result), "a text", error);
    if (file)
        *ret_path = g_strdup("(text)");
    return file;
}

PifServedFile *pif_served_tree_get(PifServedTree *tree, const char *asked,
                                   const PifNodeIdentity *identity, char **ret_path, GError **error)
{
    PifServedNames names;
    const char *shared = pif_served_names_shared(asked);
    for (guint i = 0; i < tree->filters->len; i++) {
        const PifFilter *filter = tree->filters->pdata[i];
        g_autofree char *result = pif_filter_apply(filter, shared, identity, tree->server);
        if (result)
            return follow(tree, filter, result, identity, ret_path, error);
    }
    pif_served_names_make(asked, identity, &names);
    return find(tree, &names, identity, ret_path, error);
}
