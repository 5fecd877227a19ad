// SPDX-License-Identifier: MIT
// config.txt as the firmware of a Pi 3 B+ reads it: sections, keys, includes. Pure.
#pragma once

#include <glib.h>

/* The settings that apply to a Pi 3 B+, the last value of each key. */
typedef struct PifConfigTxt PifConfigTxt;

/* Text of the file that an `include` line names, NULL when there is none; the parser frees it. */
typedef char *(*PifConfigTxtReadFunc)(const char *name, gpointer data);

/* Never fails: what the firmware would not understand it skips, and so does this. read_file may be
 * NULL: includes are skipped. NETBOOT.md section 2 has the sources of each rule. */
PifConfigTxt *pif_config_txt_parse(const char *text, PifConfigTxtReadFunc read_file, gpointer data);
void pif_config_txt_free(PifConfigTxt *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifConfigTxt, pif_config_txt_free)

/* NULL when the key is not set. "initramfs" gives the file name, or names with commas, of
 * `initramfs NAME followkernel`. */
const char *pif_config_txt_get(const PifConfigTxt *config, const char *key);
/* Is the key set to a number other than 0? */
gboolean pif_config_txt_is_on(const PifConfigTxt *config, const char *key);
