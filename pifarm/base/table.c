// SPDX-License-Identifier: MIT
// Tables by libsmartcols.
#include "pifarm/base/table.h"

#include "pifarm/base/error.h"

#include <libsmartcols.h>

struct PifTable {
    struct libscols_table *scols;
    struct libscols_line *line;
    const PifColumn *columns;
    size_t n_columns;
};

PifTable *pif_table_new(const char *name, const PifColumn *columns, size_t n_columns)
{
    PifTable *table = g_new0(PifTable, 1);
    table->scols = scols_new_table();
    table->columns = columns;
    table->n_columns = n_columns;
    scols_table_set_name(table->scols, name);
    for (size_t i = 0; i < n_columns; i++) {
        int flags = 0;
        if (columns[i].flags & PIF_COLUMN_NUMBER)
            flags |= SCOLS_FL_RIGHT;
        if (columns[i].flags & PIF_COLUMN_TRIM)
            flags |= SCOLS_FL_TRUNC;
        if (columns[i].flags & PIF_COLUMN_JSON)
            flags |= SCOLS_FL_HIDDEN;
        scols_table_new_column(table->scols, columns[i].heading, 0, flags);
    }
    return table;
}

void pif_table_free(PifTable *table)
{
    if (!table)
        return;
    scols_unref_table(table->scols);
    g_free(table);
}

void pif_table_add_row(PifTable *table)
{
    table->line = scols_table_new_line(table->scols, NULL);
}

void pif_table_set(PifTable *table, size_t column, const char *text)
{
    g_return_if_fail(table->line && column < table->n_columns);
    scols_line_set_data(table->line, column, text);
}

void pif_table_set_format(PifTable *table, size_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    pif_table_set(table, column, text);
}

void pif_table_set_number(PifTable *table, size_t column, gint64 number)
{
    pif_table_set_format(table, column, "%" G_GINT64_FORMAT, number);
}

void pif_table_set_truth(PifTable *table, size_t column, gboolean is_true)
{
    pif_table_set(table, column, is_true ? "yes" : "no");
}

static gboolean is_column_empty(PifTable *table, size_t column)
{
    gboolean is_empty = TRUE;
    struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
    struct libscols_line *line = NULL;
    while (is_empty && scols_table_next_line(table->scols, lines, &line) == 0)
        is_empty = !scols_cell_get_data(scols_line_get_cell(line, column));
    scols_free_iter(lines);
    return is_empty;
}

static void hide_rare_columns(PifTable *table)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if ((table->columns[i].flags & PIF_COLUMN_RARE) && is_column_empty(table, i))
            scols_column_set_flags(scols_table_get_column(table->scols, i), SCOLS_FL_HIDDEN);
}

/* Text tables show "-" where there is nothing; JSON has null there. */
static void fill_empty_cells(PifTable *table)
{
    struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
    struct libscols_line *line = NULL;
    while (scols_table_next_line(table->scols, lines, &line) == 0)
        for (size_t i = 0; i < table->n_columns; i++)
            if (!scols_cell_get_data(scols_line_get_cell(line, i)))
                scols_line_set_data(line, i, "-");
    scols_free_iter(lines);
}

static void use_json_columns(PifTable *table)
{
    scols_table_enable_json(table->scols, 1);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct libscols_column *column = scols_table_get_column(table->scols, i);
        struct libscols_cell *heading = scols_column_get_header(column);
        scols_cell_set_data(heading, table->columns[i].key);
        scols_column_set_flags(column, 0);
        if (table->columns[i].flags & PIF_COLUMN_NUMBER)
            scols_column_set_json_type(column, SCOLS_JSON_NUMBER);
        if (table->columns[i].flags & PIF_COLUMN_TRUTH)
            scols_column_set_json_type(column, SCOLS_JSON_BOOLEAN);
    }
}

gboolean pif_table_print(PifTable *table, PifTableFormat format, FILE *out, GError **error)
{
    scols_table_set_stream(table->scols, out);
    scols_table_enable_noheadings(table->scols, format == PIF_TABLE_NO_HEADINGS);
    if (format == PIF_TABLE_JSON) {
        use_json_columns(table);
        if (scols_table_get_nlines(table->scols) == 0) {
            fprintf(out, "{\n   \"%s\": []\n}\n", scols_table_get_name(table->scols));
            return TRUE;
        }
    } else {
        hide_rare_columns(table);
        fill_empty_cells(table);
    }
    int status = scols_print_table(table->scols);
    if (status != 0)
        return pif_error_set_errno(error, -status, "cannot print the table");
    return TRUE;
}

void pif_fact_print(int width, const char *key, const char *value)
{
    if (!value)
        return;
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    for (char *c = valid; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    printf("%-*s%s\n", width, key, valid);
}
