// SPDX-License-Identifier: MIT
// An image, or a node's card, written to a file that other tools flash.
#pragma once

#include "images/card/disk-map.h"
#include "pifarm/base/progress.h"

#include <sys/types.h>

typedef struct {
    mode_t mode;          /* of the file, before umask */
    gboolean may_replace; /* an output that is there already */
    gboolean has_no_bmap;
    PifProgress *progress; /* may be NULL; counts pif_disk_map_data_size */
} PifExportOptions;

/* Raw and sparse, or compressed as the ending of path says (.xz, .zst, .gz), with a .bmap beside it
 * (see pif_export_bmap_path). Each of the two has its name only when it is whole. EXISTS when one
 * is there and may not be replaced. */
gboolean pif_export_file(PifDiskMap *map, const char *path, const PifExportOptions *options,
                         GError **error);
/* Before a long work: whether pif_export_file may write there. */
gboolean pif_export_check(const char *path, const PifExportOptions *options, GError **error);
/* "card.img.bmap" for card.img and card.img.xz: where bmaptool looks for it. Free it. */
char *pif_export_bmap_path(const char *path);

/* The raw disk, holes as zeros, into a pipe. progress may be NULL. */
gboolean pif_export_stream(PifDiskMap *map, int fd, PifProgress *progress, GError **error);
