// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as an os_list, and as a file of checksums.
#include "images/disk/sha256.h"
#include "images/fetch/os-list-pick.h"
#include "images/fetch/sidecar.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sidecar(const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sha256 = NULL;
    if (pif_sidecar_parse(text, size, "disk.img.xz", &sha256, &error))
        g_assert_true(pif_sha256_is_valid(sha256));
    else
        g_assert_error(error, PIF_ERROR, PIF_ERROR_PROTOCOL);
}

static void check_entry(const PifOsEntry *entry)
{
    g_assert_true(pif_url_is_http(entry->url));
    g_assert_true(entry->name && entry->slug && entry->stem && entry->group);
    g_assert_true(!entry->download_sha256 || pif_sha256_is_valid(entry->download_sha256));
    g_assert_true(!entry->disk_sha256 || pif_sha256_is_valid(entry->disk_sha256));
}

static void check_list(const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifOsList) list = pif_os_list_new();
    const PifOsEntry *entry = NULL;
    if (!pif_os_list_parse(list, text, size, "https://example.org/a/b.json", "", &error)) {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_PROTOCOL);
        return;
    }
    for (guint i = 0; i < list->entries->len; i++)
        check_entry(g_ptr_array_index(list->entries, i));
    pif_os_list_pick(list->entries, "raspios-lite", &entry, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* a buffer of just this size, so that a read behind its end is seen */
    g_autofree char *copy = g_memdup2(data, size);
    check_sidecar(size ? copy : "", size);
    check_list(size ? copy : "", size);
    return 0;
}
