// SPDX-License-Identifier: MIT
// A file descriptor that closes itself: g_auto(PifFd) fd = open(...).
#pragma once

#include <glib.h>
#include <unistd.h>

typedef int PifFd;

static inline void pif_fd_clear(PifFd *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Hands the descriptor over to the caller. */
static inline int pif_fd_steal(PifFd *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifFd, pif_fd_clear)
