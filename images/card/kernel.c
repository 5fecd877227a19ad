// SPDX-License-Identifier: MIT
// The first bytes of kernels.
#include "images/card/kernel.h"

#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <gio/gio.h>
#include <string.h>

enum {
    IMAGE_HEADER_SIZE = 64, /* Documentation/arm64/booting.rst */
    IMAGE_MAGIC_OFFSET = 56,
    IMAGE_MAGIC = 0x644d5241, /* "ARM\x64" */
    ZIMAGE_MAGIC_OFFSET = 36, /* arch/arm/boot/compressed/head.S */
    ZIMAGE_MAGIC = 0x016f2818,
    ZBOOT_MAGIC_OFFSET = 4,   /* drivers/firmware/efi/libstub/zboot-header.S */
    ZBOOT_MAGIC = 0x676d697a, /* "zimg" */
    PE_OFFSET_OFFSET = 60,
    PE_MAGIC = 0x00004550, /* "PE\0\0" */
};

static guint32 le32_at(const guint8 *head, gsize head_size, gsize offset)
{
    PifReader reader;
    pif_reader_init(&reader, head, head_size);
    pif_reader_seek(&reader, offset);
    return pif_reader_le32(&reader);
}

/* A kernel with an EFI stub says in its PE sections where its last byte is. 0: it does not say. */
static guint64 find_end_of_sections(const guint8 *head, gsize head_size)
{
    guint64 end = 0;
    PifReader reader;
    pif_reader_init(&reader, head, head_size);
    pif_reader_seek(&reader, le32_at(head, head_size, PE_OFFSET_OFFSET));
    if (pif_reader_le32(&reader) != PE_MAGIC)
        return 0;
    pif_reader_skip(&reader, 2); /* machine */
    guint16 sections = pif_reader_le16(&reader);
    pif_reader_skip(&reader, 12); /* time stamp, symbol table, number of symbols */
    guint16 optional_header_size = pif_reader_le16(&reader);
    pif_reader_skip(&reader, 2 + (gsize)optional_header_size); /* characteristics */
    for (guint16 i = 0; i < sections && !reader.overflow; i++) {
        pif_reader_skip(&reader, 16); /* name, size and address in memory */
        guint64 size = pif_reader_le32(&reader);
        guint64 offset = pif_reader_le32(&reader);
        pif_reader_skip(&reader, 16); /* relocations, line numbers, characteristics */
        end = MAX(end, offset + size);
    }
    return reader.overflow ? 0 : end;
}

static const char *name_wrong_kind(const guint8 *head, gsize head_size)
{
    if (le32_at(head, head_size, ZIMAGE_MAGIC_OFFSET) == ZIMAGE_MAGIC)
        return "a 32-bit ARM kernel (zImage)";
    if (le32_at(head, head_size, ZBOOT_MAGIC_OFFSET) == ZBOOT_MAGIC)
        return "a compressed EFI program (zboot), which the firmware of a Pi cannot start";
    if (head_size >= 4 && memcmp(head, "\177ELF", 4) == 0)
        return "an ELF file";
    return "not a kernel";
}

static gboolean check_image(const guint8 *head, gsize head_size, GError **error)
{
    if (head_size < IMAGE_HEADER_SIZE)
        return pif_error_set(error, PIF_ERROR_CONFIG, "is too short for a kernel");
    if (le32_at(head, head_size, IMAGE_MAGIC_OFFSET) != IMAGE_MAGIC)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "is %s; a 64-bit kernel (arm64 Image) is needed",
                             name_wrong_kind(head, head_size));
    return TRUE;
}

/* The first bytes of what was compressed. */
static gboolean inflate_head(const guint8 *head, gsize head_size, guint8 *ret_inner,
                             gsize inner_size, GError **error)
{
    g_autoptr(GZlibDecompressor) gzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    for (gsize done = 0; done < inner_size;) {
        gsize used = 0;
        gsize made = 0;
        GConverterResult result =
            g_converter_convert(G_CONVERTER(gzip), head, head_size, ret_inner + done,
                                inner_size - done, G_CONVERTER_NO_FLAGS, &used, &made, NULL);
        if (result == G_CONVERTER_ERROR || made == 0)
            return pif_error_set(error, PIF_ERROR_CONFIG, "is a damaged gzip file");
        head += used;
        head_size -= used;
        done += made;
    }
    return TRUE;
}

gboolean pif_kernel_check(const guint8 *head, gsize head_size, guint64 file_size, GError **error)
{
    guint8 inner[IMAGE_HEADER_SIZE];
    if (head_size >= 2 && head[0] == 0x1f && head[1] == 0x8b) /* RFC 1952, section 2.3.1 */
        return inflate_head(head, head_size, inner, sizeof inner, error) &&
               check_image(inner, sizeof inner, error);
    if (!check_image(head, head_size, error))
        return FALSE;
    guint64 end = find_end_of_sections(head, head_size);
    if (end > file_size)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "is truncated: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes",
                             file_size, end);
    return TRUE;
}
