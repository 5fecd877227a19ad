// SPDX-License-Identifier: MIT
// bmap-tools' format: docs of bmaptool(1), and the comments that it writes itself.
#include "images/export/bmap.h"

#include "images/disk/sha256.h"

#include <string.h>

struct PifBmap {
    guint64 image_size;
    guint64 begin; /* of the run that is being hashed */
    guint64 end;
    guint64 mapped_blocks;
    PifSha256 hash;
    GString *ranges;
};

static guint64 count_blocks(guint64 size)
{
    return (size + PIF_BMAP_BLOCK - 1) / PIF_BMAP_BLOCK;
}

PifBmap *pif_bmap_new(guint64 image_size)
{
    PifBmap *bmap = g_new0(PifBmap, 1);
    bmap->image_size = image_size;
    bmap->ranges = g_string_new(NULL);
    pif_sha256_init(&bmap->hash);
    return bmap;
}

void pif_bmap_free(PifBmap *bmap)
{
    if (!bmap)
        return;
    g_string_free(bmap->ranges, TRUE);
    g_free(bmap);
}

static void end_run(PifBmap *bmap)
{
    if (bmap->begin == bmap->end)
        return;
    guint64 first = bmap->begin / PIF_BMAP_BLOCK;
    guint64 last = count_blocks(bmap->end) - 1;
    g_autofree char *digits = pif_sha256_finish(&bmap->hash);
    g_string_append_printf(bmap->ranges, "        <Range chksum=\"%s\"> %" G_GUINT64_FORMAT, digits,
                           first);
    if (last > first)
        g_string_append_printf(bmap->ranges, "-%" G_GUINT64_FORMAT, last);
    g_string_append(bmap->ranges, " </Range>\n");
    bmap->mapped_blocks += last - first + 1;
}

void pif_bmap_add(PifBmap *bmap, const void *bytes, guint64 size, guint64 position)
{
    if (position != bmap->end) {
        end_run(bmap);
        bmap->begin = bmap->end = position;
    }
    if (bytes)
        pif_sha256_add(&bmap->hash, bytes, size);
    else
        pif_sha256_add_zeros(&bmap->hash, size);
    bmap->end += size;
}

static char *format(const PifBmap *bmap, const char *checksum)
{
    return g_strdup_printf("<?xml version=\"1.0\" ?>\n"
                           "<!-- `bmaptool copy IMAGE DEVICE` writes these blocks only, and checks "
                           "them. -->\n"
                           "<bmap version=\"2.0\">\n"
                           "    <ImageSize> %" G_GUINT64_FORMAT " </ImageSize>\n"
                           "    <BlockSize> %d </BlockSize>\n"
                           "    <BlocksCount> %" G_GUINT64_FORMAT " </BlocksCount>\n"
                           "    <MappedBlocksCount> %" G_GUINT64_FORMAT " </MappedBlocksCount>\n"
                           "    <ChecksumType> sha256 </ChecksumType>\n"
                           "    <BmapFileChecksum> %s </BmapFileChecksum>\n"
                           "    <BlockMap>\n"
                           "%s"
                           "    </BlockMap>\n"
                           "</bmap>\n",
                           bmap->image_size, PIF_BMAP_BLOCK, count_blocks(bmap->image_size),
                           bmap->mapped_blocks, checksum, bmap->ranges->str);
}

/* The file's own hash is taken while zeros stand in its place. */
char *pif_bmap_finish(PifBmap *bmap)
{
    end_run(bmap);
    bmap->begin = bmap->end;
    g_autofree char *zeros = g_strnfill(64, '0');
    g_autofree char *text = format(bmap, zeros);
    g_autofree char *checksum = pif_sha256_of_string(text);
    return format(bmap, checksum);
}
