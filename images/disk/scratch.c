// SPDX-License-Identifier: MIT
// Scratch folders, each locked by its process.
#include "images/disk/scratch.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>

/* -1 when somebody else holds the lock, or the folder is gone. */
static PifFd try_lock(const char *folder)
{
    g_auto(PifFd) fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -1;
    return pif_fd_steal(&fd);
}

/* A process killed while it opens a card leaves a mount on a file in its folder (see card.c). */
static void remove_leftover(const char *folder)
{
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    }
    pif_dir_remove(folder, NULL);
}

static void remove_leftovers(const char *parent)
{
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *folder = g_build_filename(parent, name, NULL);
        g_auto(PifFd) lock = try_lock(folder);
        if (lock >= 0)
            remove_leftover(folder);
    }
}

static gboolean make_locked(const char *parent, PifScratch *scratch, GError **error)
{
    g_autofree char *folder = g_build_filename(parent, "XXXXXX", NULL);
    if (!g_mkdtemp_full(folder, 0700))
        return pif_error_set_errno(error, errno, "cannot make a folder in %s", parent);
    scratch->lock = try_lock(folder);
    scratch->folder = g_steal_pointer(&folder);
    return scratch->lock >= 0 ||
           pif_error_set_errno(error, errno, "cannot lock %s", scratch->folder);
}

/* The lock on the parent keeps others from taking a folder not locked yet for a leftover. */
gboolean pif_scratch_make(PifScratch *ret_scratch, GError **error)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *parent = g_build_filename(runtime, "scratch", NULL);
    g_autofree char *lock_path = g_build_filename(parent, ".lock", NULL);
    g_auto(PifFd) lock = -1;
    g_auto(PifScratch) scratch = {0};
    if (!pif_dir_make(runtime, 0755, error) || !pif_dir_make(parent, 0700, error) ||
        !pif_file_lock(lock_path, TRUE, TRUE, parent, &lock, error))
        return FALSE;
    remove_leftovers(parent);
    if (!make_locked(parent, &scratch, error))
        return FALSE;
    *ret_scratch = scratch;
    scratch = (PifScratch){0};
    return TRUE;
}

void pif_scratch_clear(PifScratch *scratch)
{
    if (!scratch->folder)
        return;
    pif_dir_remove(scratch->folder, NULL);
    g_clear_pointer(&scratch->folder, g_free);
    pif_fd_clear(&scratch->lock);
}

char *pif_scratch_path(const PifScratch *scratch, const char *name)
{
    return g_build_filename(scratch->folder, name, NULL);
}
