// SPDX-License-Identifier: MIT
// config.txt as the firmware of a Pi 3 reads it: sections, keys, includes, and which line said
// what. Pure.
#pragma once

#include "hw/firmware/condition.h"

typedef enum {
    PIF_CONFIG_SETTING, /* "kernel=a" */
    PIF_CONFIG_SECTION, /* "[pi3]" */
    PIF_CONFIG_INCLUDE, /* "include extra.txt" */
    PIF_CONFIG_OTHER,   /* nothing that the firmware understands */
} PifConfigLineKind;

/* A line that is neither empty nor a comment. */
typedef struct {
    PifConfigLineKind kind;
    const char *file; /* as included; lives as long as the config */
    unsigned number;  /* of the line, from 1 */
    unsigned depth;   /* 0: in the first file; else in one included */
    char *key;        /* of a setting; name of a section or file; the whole of another line */
    char *value;      /* of a setting: may be empty; else NULL */
    char *address;    /* of "initramfs NAME ADDRESS", or NULL */
    char *unmet;      /* the section that keeps it from counting; NULL: it counts */
    char *remark;     /* what is odd about it, for people; or NULL */
} PifConfigLine;

typedef struct PifBootConfig PifBootConfig;

/* Text of the file that an `include` line names, NULL when there is none; the parser frees it. */
typedef char *(*PifBootConfigReadFunc)(const char *name, gpointer data);

/* file: what the text is called. Never fails: what the firmware would not understand it skips, and
 * so does this. read_file may be NULL: includes are skipped. board must outlive the call only. */
PifBootConfig *pif_boot_config_parse(const char *file, const char *text, const PifBoard *board,
                                     PifConditionSet set, PifBootConfigReadFunc read_file,
                                     gpointer data);
void pif_boot_config_free(PifBootConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifBootConfig, pif_boot_config_free)

/* All lines in the order in which they were read: PifConfigLine*. */
const GPtrArray *pif_boot_config_lines(const PifBootConfig *config);

/* The last line that sets the key and counts; NULL: not set. "initramfs" is the key of
 * `initramfs NAME followkernel`. */
const PifConfigLine *pif_boot_config_find(const PifBootConfig *config, const char *key);
/* The same as bootcode.bin sees it, which knows no include. */
const PifConfigLine *pif_boot_config_find_early(const PifBootConfig *config, const char *key);
/* Its value; NULL: not set. */
const char *pif_boot_config_get(const PifBootConfig *config, const char *key);
/* Its value as a number, decimal or 0x; fallback when not set or not a number. */
gint64 pif_boot_config_number(const PifBootConfig *config, const char *key, gint64 fallback);
/* Is the key set to a number other than 0? */
gboolean pif_boot_config_is_on(const PifBootConfig *config, const char *key);
