// SPDX-License-Identifier: MIT
// A table from libyaml's problems to advice.
#include "pifarm/base/yaml-syntax.h"

#include <string.h>

typedef enum {
    AT_PROBLEM, /* point at where libyaml gave up */
    AND_START,  /* the same, and name the line on which the unfinished construct begins */
    AT_START,   /* point at where the construct begins */
} Pointing;

typedef struct {
    const char *problem;
    const char *context; /* NULL: any */
    char character;      /* found at the problem's place; 0: any */
    Pointing pointing;
    const char *message;
} Advice;

static const Advice advices[] = {
    {"found unexpected end of stream", "while scanning a quoted scalar", 0, AT_START,
     "the quote that opens here is never closed"},
    {"found unexpected document indicator", "while scanning a quoted scalar", 0, AT_START,
     "the quote that opens here is never closed"},
    {"found character that cannot start any token", NULL, '\t', AT_PROBLEM,
     "a tab: indent with spaces"},
    {"found a tab character that violates indentation", NULL, 0, AT_PROBLEM,
     "a tab: indent with spaces"},
    {"found a tab character where an indentation space is expected", NULL, 0, AT_PROBLEM,
     "a tab: indent with spaces"},
    {"found character that cannot start any token", NULL, 0, AT_PROBLEM,
     "a value cannot begin with this character: put it in quotes"},
    {"could not find expected ':'", "while scanning a simple key", 0, AT_START,
     "this is neither 'key: value' nor '- item': is there a ':' and a space missing?"},
    {"mapping values are not allowed in this context", NULL, 0, AT_PROBLEM,
     "a ':' is not expected here: check the indentation, or put the value in quotes"},
    {"block sequence entries are not allowed in this context", NULL, 0, AT_PROBLEM,
     "a '- ' is not expected here: begin the list on a line of its own"},
    {"did not find expected key", "while parsing a block mapping", 0, AND_START,
     "a 'key:' was expected here: check the indentation, and the end of the line above"},
    {"did not find expected '-' indicator", NULL, 0, AND_START,
     "a '- item' was expected here: check the indentation"},
    {"did not find expected ',' or '}'", NULL, 0, AND_START,
     "',' or '}' was expected here; inside braces, a value with [ ] { } or , needs quotes"},
    {"did not find expected ',' or ']'", NULL, 0, AND_START,
     "',' or ']' was expected here; inside brackets, a value with [ ] { } or , needs quotes"},
    {"did not find expected node content", NULL, 0, AND_START, "a value was expected here"},
    {"did not find expected <document start>", NULL, 0, AT_PROBLEM,
     "this is outside of the map that the file begins with: check the indentation"},
    {"found unknown escape character", NULL, 0, AT_PROBLEM,
     "no such escape in \"...\": write \\\\ for a backslash, or use '...'"},
};

static PifPlace place_of(const yaml_mark_t *mark)
{
    return (PifPlace){(unsigned)mark->line + 1, (unsigned)mark->column + 1, 1};
}

PifPlace pif_yaml_span(const yaml_mark_t *start, const yaml_mark_t *end)
{
    PifPlace place = place_of(start);
    /* Of what goes on over several lines, the first is marked: to its end. */
    place.length = end->line == start->line ? (unsigned)(end->index - start->index) : G_MAXUINT16;
    return place;
}

/* YAML 1.1, section 4.1.1: tab, line ends and what is printable. */
static gboolean is_allowed(gunichar character)
{
    if (character < 0x20)
        return character == '\t' || character == '\n' || character == '\r';
    if (character >= 0x7f && character < 0xa0)
        return character == 0x85;
    return character != 0xfffe && character != 0xffff;
}

/* The first byte that cannot be in a YAML text, or end. */
static const char *find_forbidden(const char *text, const char *end)
{
    const char *stop = end;
    g_utf8_validate_len(text, (gsize)(end - text), &stop);
    for (const char *at = text; at < stop; at = g_utf8_next_char(at))
        if (!is_allowed(g_utf8_get_char(at)))
            return at;
    return stop;
}

gboolean pif_yaml_check_encoding(const char *text, gsize size, PifDiagnostics *diagnostics)
{
    const char *end = text + size, *forbidden = find_forbidden(text, end);
    if (forbidden == end)
        return TRUE;
    PifPlace place = pif_diagnostics_place_at(diagnostics, (gsize)(forbidden - text));
    gunichar character = *forbidden ? g_utf8_get_char_validated(forbidden, end - forbidden) : 0;
    if (character >= (gunichar)-2)
        pif_diagnostics_add(diagnostics, &place, "byte 0x%02x is not UTF-8: save the file as UTF-8",
                            (guchar)*forbidden);
    else
        pif_diagnostics_add(diagnostics, &place, "a control character (U+%04X): delete it",
                            character);
    return FALSE;
}

static gboolean is_about(const Advice *advice, const yaml_parser_t *parser, char character)
{
    return strcmp(advice->problem, parser->problem) == 0 &&
           (!advice->context || g_strcmp0(advice->context, parser->context) == 0) &&
           (!advice->character || advice->character == character);
}

static void add_advice(const yaml_parser_t *parser, const Advice *advice,
                       PifDiagnostics *diagnostics)
{
    PifPlace problem = place_of(&parser->problem_mark);
    PifPlace start = place_of(&parser->context_mark);
    if (advice->pointing == AT_START)
        pif_diagnostics_add(diagnostics, &start, "%s", advice->message);
    else if (advice->pointing == AND_START && parser->context && start.line != problem.line)
        pif_diagnostics_add(diagnostics, &problem, "%s (in what begins on line %u)",
                            advice->message, start.line);
    else
        pif_diagnostics_add(diagnostics, &problem, "%s", advice->message);
}

void pif_yaml_add_syntax_error(const yaml_parser_t *parser, const char *text,
                               PifDiagnostics *diagnostics)
{
    PifPlace problem = place_of(&parser->problem_mark);
    const char *at = g_utf8_offset_to_pointer(text, (glong)parser->problem_mark.index);
    if (!parser->problem) /* out of memory is the only failure without words */
        g_error("libyaml ran out of memory");
    for (size_t i = 0; i < G_N_ELEMENTS(advices); i++)
        if (is_about(&advices[i], parser, *at)) {
            add_advice(parser, &advices[i], diagnostics);
            return;
        }
    pif_diagnostics_add(diagnostics, &problem, "%s%s%s", parser->problem,
                        parser->context ? " " : "", parser->context ? parser->context : "");
}
