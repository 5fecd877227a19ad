// SPDX-License-Identifier: MIT
// A lock file that is there only while it is held, and says by whom.
#include "images/store/clone-lock.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { MAX_HOLDER_SIZE = 256 };

/* The file may have been removed by its last holder between our opening and locking it. */
static gboolean is_file_at(int fd, const char *path)
{
    struct stat ours;
    struct stat theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

static gboolean set_busy(const char *clone, const char *path, GError **error)
{
    g_autofree char *holder = NULL;
    gboolean is_known = pif_file_read(path, MAX_HOLDER_SIZE, &holder, NULL, NULL) && *holder;
    return pif_error_set(error, PIF_ERROR_BUSY,
                         "the card %s is being worked on by %s; try again when that has ended",
                         clone, is_known ? holder : "another process");
}

/* 1: locked; 0: the file was on its way out, try again; -1: error is set. */
static int try_lock(const char *clone, const char *path, PifFd *ret_fd, GError **error)
{
    g_auto(PifFd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot lock the card %s", clone);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            set_busy(clone, path, error);
        else
            pif_error_set_errno(error, errno, "cannot lock the card %s", clone);
        return -1;
    }
    if (!is_file_at(fd, path))
        return 0;
    *ret_fd = pif_fd_steal(&fd);
    return 1;
}

gboolean pif_clone_lock(const char *clone, const char *who, PifCloneLock *ret_lock, GError **error)
{
    g_autofree char *path = g_strconcat(clone, ".lock", NULL);
    g_auto(PifFd) fd = -1;
    int result;
    while ((result = try_lock(clone, path, &fd, error)) == 0)
        ;
    if (result < 0)
        return FALSE;
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%s (process %d)", who, (int)getpid()) < 0)
        return pif_error_set_errno(error, errno, "cannot write %s", path);
    ret_lock->path = g_steal_pointer(&path);
    ret_lock->fd = pif_fd_steal(&fd);
    return TRUE;
}

void pif_clone_unlock(PifCloneLock *lock)
{
    if (!lock->path)
        return;
    unlink(lock->path);
    pif_fd_clear(&lock->fd);
    g_clear_pointer(&lock->path, g_free);
}
