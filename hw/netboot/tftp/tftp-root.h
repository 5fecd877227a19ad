// SPDX-License-Identifier: MIT
// The folder whose files are served: names are looked up beneath it, files mapped once for all who
// read them.
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct PifTftpRoot PifTftpRoot;

/* A file as it was when it was opened. Its bytes are given to the kernel to send, never looked at
 * here: where the file has become shorter since, sending fails with EFAULT, and nothing else does.
 */
typedef struct {
    const uint8_t *bytes; /* NULL when size is 0 */
    uint64_t size;
    /*< private >*/
    PifTftpRoot *root;
    guint64 device;
    guint64 inode;
    gint64 modified_ns;
    unsigned n_users;
} PifTftpFile;

PifTftpRoot *pif_tftp_root_open(const char *path, GError **error);
/* All its files must have been released. */
void pif_tftp_root_free(PifTftpRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifTftpRoot, pif_tftp_root_free)

/* The file of that name, NULL with NOT_FOUND, or with DENIED when it is not for us: unreadable, no
 * regular file, or outside of the root by ".." or a link. Release it. */
PifTftpFile *pif_tftp_root_get(PifTftpRoot *root, const char *name, GError **error);
void pif_tftp_file_release(PifTftpFile *file);
