// SPDX-License-Identifier: MIT
// Mistakes and the lines they are on, made fit for a terminal.
#include "pifarm/base/diagnostic.h"

#include "pifarm/base/error.h"

#include <stdarg.h>
#include <string.h>

enum {
    MAX_SHOWN = 50,
    MAX_KEPT = 1000,     /* of a hostile file; the rest is only counted */
    MAX_MESSAGE = 400,   /* characters */
    MAX_LINE_WIDTH = 96, /* columns; longer lines are cut around the caret */
    WIDTH_BEFORE_CARET = 60,
    NO_CHARACTER = 0xfffd, /* U+FFFD: read from a byte that is no UTF-8 */
};

typedef struct {
    PifPlace place;
    unsigned sequence;
    char *message;
} Diagnostic;

struct PifDiagnostics {
    char *file_name;
    const char *text;
    const char *end;
    GArray *lines;   /* gsize: where each line starts */
    GPtrArray *kept; /* Diagnostic* */
    GArray *hidden;  /* PifPlace */
    unsigned count;
};

static void diagnostic_free(gpointer data)
{
    Diagnostic *diagnostic = data;
    g_free(diagnostic->message);
    g_free(diagnostic);
}

/* The character at text and where the next one begins; a byte that is no UTF-8 is one of its own.
 */
static const char *next_character(const char *text, const char *end, gunichar *ret_character)
{
    *ret_character = g_utf8_get_char_validated(text, end - text);
    if (*ret_character == 0 || *ret_character >= (gunichar)-2) {
        *ret_character = NO_CHARACTER;
        return text + 1;
    }
    return g_utf8_next_char(text);
}

/* YAML 1.1, section 4.1.4: what ends a line. */
static gboolean is_line_break(gunichar character)
{
    return character == '\n' || character == '\r' || character == 0x85 || character == 0x2028 ||
           character == 0x2029;
}

static GArray *index_lines(const char *text, const char *end)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(gsize));
    gunichar character;
    gsize start = 0;
    if (end - text >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        start = 3;
    g_array_append_val(lines, start);
    for (const char *at = text + start; at < end;) {
        at = next_character(at, end, &character);
        if (!is_line_break(character))
            continue;
        if (character == '\r' && at < end && *at == '\n')
            at++;
        start = (gsize)(at - text);
        g_array_append_val(lines, start);
    }
    return lines;
}

PifDiagnostics *pif_diagnostics_new(const char *file_name, const char *text, gsize size)
{
    PifDiagnostics *diagnostics = g_new0(PifDiagnostics, 1);
    diagnostics->file_name = g_strdup(file_name);
    diagnostics->text = text;
    diagnostics->end = text + size;
    diagnostics->lines = index_lines(text, text + size);
    diagnostics->kept = g_ptr_array_new_with_free_func(diagnostic_free);
    diagnostics->hidden = g_array_new(FALSE, FALSE, sizeof(PifPlace));
    return diagnostics;
}

void pif_diagnostics_free(PifDiagnostics *diagnostics)
{
    if (!diagnostics)
        return;
    g_free(diagnostics->file_name);
    g_array_unref(diagnostics->lines);
    g_ptr_array_unref(diagnostics->kept);
    g_array_unref(diagnostics->hidden);
    g_free(diagnostics);
}

/* How many columns the terminal gives to a character, after make_printable. */
static unsigned width_of(gunichar character)
{
    if (g_unichar_iszerowidth(character))
        return 0;
    return g_unichar_iswide(character) ? 2 : 1;
}

static gunichar make_printable(gunichar character)
{
    if (character == '\t')
        return ' ';
    return g_unichar_isprint(character) && character != NO_CHARACTER ? character : '?';
}

static char *make_message(const char *text)
{
    g_autoptr(GString) message = g_string_new(NULL);
    const char *end = text + strlen(text);
    gunichar character;
    for (unsigned n = 0; text < end; n++) {
        if (n == MAX_MESSAGE) {
            g_string_append(message, "...");
            break;
        }
        text = next_character(text, end, &character);
        g_string_append_unichar(message, make_printable(character));
    }
    return g_strdup(message->str);
}

void pif_diagnostics_add(PifDiagnostics *diagnostics, const PifPlace *place, const char *format,
                         ...)
{
    unsigned sequence = diagnostics->count++;
    if (diagnostics->kept->len == MAX_KEPT)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    Diagnostic *diagnostic = g_new0(Diagnostic, 1);
    diagnostic->place = *place;
    diagnostic->sequence = sequence;
    diagnostic->message = make_message(text);
    g_ptr_array_add(diagnostics->kept, diagnostic);
}

void pif_diagnostics_hide(PifDiagnostics *diagnostics, const PifPlace *place)
{
    g_array_append_val(diagnostics->hidden, *place);
}

