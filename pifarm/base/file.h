// SPDX-License-Identifier: MIT
// Files and folders written so that a crash never leaves half of one, and locks on them.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>
#include <sys/types.h>

/* Makes the folder and its parents. */
gboolean pif_dir_make(const char *path, mode_t mode, GError **error);

/* Removes a folder with all in it; success when it is not there. Never follows a symbolic link. */
gboolean pif_dir_remove(const char *path, GError **error);

/* Writes to a temporary file beside path, syncs, renames. Readers see the old content or the new.
 * size -1: a string. */
gboolean pif_file_write(const char *path, const void *data, gssize size, mode_t mode,
                        GError **error);

/* Whole content, NUL-terminated; refuses more than max_size bytes. */
gboolean pif_file_read(const char *path, gsize max_size, char **ret_data, gsize *ret_size,
                       GError **error);

/* Opens (making it if need be) and flocks a file. BUSY when another process holds it and wait is
 * false; what names the thing locked in that message. The lock ends with the descriptor. */
gboolean pif_file_lock(const char *path, gboolean is_exclusive, gboolean wait, const char *what,
                       PifFd *ret_fd, GError **error);
