// SPDX-License-Identifier: MIT
// From an entry under `images:` in farm.yaml to the image in the store that its nodes' clones lie
// on.
#pragma once

#include "images/prepare/prepare.h"
#include "pifarm/model/farm.h"

/* The imported, unprepared image: by the checksum in farm.yaml, by the URL or the unchanged source
 * file, or by name. */
gboolean pif_farm_image_find_base(PifStore *store, const PifImageSpec *spec, PifImage **ret_image,
                                  GError **error);

/* The prepared image, if the store has it; else NOT_FOUND, with the command that makes it.
 * Milliseconds. */
gboolean pif_farm_image_find(PifStore *store, const PifImageSpec *spec, PifImage **ret_image,
                             GError **error);

/* The same, importing the source and preparing it where that has not been done; options have no
 * name. */
gboolean pif_farm_image_make(PifStore *store, const PifImageSpec *spec,
                             const PifPrepareOptions *options, PifImage **ret_image,
                             GError **error);