PifPlace pif_diagnostics_place_at(const PifDiagnostics *diagnostics, gsize offset)
{
    PifPlace place = {.line = 1, .column = 1, .length = 1};
    const GArray *lines = diagnostics->lines;
    while (place.line < lines->len && g_array_index(lines, gsize, place.line) <= offset)
        place.line++;
    const char *at = diagnostics->text + g_array_index(lines, gsize, place.line - 1);
    for (gunichar character; at < diagnostics->text + offset; place.column++)
        at = next_character(at, diagnostics->end, &character);
    return place;
}

unsigned pif_diagnostics_count(const PifDiagnostics *diagnostics)
{
    return diagnostics->count;
}

/* One line of the text as characters fit to print. FALSE when there is nothing in it to see. */
static gboolean read_line(const PifDiagnostics *diagnostics, unsigned line, GArray *ret_characters)
{
    gboolean has_text = FALSE;
    gunichar character;
    if (line == 0 || line > diagnostics->lines->len)
        return FALSE;
    const char *at = diagnostics->text + g_array_index(diagnostics->lines, gsize, line - 1);
    while (at < diagnostics->end) {
        at = next_character(at, diagnostics->end, &character);
        if (is_line_break(character))
            break;
        character = make_printable(character);
        has_text |= character != ' ';
        g_array_append_val(ret_characters, character);
    }
    return has_text;
}

static void hide_secrets(const PifDiagnostics *diagnostics, unsigned line, GArray *characters)
{
    for (guint i = 0; i < diagnostics->hidden->len; i++) {
        const PifPlace *place = &g_array_index(diagnostics->hidden, PifPlace, i);
        guint end = MIN(place->column - 1 + place->length, characters->len);
        for (guint at = place->column - 1; place->line == line && at < end; at++)
            g_array_index(characters, gunichar, at) = '*';
    }
}

static void append_spaces(GString *out, unsigned count)
{
    g_string_append_printf(out, "%*s", (int)count, "");
}

/* The line, or a window of it that has the place in view, and a caret with tildes below. */
static void append_line(GString *out, const GArray *characters, const PifPlace *place)
{
    static const char cut[] = "...";
    unsigned start = 0, width = 0, caret = 0, marked = 0;
    unsigned column = MIN(place->column, characters->len + 1) - 1;
    if (characters->len > MAX_LINE_WIDTH && column > WIDTH_BEFORE_CARET)
        start = column - WIDTH_BEFORE_CARET;
    if (start) {
        g_string_append(out, cut);
        width = sizeof cut - 1;
        caret = width;
    }
    for (unsigned i = start; i < characters->len; i++) {
        gunichar character = g_array_index(characters, gunichar, i);
        width += width_of(character);
        if (width > MAX_LINE_WIDTH) {
            g_string_append(out, cut);
            break;
        }
        g_string_append_unichar(out, character);
        if (i < column)
            caret += width_of(character);
        else if (i < column + place->length)
            marked += width_of(character);
    }
    g_string_append_c(out, '\n');
    append_spaces(out, caret);
    g_string_append_c(out, '^');
    for (; marked > 1; marked--)
        g_string_append_c(out, '~');
}

static void append_diagnostic(const PifDiagnostics *diagnostics, const Diagnostic *diagnostic,
                              GString *out)
{
    const PifPlace *place = &diagnostic->place;
    g_autoptr(GArray) characters = g_array_new(FALSE, FALSE, sizeof(gunichar));
    g_string_append(out, diagnostics->file_name);
    if (place->line)
        g_string_append_printf(out, ":%u:%u", place->line, place->column);
    g_string_append_printf(out, ": %s", diagnostic->message);
    if (!read_line(diagnostics, place->line, characters))
        return;
    hide_secrets(diagnostics, place->line, characters);
    g_string_append_c(out, '\n');
    append_line(out, characters, place);
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    const Diagnostic *left = *(const Diagnostic *const *)a;
    const Diagnostic *right = *(const Diagnostic *const *)b;
    if (left->place.line != right->place.line)
        return left->place.line < right->place.line ? -1 : 1;
    if (left->place.column != right->place.column)
        return left->place.column < right->place.column ? -1 : 1;
    return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

gboolean pif_diagnostics_raise(const PifDiagnostics *diagnostics, GError **error)
{
    if (diagnostics->count == 0)
        return TRUE;
    g_autoptr(GString) out = g_string_new(NULL);
    g_ptr_array_sort(diagnostics->kept, compare_places);
    for (unsigned i = 0; i < MIN(diagnostics->kept->len, MAX_SHOWN); i++) {
        if (i)
            g_string_append_c(out, '\n');
        append_diagnostic(diagnostics, g_ptr_array_index(diagnostics->kept, i), out);
    }
    if (diagnostics->count > MAX_SHOWN)
        g_string_append_printf(out, "\n%s: and %u more mistakes", diagnostics->file_name,
                               diagnostics->count - MAX_SHOWN);
    return pif_error_set(error, PIF_ERROR_CONFIG, "%s", out->str);
}
