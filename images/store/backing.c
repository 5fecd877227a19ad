// SPDX-License-Identifier: MIT
// The name of a clone's backing file tells which image it is over.
#include "images/store/backing.h"

#include "images/disk/qcow2.h"
#include "images/disk/sha256.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The SHA-256 in the name of an image of a store, else NULL. */
static char *parse_base(const char *backing)
{
    if (!g_str_has_suffix(backing, ".img"))
        return NULL;
    g_autofree char *sha256 = g_path_get_basename(backing);
    sha256[strlen(sha256) - strlen(".img")] = '\0';
    return pif_sha256_is_valid(sha256) ? g_steal_pointer(&sha256) : NULL;
}

gboolean pif_clone_base(const char *path, char **ret_sha256, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pif_error_set_errno(error, errno, "cannot open the clone %s", path);
    g_autofree char *backing = NULL;
    gboolean is_qcow2 = pif_qcow2_read_backing(fd, &backing, NULL);
    g_autofree char *sha256 = backing ? parse_base(backing) : NULL;
    if (!is_qcow2 || (backing && !sha256))
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s is no clone of an image in a store",
                             path);
    *ret_sha256 = g_steal_pointer(&sha256);
    return TRUE;
}
