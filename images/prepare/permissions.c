// SPDX-License-Identifier: MIT
// Lines of three fields, of which the first may have spaces in it.
#include "images/prepare/permissions.h"

#include "pifarm/base/error.h"

#include <string.h>

static void permission_free(gpointer data)
{
    PifPermission *permission = data;
    g_free(permission->path);
    g_free(permission->owner);
    g_free(permission->group);
    g_free(permission);
}

/* useradd(8); a number for who is not in the image's passwd. */
static gboolean is_account(const char *name)
{
    return g_regex_match_simple("^([a-z_][a-z0-9_-]{0,31}|[0-9]{1,9})\\z", name, G_REGEX_DEFAULT,
                                G_REGEX_MATCH_DEFAULT);
}

static gboolean is_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (char **part = parts; *part; part++)
        if (!**part || g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            return FALSE;
    return *path != '\0';
}

/* FALSE: not three fields, or one of them cannot be right; *ret_wrong says which. */
static gboolean parse_line(const char *line, PifPermission *permission, const char **ret_wrong)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex = g_regex_new("^/*(.*?)/*\\s+([^\\s:]+):([^\\s:]+)\\s+([0-7]{3,4})\\z",
                                          G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT, NULL);
    *ret_wrong = "it is not `PATH OWNER:GROUP MODE`, as: etc/motd root:root 0644";
    if (!g_regex_match(regex, line, G_REGEX_MATCH_DEFAULT, &match))
        return FALSE;
    permission->path = g_match_info_fetch(match, 1);
    permission->owner = g_match_info_fetch(match, 2);
    permission->group = g_match_info_fetch(match, 3);
    g_autofree char *mode = g_match_info_fetch(match, 4);
    permission->mode = (guint)g_ascii_strtoull(mode, NULL, 8);
    *ret_wrong = "the path is not one below the folder";
    if (!is_path(permission->path))
        return FALSE;
    *ret_wrong = "owner and group are names of a-z, 0-9, - and _, or numbers";
    return is_account(permission->owner) && is_account(permission->group);
}

GHashTable *pif_permissions_parse(const char *file_name, const char *text, GError **error)
{
    g_autoptr(GHashTable) table =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, permission_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *wrong = NULL;
        g_strstrip(lines[i]);
        if (!*lines[i] || *lines[i] == '#')
            continue;
        PifPermission *permission = g_new0(PifPermission, 1);
        gboolean is_right = parse_line(lines[i], permission, &wrong);
        if (is_right && g_hash_table_contains(table, permission->path)) {
            is_right = FALSE;
            wrong = "the path has a line already";
        }
        if (!is_right) {
            permission_free(permission);
            g_autofree char *shown = g_strescape(lines[i], NULL);
            pif_error_set(error, PIF_ERROR_CONFIG, "%s:%u: '%.60s': %s", file_name, i + 1, shown,
                          wrong);
            return NULL;
        }
        g_hash_table_insert(table, permission->path, permission);
    }
    return g_steal_pointer(&table);
}
