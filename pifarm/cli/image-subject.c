// SPDX-License-Identifier: MIT
// Nodes are looked for first; what is both has to be told apart by the user.
#include "pifarm/cli/image-subject.h"

#include "images/store/clone.h"
#include "pifarm/base/paths.h"

#include <string.h>

void pif_subject_clear(PifSubject *subject)
{
    pif_clone_unlock(&subject->lock);
    g_clear_pointer(&subject->name, g_free);
    g_clear_pointer(&subject->path, g_free);
}

/* TRUE, with NULL, when that was no more than NOT_FOUND. */
static gboolean forgive_missing(GError *failure, GError **error)
{
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return TRUE;
}

/* *ret_node NULL: no farm here, or no such node in it. */
static gboolean find_node(PifCli *cli, const char *name, const PifNode **ret_node, GError **error)
{
    GError *failure = NULL;
    *ret_node = NULL;
    if (!cli->farm_file && !cli->farm) {
        g_autofree char *path = NULL;
        if (!pif_farm_find_file(NULL, &path, &failure))
            return forgive_missing(failure, error);
    }
    if (!pif_cli_load_farm(cli, error))
        return FALSE;
    *ret_node = pif_farm_find_node(cli->farm, name);
    return TRUE;
}

/* *ret_image NULL: there is none. */
static gboolean find_image(PifStore *store, const char *name, PifImage **ret_image, GError **error)
{
    GError *failure = NULL;
    return pif_store_find(store, name, ret_image, &failure) || forgive_missing(failure, error);
}

static gboolean take_node(PifCli *cli, PifStore *store, const PifNode *node, const char *command,
                          PifSubject *ret_subject, GError **error)
{
    g_autofree char *who = g_strdup_printf("pifarm image %s", command);
    g_autofree char *path = pif_paths_card(cli->farm->name, node->name);
    g_auto(PifCloneLock) lock = {0};
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "node '%s' has no card yet; its first start makes it: pifarm up %s",
                             node->name, node->name);
    if (!pif_clone_lock(path, who, &lock, error) || !pif_clone_check_base(store, path, error))
        return FALSE;
    *ret_subject = (PifSubject){
        .name = g_strdup(node->name),
        .path = g_steal_pointer(&path),
        .is_node = TRUE,
        .lock = lock,
    };
    lock.path = NULL;
    return TRUE;
}

static gboolean take_one_node(PifCli *cli, PifStore *store, const char *name, const char *command,
                              PifSubject *ret_subject, GError **error)
{
    char *arguments[] = {(char *)name, NULL};
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, arguments, FALSE, FALSE, error);
    if (!nodes)
        return FALSE;
    if (nodes->len != 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is %u nodes; name one", name,
                             nodes->len);
    return take_node(cli, store, g_ptr_array_index(nodes, 0), command, ret_subject, error);
}

static gboolean take_image(PifStore *store, const char *name, const PifImage *image,
                           PifSubject *ret_subject, GError **error)
{
    if (!pif_store_check(store, image->sha256, error))
        return FALSE;
    *ret_subject = (PifSubject){.name = g_strdup(name), .path = g_strdup(image->path)};
    return TRUE;
}

static gboolean take_image_named(PifStore *store, const char *name, PifSubject *ret_subject,
                                 GError **error)
{
    g_autoptr(PifImage) image = NULL;
    return pif_store_find(store, name, &image, error) &&
           take_image(store, name, image, ret_subject, error);
}

static gboolean set_unknown(const PifCli *cli, const char *name, GError **error)
{
    g_autofree char *shown = g_strescape(name, NULL);
    if (cli->farm)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "'%s' is no node of farm '%s' and no image; see: pifarm list, pifarm "
                             "image list",
                             shown, cli->farm->name);
    return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                         "there is no image '%s' (pifarm image list), and no farm.yaml here or "
                         "above whose node it could be",
                         shown);
}

gboolean pif_subject_find(PifCli *cli, PifStore *store, const char *name,
                          const PifSubjectChoice *choice, const char *command,
                          PifSubject *ret_subject, GError **error)
{
    const PifNode *node = NULL;
    g_autoptr(PifImage) image = NULL;
    if (choice->is_node && choice->is_image)
        return pif_error_set(error, PIF_ERROR_USAGE, "--node and --image: which of the two is it?");
    if (choice->is_node)
        return take_one_node(cli, store, name, command, ret_subject, error);
    if (choice->is_image)
        return take_image_named(store, name, ret_subject, error);
    if (!find_node(cli, name, &node, error) || !find_image(store, name, &image, error))
        return FALSE;
    if (node && image)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "'%s' is a node and an image; say which with --node or --image", name);
    if (node)
        return take_node(cli, store, node, command, ret_subject, error);
    return image ? take_image(store, name, image, ret_subject, error)
                 : set_unknown(cli, name, error);
}
