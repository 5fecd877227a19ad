// SPDX-License-Identifier: MIT
// Damerau-Levenshtein distance, over words short enough for a table on the stack.
#include "pifarm/base/suggest.h"

#include <glib.h>
#include <string.h>

enum { MAX_LETTERS = 48, MAX_MISTAKES = 2 };

/* What it costs to miss, add or mistake these letters (bytes: near enough for keys and names). Case
 * is free. Digits are meant as they are: who says n9 does not want n1. */
static unsigned cost_of(char a, char b)
{
    if (g_ascii_tolower(a) == g_ascii_tolower(b))
        return 0;
    return g_ascii_isdigit(a) || g_ascii_isdigit(b) ? MAX_MISTAKES + 1 : 1;
}

/* Optimal string alignment. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned cost[MAX_LETTERS + 1][MAX_LETTERS + 1];
    cost[0][0] = 0;
    for (size_t i = 1; i <= a_length; i++)
        cost[i][0] = cost[i - 1][0] + cost_of(a[i - 1], '\0');
    for (size_t j = 1; j <= b_length; j++)
        cost[0][j] = cost[0][j - 1] + cost_of('\0', b[j - 1]);
    for (size_t i = 1; i <= a_length; i++)
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = cost[i - 1][j - 1] + cost_of(a[i - 1], b[j - 1]);
            unsigned dropped = cost[i - 1][j] + cost_of(a[i - 1], '\0');
            unsigned added = cost[i][j - 1] + cost_of('\0', b[j - 1]);
            cost[i][j] = MIN(replaced, MIN(dropped, added));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = MIN(cost[i][j], cost[i - 2][j - 2] + cost_of(a[i - 1], a[i - 2]));
        }
    return cost[a_length][b_length];
}

const char *pif_suggest(const char *word, const char *const *candidates)
{
    size_t length = strlen(word);
    const char *nearest = NULL;
    unsigned fewest = MAX_MISTAKES + 1;
    if (length > MAX_LETTERS)
        return NULL;
    for (; *candidates; candidates++) {
        size_t candidate_length = strlen(*candidates);
        if (candidate_length > MAX_LETTERS)
            continue;
        unsigned mistakes = distance(word, length, *candidates, candidate_length);
        if (mistakes < fewest && 2 * mistakes <= candidate_length) {
            fewest = mistakes;
            nearest = *candidates;
        }
    }
    return nearest;
}
