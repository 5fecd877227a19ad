// SPDX-License-Identifier: MIT
// Any bytes as a FAT: nothing is located outside of it, and every search ends.
#include "pifarm/base/fat.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_DISK = 128 * 1024 };

static void check_file(PifFat *fat, const char *path, size_t size)
{
    PifFatEntry entry;
    g_autoptr(GArray) runs = NULL;
    guint64 sum = 0;
    if (!pif_fat_find(fat, path, &entry, NULL) || entry.is_folder ||
        !pif_fat_locate(fat, &entry, &runs, NULL))
        return;
    for (guint i = 0; i < runs->len; i++) {
        const PifFatRun *run = &g_array_index(runs, PifFatRun, i);
        g_assert_cmpuint(run->offset + run->size, <=, size);
        sum += run->size;
    }
    g_assert_cmpuint(sum, ==, entry.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"config.txt", "kernel8.img", "overlays/disable-bt.dtbo",
                                        "overlays/README", "A-LONG~1.TXT"};
    static int fd = -1;
    PifFat fat;
    if (fd < 0)
        fd = memfd_create("fat", MFD_CLOEXEC);
    if (size > MAX_DISK || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        return 0;
    if (pif_fat_open(&fat, fd, 0, size, NULL))
        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
            check_file(&fat, paths[i], size);
    return 0;
}
