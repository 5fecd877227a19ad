// SPDX-License-Identifier: MIT
// A farm's names in a file as hosts(5) has it.
#include "netsetup/hosts-file.h"

#include "netsetup/state.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *pif_hosts_format(const PifNetSpec *spec)
{
    GString *lines = g_string_new(NULL);
    for (size_t i = 0; i < spec->n_nodes; i++) {
        g_autofree char *address = pif_ip_format(spec->nodes[i].address);
        g_string_append_printf(lines, "%s %s.%s %s\n", address, spec->nodes[i].name, spec->farm,
                               spec->nodes[i].name);
    }
    return g_string_free(lines, FALSE);
}

/* From the first mark's line to the other's. One without its other was edited by hand: it stays,
 * and what is behind it. */
static gboolean find_block(const char *text, const char *first, const char *last,
                           const char **ret_start, const char **ret_end)
{
    const char *start = g_str_has_prefix(text, first) ? text : NULL;
    g_autofree char *inner = g_strconcat("\n", first, NULL);
    const char *found = start ? NULL : strstr(text, inner);
    if (found)
        start = found + 1;
    const char *end = start ? strstr(start, last) : NULL;
    if (!end)
        return FALSE;
    *ret_start = start;
    *ret_end = end + strlen(last);
    return TRUE;
}

char *pif_hosts_replace(const char *text, const char *farm, const char *lines)
{
    g_autofree char *first = g_strdup_printf("# pifarm: farm %s\n", farm);
    g_autofree char *last = g_strdup_printf("# pifarm: end of farm %s\n", farm);
    const char *start = text + strlen(text);
    const char *end = start;
    gboolean has_block = find_block(text, first, last, &start, &end);
    GString *result = g_string_new_len(text, start - text);
    if (lines && !has_block && result->len > 0 && result->str[result->len - 1] != '\n')
        g_string_append_c(result, '\n');
    if (lines)
        g_string_append_printf(result, "%s%s%s", first, lines, last);
    g_string_append(result, end);
    return g_string_free(result, FALSE);
}

gboolean pif_hosts_write(const char *path, const char *farm, const char *lines, GError **error)
{
    enum { MAX_SIZE = 16 << 20, MODE = 0644 };
    struct stat status = {.st_mode = MODE};
    g_autofree char *text = NULL;
    /* a link stays one */
    char *real_path = realpath(path, NULL);
    g_autofree char *target = g_strdup(real_path ? real_path : path);
    free(real_path);
    if (stat(target, &status) < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot look at %s", path);
    if (!g_file_test(target, G_FILE_TEST_EXISTS))
        text = g_strdup("");
    else if (!pif_file_read(target, MAX_SIZE, &text, NULL, error))
        return FALSE;
    g_autofree char *changed = pif_hosts_replace(text, farm, lines);
    return g_str_equal(changed, text) ||
           pif_file_write(target, changed, -1, status.st_mode & ALLPERMS, error);
}
