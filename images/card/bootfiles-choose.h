// SPDX-License-Identifier: MIT
// Which files of the boot partition the firmware would load, from config.txt and what is there.
// Pure.
#pragma once

#include "images/card/config-txt.h"

/* Paths from the root of the boot partition, without a leading slash, spelled as on the card. */
typedef struct {
    char *kernel;
    char **initramfs; /* NULL-terminated: to be loaded one behind the other; empty: none */
    char *device_tree;
    char *command_line;
} PifBootNames;

/* paths: NULL-terminated, all files of the boot partition ("overlays/README"). CONFIG, with the
 * name of what is missing and who names it, when a Pi 3 B+ could not boot 64-bit from this. */
gboolean pif_boot_names_choose(const PifConfigTxt *config, const char *const *paths,
                               PifBootNames *ret_names, GError **error);
void pif_boot_names_clear(PifBootNames *names);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifBootNames, pif_boot_names_clear)
