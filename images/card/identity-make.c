// SPDX-License-Identifier: MIT
// Keys, IDs and host files for a node.
#include "images/card/identity.h"

#include "images/disk/scratch.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>

enum { MAX_KEY_SIZE = 16 * 1024, KEYGEN_TIMEOUT_MS = 30 * 1000 };

static gboolean run_keygen(const char *folder, const char *comment, char **ret_private,
                           char **ret_public, GError **error)
{
    g_autofree char *key = g_build_filename(folder, "key", NULL);
    g_autofree char *key_public = g_strconcat(key, ".pub", NULL);
    g_autofree char *text = NULL;
    g_autoptr(PifCommand) command = pif_command_new("ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                                                    "-C", comment, "-f", key, NULL);
    pif_command_set_timeout_ms(command, KEYGEN_TIMEOUT_MS);
    if (!pif_command_run(command, NULL, error) ||
        !pif_file_read(key, MAX_KEY_SIZE, &text, NULL, error) ||
        !pif_file_read(key_public, MAX_KEY_SIZE, ret_public, NULL, error))
        return FALSE;
    *ret_private = g_steal_pointer(&text);
    return TRUE;
}

gboolean pif_identity_make_host_key(const char *comment, char **ret_private, char **ret_public,
                                    GError **error)
{
    g_auto(PifScratch) scratch = {0};
    return pif_scratch_make(&scratch, error) &&
           run_keygen(scratch.folder, comment, ret_private, ret_public, error);
}

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
