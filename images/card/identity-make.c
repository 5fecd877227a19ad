// SPDX-License-Identifier: MIT
// IDs and host files for a node.
#include "images/card/identity.h"

#include <string.h>

char *pif_identity_make_machine_id(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_auto(GStrv) groups = g_strsplit(uuid, "-", -1);
    return g_strjoinv("", groups);
}

/* Is it the line of the host's own name? Debian gives that the address 127.0.1.1. */
static gboolean is_own_line(const char *line)
{
    static const char address[] = "127.0.1.1";
    return g_str_has_prefix(line, address) && g_ascii_isspace(line[sizeof address - 1]);
}

char *pif_identity_edit_hosts(const char *hosts, const char *hostname)
{
    gboolean is_done = FALSE;
    GString *edited = g_string_new(NULL);
    g_autofree char *text = g_strdup(hosts ? hosts : "127.0.0.1\tlocalhost\n");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!is_own_line(*line)) {
            g_string_append_printf(edited, "%s\n", *line);
        } else if (!is_done) {
            g_string_append_printf(edited, "127.0.1.1\t%s\n", hostname);
            is_done = TRUE;
        }
    }
    if (!is_done)
        g_string_append_printf(edited, "127.0.1.1\t%s\n", hostname);
    return g_string_free(edited, FALSE);
}
