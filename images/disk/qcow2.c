// SPDX-License-Identifier: MIT
// The qcow2 header: QEMU docs/interop/qcow2.txt, section "Header".
#include "images/disk/qcow2.h"

#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <unistd.h>

enum {
    MAGIC = 0x514649fb, /* "QFI\xfb" */
    V2_LENGTH = 72,
    MAX_BACKING_LENGTH = 1023,
    INCOMPATIBLE_DATA_FILE = 1 << 2,
};

static guint64 read_be64(PifReader *reader)
{
    guint64 high = pif_reader_be32(reader);
    return high << 32 | pif_reader_be32(reader);
}

gboolean pif_qcow2_parse_header(const void *data, gsize size, PifQcow2Header *ret_header)
{
    PifReader reader;
    PifQcow2Header header = {0};
    pif_reader_init(&reader, data, size);
    if (pif_reader_be32(&reader) != MAGIC)
        return FALSE;
    guint32 version = pif_reader_be32(&reader);
    header.backing_offset = read_be64(&reader);
    header.backing_length = pif_reader_be32(&reader);
    pif_reader_skip(&reader, 4); /* cluster_bits */
    header.virtual_size = read_be64(&reader);
    header.is_encrypted = pif_reader_be32(&reader) != 0;
    pif_reader_seek(&reader, V2_LENGTH);
    if (version == 3)
        header.has_data_file = (read_be64(&reader) & INCOMPATIBLE_DATA_FILE) != 0;
    if (reader.overflow || version < 2 || version > 3)
        return FALSE;
    *ret_header = header;
    return TRUE;
}

gboolean pif_qcow2_read_header(int fd, PifQcow2Header *ret_header)
{
    guint8 head[PIF_QCOW2_HEADER_SIZE];
    ssize_t got = pread(fd, head, sizeof head, 0);
    return got > 0 && pif_qcow2_parse_header(head, (gsize)got, ret_header);
}

static gboolean set_not_qcow2(GError **error)
{
    return pif_error_set(error, PIF_ERROR_PROTOCOL, "no qcow2 file of version 2 or 3");
}

gboolean pif_qcow2_read_backing(int fd, char **ret_backing, GError **error)
{
    guint8 head[PIF_QCOW2_HEADER_SIZE];
    char name[MAX_BACKING_LENGTH + 1] = "";
    PifQcow2Header header;
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got < 0)
        return pif_error_set_errno(error, errno, "cannot read it");
    if (!pif_qcow2_parse_header(head, (gsize)got, &header) ||
        header.backing_length > MAX_BACKING_LENGTH)
        return set_not_qcow2(error);
    if (header.backing_offset &&
        pread(fd, name, header.backing_length, (off_t)header.backing_offset) !=
            (ssize_t)header.backing_length)
        return set_not_qcow2(error);
    *ret_backing = header.backing_offset ? g_strdup(name) : NULL;
    return TRUE;
}
