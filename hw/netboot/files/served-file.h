// SPDX-License-Identifier: MIT
// A file that is served: open and mapped once for all who read it.
#pragma once

#include "pifarm/base/fd.h"

#include <glib.h>
#include <stdint.h>

/* A file as it was when it was opened. Its bytes are given to the kernel to send, never looked at
 * here: where the file has become shorter since, sending fails with EFAULT, and nothing else does.
 * Two files whose device, inode, size and time are the same are the same file. */
typedef struct {
    const uint8_t *bytes; /* NULL when size is 0 */
    uint64_t size;
    int fd; /* what has the bytes, from offset on */
    uint64_t offset;
    guint64 device;
    guint64 inode;
    gint64 modified_ns;
    /*< private >*/
    GHashTable *open_files;
    void *map;
    unsigned n_users;
} PifServedFile;

/* Those in use, for pif_served_file_share(). */
GHashTable *pif_served_files_new(void);
/* All must have been released. NULL is fine. */
void pif_served_files_free(GHashTable *open_files);

/* The file described by size, offset, device, inode and modified_ns: one that is open already, or
 * mapped now, and then fd is taken. Release it. name is for errors. */
PifServedFile *pif_served_file_share(GHashTable *open_files, const PifServedFile *described,
                                     PifFd *fd, const char *name, GError **error);
/* NULL is fine. */
void pif_served_file_release(PifServedFile *file);

/* A file of these bytes that is in no folder. */
PifServedFile *pif_served_file_generate(GHashTable *open_files, const void *bytes, size_t size,
                                        const char *name, GError **error);
