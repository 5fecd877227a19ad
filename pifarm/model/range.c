// SPDX-License-Identifier: MIT
// The bracket in a pattern, taken apart.
#include "pifarm/model/range.h"

#include <string.h>

/* Five digits keep every number far from overflow. */
enum { MAX_DIGITS = 5 };

/* Reads digits at *text and steps over them; their count, 0 when there are none or too many. */
static unsigned read_number(const char **text, unsigned *ret_number)
{
    unsigned n_digits = 0, number = 0;
    for (; g_ascii_isdigit(**text); (*text)++, n_digits++) {
        if (n_digits == MAX_DIGITS)
            return 0;
        number = number * 10 + (unsigned)(**text - '0');
    }
    *ret_number = number;
    return n_digits;
}

/* One of the parts between commas: "7" or "3-5". Steps over it. */
static const char *expand_part(const char **part, const char *prefix, const char *suffix,
                               GPtrArray *items)
{
    unsigned first, last;
    gboolean is_padded = **part == '0';
    unsigned n_digits = read_number(part, &first);
    if (n_digits == 0)
        return "there must be numbers of up to 5 digits in [ ], as in [1-4] or [1,3-5]";
    last = first;
    if (**part == '-') {
        (*part)++;
        if (read_number(part, &last) == 0)
            return "a number is missing after '-' in [ ]";
    }
    if (last < first)
        return "the range in [ ] runs backwards";
    if (last - first >= PIF_RANGE_MAX - items->len)
        return "the range in [ ] is longer than 256";
    for (unsigned number = first; number <= last; number++)
        g_ptr_array_add(items, g_strdup_printf("%s%0*u%s", prefix, is_padded ? (int)n_digits : 0,
                                               number, suffix));
    return NULL;
}

static const char *expand_list(const char *list, const char *prefix, const char *suffix,
                               GPtrArray *items)
{
    for (;; list++) {
        const char *problem = expand_part(&list, prefix, suffix, items);
        if (problem)
            return problem;
        if (*list == ']')
            return NULL;
        if (*list != ',')
            return "in [ ] there can be numbers, '-' and ',' only, as in [1-4] or [1,3-5]";
    }
}

char **pif_range_expand(const char *pattern, const char **ret_problem)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);
    const char *open = strchr(pattern, '[');
    const char *close = strchr(pattern, ']');
    const char *problem = NULL;
    if (!open && !close) {
        g_ptr_array_add(items, g_strdup(pattern));
    } else if (!open || !close || close < open) {
        problem = "'[' and ']' do not match";
    } else if (strpbrk(close + 1, "[]")) {
        problem = "there can be one [ ] only";
    } else {
        g_autofree char *prefix = g_strndup(pattern, (gsize)(open - pattern));
        problem = expand_list(open + 1, prefix, close + 1, items);
    }
    if (problem) {
        *ret_problem = problem;
        return NULL;
    }
    g_ptr_array_add(items, NULL);
    return (char **)g_ptr_array_steal(items, NULL);
}
