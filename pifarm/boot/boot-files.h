// SPDX-License-Identifier: MIT
// What QEMU is started with from a card: the firmware's boot plan for it, and the files that it
// names, copied out.
#pragma once

#include "hw/firmware/board.h"
#include "images/card/card.h"

typedef struct {
    char *kernel;    /* paths of the copies */
    char *initramfs; /* NULL when the card names none */
    char *device_tree;
    char *command_line; /* one line, as for QEMU */
} PifBootFiles;

/* Copies into directory, which exists. CONFIG with the reason when the card cannot boot. At most
 * 150 ms with pif_card_open. Files already in directory are written over. */
gboolean pif_boot_files_read(const PifCard *card, const PifBoard *board, const char *directory,
                             PifBootFiles **ret_files, GError **error);
void pif_boot_files_free(PifBootFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBootFiles, pif_boot_files_free)
