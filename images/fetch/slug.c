// SPDX-License-Identifier: MIT
// Slugs: made, and searched by words.
#include "images/fetch/slug.h"

#include <string.h>

char *pif_slug_make(const char *text)
{
    GString *slug = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        if (g_ascii_isalnum(*c))
            g_string_append_c(slug, g_ascii_tolower(*c));
        else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
            g_string_append_c(slug, '-');
    }
    if (slug->len > 0 && slug->str[slug->len - 1] == '-')
        g_string_truncate(slug, slug->len - 1);
    return g_string_free(slug, FALSE);
}

static gboolean has_word(char **words, const char *wanted, gboolean parts)
{
    for (; *words; words++)
        if (parts ? strstr(*words, wanted) != NULL : g_str_equal(*words, wanted))
            return TRUE;
    return FALSE;
}

gboolean pif_slug_has_words(const char *slug, const char *wanted, gboolean parts)
{
    g_auto(GStrv) words = g_strsplit(slug, "-", -1);
    g_auto(GStrv) all = g_strsplit(wanted, "-", -1);
    for (char **word = all; *word; word++)
        if (!has_word(words, *word, parts))
            return FALSE;
    return *all != NULL;
}
