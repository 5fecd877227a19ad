// SPDX-License-Identifier: MIT
// Mistakes in a text file: collected in one run, shown in order, each with its line and a caret.
#pragma once

#include <glib.h>

/* Where in the text: line and column from 1, column and length in characters. Line 0: the whole
 * file. */
typedef struct {
    unsigned line;
    unsigned column;
    unsigned length;
} PifPlace;

typedef struct PifDiagnostics PifDiagnostics;

/* file_name as the reader is to see it; text (kept by the caller) is what it contains. */
PifDiagnostics *pif_diagnostics_new(const char *file_name, const char *text, gsize size);
void pif_diagnostics_free(PifDiagnostics *diagnostics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDiagnostics, pif_diagnostics_free)

/* The message may quote the file as it is: control characters are shown as '?', long ones are cut.
 */
void pif_diagnostics_add(PifDiagnostics *diagnostics, const PifPlace *place, const char *format,
                         ...) G_GNUC_PRINTF(3, 4);

/* A secret: wherever the line is shown, there are stars. */
void pif_diagnostics_hide(PifDiagnostics *diagnostics, const PifPlace *place);

/* The place of a byte of the text. */
PifPlace pif_diagnostics_place_at(const PifDiagnostics *diagnostics, gsize offset);

unsigned pif_diagnostics_count(const PifDiagnostics *diagnostics);

/* FALSE when there was a mistake; error is then CONFIG and has all of them (the first 50), by
 * place:
 *
 *     farm.yaml:11:5: unknown key 'memry' in node 'n2'; did you mean 'memory'?
 *         memry: 1G
 *         ^~~~~
 */
gboolean pif_diagnostics_raise(const PifDiagnostics *diagnostics, GError **error);
