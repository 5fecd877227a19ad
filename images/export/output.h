// SPDX-License-Identifier: MIT
// A file that has its name only when all of it is there.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>
#include <sys/types.h>

/* Without a name (O_TMPFILE) until it is whole, so that nothing of it stays when we are killed.
 * Where the file system cannot do that (FAT, NFS) it is called .NAME.partial until then, and what
 * a killed process left under that name is overwritten. */
typedef struct {
    char *path;
    char *folder;
    char *partial;
    PifFd fd;
    gboolean is_named; /* .NAME.partial is there, and ours */
    gboolean may_replace;
} PifOutput;

/* EXISTS when path is there and may not be replaced; USAGE when it is no file. */
gboolean pif_output_open(const char *path, mode_t mode, gboolean may_replace, PifOutput *ret_output,
                         GError **error);
/* Syncs it and gives it its name. */
gboolean pif_output_commit(PifOutput *output, GError **error);
void pif_output_clear(PifOutput *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifOutput, pif_output_clear)

/* What to tell when writing to it failed with errno err. */
gboolean pif_output_set_error(const char *path, int err, GError **error);
