// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as a file to import, up to the disk in it; and as a qcow2 header.
#include "images/disk/qcow2.h"
#include "images/store/unpack.h"
#include "pifarm/base/error.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DISK = 4 << 20 };

static void check_header(const uint8_t *data, size_t size)
{
    PifQcow2Header header;
    /* a buffer of just this size, so that a read behind its end is seen */
    g_autofree uint8_t *copy = g_memdup2(data, size);
    pif_qcow2_parse_header(copy, size, &header);
}

static void check_unpack(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_auto(PifDisk) disk = {0};
    g_autofree char *sha256 = NULL;
    g_autoptr(PifDiskWriter) writer = pif_disk_writer_new(-1, MAX_DISK);
    g_autoptr(PifSource) source = pif_source_open(path, NULL, &error);
    if (!source || !pif_unpack(source, writer, &error) ||
        !pif_disk_writer_finish(writer, &disk, &error) ||
        !pif_source_finish(source, &sha256, &error)) {
        g_assert_true(g_error_matches(error, PIF_ERROR, PIF_ERROR_PROTOCOL) ||
                      g_error_matches(error, PIF_ERROR, PIF_ERROR_USAGE));
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpuint(disk.size, <=, MAX_DISK);
    g_assert_cmpuint(disk.size, >=, 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char *path;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        path = g_strdup_printf("/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        return 0;
    check_header(data, size);
    check_unpack(path);
    return 0;
}
