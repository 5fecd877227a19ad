// SPDX-License-Identifier: MIT
// What roots are, by looking at them, and whose.
#include "hw/netboot/server/tree-setup.h"

#include "hw/netboot/files/boot-disk.h"
#include "hw/netboot/server/disk-export.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEMPLATE = 64 * 1024 };

static const char qcow2_magic[] = {'Q', 'F', 'I', '\xfb'};

static PifServedSource *open_disk(const char *path, GError **error)
{
    char magic[sizeof qcow2_magic] = "";
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || pread(fd, magic, sizeof magic, 0) < 0) {
        pif_error_set_errno(error, errno, "cannot serve files from %s", path);
        return NULL;
    }
    if (memcmp(magic, qcow2_magic, sizeof magic) == 0) {
        pif_fd_clear(&fd);
        fd = pif_disk_export_open(path, error);
        if (fd < 0)
            return NULL;
    }
    return pif_boot_disk_new(&fd, path, error);
}

static PifServedSource *open_root(const char *path, GError **error)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? open_disk(path, error)
                                                     : pif_served_folder_open(path, error);
}

static gboolean add_roots(PifServedTree *tree, char **roots, GError **error)
{
    for (char **root = roots; root && *root; root++) {
        PifServedSource *source = open_root(*root, error);
        if (!source)
            return FALSE;
        pif_served_tree_add(tree, source);
    }
    return TRUE;
}

/* "b8:27:eb:12:34:56=ROOT" or "0c36778e=ROOT" */
static const char *parse_owner(const char *text, PifNodeIdentity *ret_owner)
{
    uint8_t *mac = ret_owner->mac;
    int end = 0;
    *ret_owner = (PifNodeIdentity){0};
    if (sscanf(text, "%2hhx%*1[:-]%2hhx%*1[:-]%2hhx%*1[:-]%2hhx%*1[:-]%2hhx%*1[:-]%2hhx=%n",
               &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end) == 6 &&
        end > 0) {
        ret_owner->has_mac = true;
        return text + end;
    }
    end = 0;
    if (sscanf(text, "%8x=%n", &ret_owner->serial, &end) == 1 && end == 9) {
        ret_owner->has_serial = true;
        return text + end;
    }
    return NULL;
}

static gboolean add_node_roots(PifServedTree *tree, char **nodes, GError **error)
{
    for (char **node = nodes; node && *node; node++) {
        PifNodeIdentity owner;
        const char *root = parse_owner(*node, &owner);
        if (!root)
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "--node wants b8:27:eb:12:34:56=ROOT or 0c36778e=ROOT, not '%s'",
                                 *node);
        PifServedSource *source = open_root(root, error);
        if (!source)
            return FALSE;
        pif_served_tree_add_for(tree, &owner, source);
    }
    return TRUE;
}

static gboolean add_filters(PifServedTree *tree, PifFilterKind kind, const char *option,
                            char **texts, GError **error)
{
    for (char **text = texts; text && *text; text++) {
        PifFilter *filter = pif_filter_parse(kind, option, *text, error);
        if (!filter)
            return FALSE;
        pif_served_tree_add_filter(tree, filter);
    }
    return TRUE;
}

/* "GLOB=FILE", whose content is the text. */
static gboolean add_templates(PifServedTree *tree, char **templates, GError **error)
{
    for (char **template = templates; template && *template; template ++) {
        g_auto(GStrv) parts = g_strsplit(*template, "=", 2);
        g_autofree char *text = NULL;
        if (g_strv_length(parts) != 2)
            return pif_error_set(error, PIF_ERROR_USAGE, "--template wants GLOB=FILE, not '%s'",
                                 *template);
        if (!pif_file_read(parts[1], MAX_TEMPLATE, &text, NULL, error))
            return FALSE;
        pif_served_tree_add_filter(tree, pif_filter_new(PIF_FILTER_TEXT, parts[0], text));
    }
    return TRUE;
}

PifServedTree *pif_tree_setup(const PifServeOptions *options, const char *server, GError **error)
{
    g_autoptr(PifServedTree) tree = pif_served_tree_new(server);
    if (!add_filters(tree, PIF_FILTER_TEXT, "--text", options->texts, error) ||
        !add_templates(tree, options->templates, error) ||
        !add_filters(tree, PIF_FILTER_PATH, "--map", options->maps, error) ||
        !add_node_roots(tree, options->nodes, error) || !add_roots(tree, options->roots, error))
        return NULL;
    return g_steal_pointer(&tree);
}

const char *pif_tree_setup_folder(const PifServeOptions *options)
{
    char **root = options->roots;
    while (root && *root && !g_file_test(*root, G_FILE_TEST_IS_DIR))
        root++;
    return root ? *root : NULL;
}
