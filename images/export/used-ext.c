// SPDX-License-Identifier: MIT
// Free blocks of an ext4, as dumpe2fs lists them.
#include "images/export/used.h"

#include "pifarm/base/command.h"

#include <string.h>

/* Its value in dumpe2fs's head, which ends with an empty line; "" when it is not there. */
static char *find_field(const char *head, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, name) && (*line)[strlen(name)] == ':')
            return g_strstrip(g_strdup(*line + strlen(name) + 1));
    return g_strdup("");
}

/* "1-3, 7": block numbers. */
static void add_blocks(GArray *free, const char *list, guint64 block_size, guint64 start,
                       guint64 size)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    for (char **word = words; *word; word++) {
        char *rest = NULL;
        guint64 first = g_ascii_strtoull(*word, &rest, 10);
        guint64 last = *rest == '-' ? g_ascii_strtoull(rest + 1, &rest, 10) : first;
        PifRange range = {start + first * block_size, start + (last + 1) * block_size};
        if (rest == *word || last < first || (last + 1) * block_size > size)
            continue;
        g_array_append_val(free, range);
    }
}

/* One that crashed may have blocks in use that its bitmaps call free; in one of bigalloc the
 * numbers mean something else. */
static gboolean can_be_trusted(const char *head)
{
    g_autofree char *features = find_field(head, "Filesystem features");
    g_autofree char *state = find_field(head, "Filesystem state");
    return g_str_equal(state, "clean") && !strstr(features, "needs_recovery") &&
           !strstr(features, "bigalloc");
}

static void add_groups(GArray *free, const char *text, guint64 start, guint64 size)
{
    static const char begin[] = "  Free blocks: ";
    g_autofree char *block_size = find_field(text, "Block size");
    guint64 block_bytes = g_ascii_strtoull(block_size, NULL, 10);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; block_bytes && *line; line++)
        if (g_str_has_prefix(*line, begin))
            add_blocks(free, *line + strlen(begin), block_bytes, start, size);
}

GArray *pif_ext_find_free(PifDiskMap *map, guint64 start, guint64 size, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GArray) free = g_array_new(FALSE, FALSE, sizeof(PifRange));
    g_autoptr(PifCommand) command = pif_command_new("dumpe2fs", NULL);
    pif_command_add_format(command, "%s?offset=%" G_GUINT64_FORMAT, pif_disk_map_raw_path(map),
                           start);
    pif_command_set_environment(command, "LC_ALL", "C");
    g_autoptr(GError) failure = NULL;
    if (!pif_command_run(command, &text, &failure))
        g_debug("%s", failure->message); /* a damaged one: all of it counts */
    else if (can_be_trusted(text))
        add_groups(free, text, start, size);
    return g_steal_pointer(&free);
}
