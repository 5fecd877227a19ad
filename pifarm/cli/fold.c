// SPDX-License-Identifier: MIT
// Folding, a word at a time.
#include "pifarm/cli/fold.h"

#include <glib.h>

typedef struct {
    GString *text;
    glong column; /* 0: at the beginning of a line */
    glong width;
} Folded;

static void end_line(Folded *folded)
{
    if (folded->column > 0)
        g_string_append_c(folded->text, '\n');
    folded->column = 0;
}

static void add_word(Folded *folded, const char *word)
{
    glong length = g_utf8_strlen(word, -1);
    if (length == 0)
        return;
    if (folded->column + 1 + length > folded->width)
        end_line(folded);
    g_string_append_printf(folded->text, "%s%s", folded->column ? " " : "", word);
    folded->column += (folded->column ? 1 : 0) + length;
}

char *pif_fold(const char *text, unsigned width)
{
    Folded folded = {g_string_new(NULL), 0, (glong)width};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        gboolean is_kept = **line == ' ' || **line == '\0';
        if (is_kept) {
            end_line(&folded);
            g_string_append_printf(folded.text, "%s\n", *line);
        }
        for (char **word = words; *word && !is_kept; word++)
            add_word(&folded, *word);
    }
    return g_strchomp(g_string_free(folded.text, FALSE));
}
