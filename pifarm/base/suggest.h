// SPDX-License-Identifier: MIT
// "Did you mean ...?": the known word nearest to a misspelt one.
#pragma once

/* The candidate that the fewest typing mistakes (a letter missing, added, wrong, or two swapped;
 * never a digit) turn into word: at most two, and at most half its letters. NULL when none is near
 * enough. candidates is NULL-terminated; the first of equals wins. */
const char *pif_suggest(const char *word, const char *const *candidates);
