// SPDX-License-Identifier: MIT
// Choosing from a list by device and name.
#pragma once

#include "images/fetch/os-list.h"

/* Entries for a device tag ("any": all), in the list's order, of those with the same URL the first;
 * they belong to the list. NOT_FOUND,
 * with the tags that there are, when there is none. */
gboolean pif_os_list_filter(const PifOsList *list, const char *device, GPtrArray **ret_entries,
                            GError **error);

/* The entry that name means: whose slug or file stem it is; else the only one with all its words
 * among those of both; else the only one with all of them as parts of words. USAGE with the
 * candidates when it may be several, NOT_FOUND when none. */
gboolean pif_os_list_pick(const GPtrArray *entries, const char *name, const PifOsEntry **ret_entry,
                          GError **error);
