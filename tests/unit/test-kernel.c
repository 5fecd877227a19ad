// SPDX-License-Identifier: MIT
// What passes for a kernel.
#include "images/card/kernel.h"
#include "pifarm/base/error.h"

#include <gio/gio.h>
#include <string.h>

static void put_le32(guint8 *at, guint32 value)
{
    guint32 little = GUINT32_TO_LE(value);
    memcpy(at, &little, sizeof little);
}

static void make_image(guint8 *head, gsize size)
{
    memset(head, 0, size);
    put_le32(head + 56, 0x644d5241); /* "ARM\x64" */
}

static void refuses(const guint8 *head, gsize head_size, guint64 file_size, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(pif_kernel_check(head, head_size, file_size, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void an_arm64_image_is_a_kernel(void)
{
    g_autoptr(GError) error = NULL;
    guint8 head[64];
    make_image(head, sizeof head);
    g_assert_true(pif_kernel_check(head, sizeof head, sizeof head, &error));
    g_assert_no_error(error);
}

static void a_gzipped_arm64_image_is_a_kernel(void)
{
    g_autoptr(GError) error = NULL;
    guint8 image[4096];
    guint8 packed[4096];
    gsize used;
    gsize packed_size;
    make_image(image, sizeof image);
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
    g_converter_convert(G_CONVERTER(gzip), image, sizeof image, packed, sizeof packed,
                        G_CONVERTER_INPUT_AT_END, &used, &packed_size, NULL);
    g_assert_true(pif_kernel_check(packed, packed_size, packed_size, &error));
    g_assert_no_error(error);
    refuses(packed, 12, 12, "is a damaged gzip file");
}

static void what_is_no_arm64_image_is_refused_by_name(void)
{
    guint8 head[64] = {0};
    refuses(head, 0, 0, "is too short for a kernel");
    refuses(head, 63, 63, "is too short for a kernel");
    refuses(head, sizeof head, sizeof head,
            "is not a kernel; a 64-bit kernel (arm64 Image) is needed");
    put_le32(head, 0x464c457f); /* "\177ELF" */
    refuses(head, sizeof head, sizeof head,
            "is an ELF file; a 64-bit kernel (arm64 Image) is needed");
    put_le32(head + 36, 0x016f2818);
    refuses(head, sizeof head, sizeof head,
            "is a 32-bit ARM kernel (zImage); a 64-bit kernel (arm64 Image) is needed");
}

static void a_kernel_shorter_than_its_sections_is_truncated(void)
{
    g_autoptr(GError) error = NULL;
    guint8 head[512];
    make_image(head, sizeof head);
    put_le32(head + 60, 64);              /* where the PE header is */
    put_le32(head + 64, 0x00004550);      /* "PE\0\0" */
    head[64 + 6] = 2;                     /* sections */
    head[64 + 20] = 8;                    /* size of the optional header */
    guint8 *section = head + 64 + 24 + 8; /* size at 16, offset at 20 */
    put_le32(section + 16, 1000);
    put_le32(section + 20, 512);
    put_le32(section + 40 + 16, 500);
    put_le32(section + 40 + 20, 1512);
    g_assert_true(pif_kernel_check(head, sizeof head, 2012, &error));
    g_assert_no_error(error);
    refuses(head, sizeof head, 2011, "is truncated: 2011 of 2012 bytes");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel/an arm64 Image is a kernel", an_arm64_image_is_a_kernel);
    g_test_add_func("/kernel/a gzipped arm64 Image is a kernel", a_gzipped_arm64_image_is_a_kernel);
    g_test_add_func("/kernel/what is no arm64 Image is refused by name",
                    what_is_no_arm64_image_is_refused_by_name);
    g_test_add_func("/kernel/a kernel shorter than its sections is truncated",
                    a_kernel_shorter_than_its_sections_is_truncated);
    return g_test_run();
}
