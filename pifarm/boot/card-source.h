// SPDX-License-Identifier: MIT
// The boot partition of a card as the firmware's source of files.
#pragma once

#include "hw/firmware/boot-source.h"
#include "images/card/boot-partition.h"

/* boot becomes the source's to change (autoboot.txt may choose another partition), and stays the
 * caller's to clear; it and the card must live longer. */
PifBootSource *pif_boot_source_new_card(const PifCard *card, PifBootPartition *boot);
