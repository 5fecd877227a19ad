// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as a card's first sector, and as the beginning of its kernel.
#include "images/card/card-layout.h"
#include "images/card/kernel.h"
#include "pifarm/base/error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DISK_SIZE = 64 << 20 };

static void check_layout(const uint8_t *sector)
{
    PifCardLayout layout;
    g_autoptr(GError) error = NULL;
    if (!pif_card_layout_parse(sector, DISK_SIZE, &layout, &error)) {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpuint(layout.boot_size, <=, DISK_SIZE);
    g_assert_cmpuint(layout.boot_offset, <=, DISK_SIZE - layout.boot_size);
    g_assert_cmpuint(layout.root_size, <=, DISK_SIZE);
    g_assert_cmpuint(layout.root_offset, <=, DISK_SIZE - layout.root_size);
}

static void check_kernel(const uint8_t *head, size_t size)
{
    g_autoptr(GError) error = NULL;
    /* a buffer of just this size, so that a read behind its end is seen */
    g_autofree uint8_t *copy = g_memdup2(head, size);
    if (!pif_kernel_check(copy, MIN(size, PIF_KERNEL_HEAD_SIZE), size, &error))
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= PIF_SECTOR_SIZE)
        check_layout(data);
    check_kernel(data, size);
    return 0;
}
