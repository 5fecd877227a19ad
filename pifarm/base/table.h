// SPDX-License-Identifier: MIT
// A table for people and for programs: columns described once, printed as text or as JSON.
#pragma once

#include <glib.h>
#include <stdio.h>

typedef enum {
    PIF_COLUMN_TEXT = 0,
    PIF_COLUMN_NUMBER = 1 << 0, /* right-aligned; a JSON number */
    PIF_COLUMN_TRUTH = 1 << 1,  /* yes/no; a JSON boolean */
    PIF_COLUMN_TRIM = 1 << 2,   /* cut rather than wrap on a narrow terminal */
    PIF_COLUMN_JSON = 1 << 3,   /* in JSON only */
    PIF_COLUMN_RARE = 1 << 4,   /* text: left out when no row has it */
} PifColumnFlags;

typedef struct {
    const char *heading; /* text output: "ADDRESS" */
    const char *key;     /* JSON output: "address" */
    PifColumnFlags flags;
} PifColumn;

typedef enum { PIF_TABLE_TEXT, PIF_TABLE_NO_HEADINGS, PIF_TABLE_JSON } PifTableFormat;

typedef struct PifTable PifTable;

/* name is the key of the array in JSON output: {"nodes": [{...}]}. columns must outlive the table.
 */
PifTable *pif_table_new(const char *name, const PifColumn *columns, size_t n_columns);
void pif_table_free(PifTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifTable, pif_table_free)

/* Begins a row; the setters then write to it. A cell never set is "-" in text and null in JSON. */
void pif_table_add_row(PifTable *table);
void pif_table_set(PifTable *table, size_t column, const char *text);
void pif_table_set_format(PifTable *table, size_t column, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void pif_table_set_number(PifTable *table, size_t column, gint64 number);
void pif_table_set_truth(PifTable *table, size_t column, gboolean is_true);

/* Control characters in cells are shown escaped, so that a node's words cannot drive the terminal.
 */
gboolean pif_table_print(PifTable *table, PifTableFormat format, FILE *out, GError **error);

/* "key    value" on standard output, the value at column width; nothing when it is NULL. Bytes of a
 * stranger's are made harmless here too. */
void pif_fact_print(int width, const char *key, const char *value);
