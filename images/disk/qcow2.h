// SPDX-License-Identifier: MIT
// What the header of a qcow2 file says, as far as it matters to import and clones.
#pragma once

#include <glib.h>

/* What pif_qcow2_parse_header looks at, at most. */
enum { PIF_QCOW2_HEADER_SIZE = 104 };

typedef struct {
    guint64 virtual_size;
    gboolean is_encrypted;
    gboolean has_data_file; /* its data is in another file, named by it */
    guint64 backing_offset; /* of the backing file's name in the file; 0: none */
    guint32 backing_length;
} PifQcow2Header;

/* Pure. FALSE when the bytes do not begin a qcow2 file of version 2 or 3. */
gboolean pif_qcow2_parse_header(const void *data, gsize size, PifQcow2Header *ret_header);

/* The same of an open file; FALSE also when it cannot be read. */
gboolean pif_qcow2_read_header(int fd, PifQcow2Header *ret_header);

/* The name of a qcow2 file's backing file, NULL when it has none. PROTOCOL when fd is no qcow2. */
gboolean pif_qcow2_read_backing(int fd, char **ret_backing, GError **error);
