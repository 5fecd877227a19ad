// SPDX-License-Identifier: MIT
// Damerau-Levenshtein distance, over words short enough for a table on the stack.
#include "pifarm/base/suggest.h"

#include <glib.h>
#include <string.h>

enum { MAX_LETTERS = 48, MAX_MISTAKES = 2 };

/* Optimal string alignment: letters are bytes, which is near enough for keys and names. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned cost[MAX_LETTERS + 1][MAX_LETTERS + 1];
    for (unsigned i = 0; i <= a_length; i++)
        cost[i][0] = i;
    for (unsigned j = 0; j <= b_length; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= a_length; i++)
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            unsigned best = MIN(replaced, MIN(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
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
