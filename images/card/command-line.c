// SPDX-License-Identifier: MIT
// Words of cmdline.txt.
#include "images/card/command-line.h"

#include <string.h>

static const char *const first_boot_words[] = {
    "init=/usr/lib/raspberrypi-sys-mods/firstboot", /* raspberrypi-sys-mods of Bullseye */
    "init=/usr/lib/raspi-config/init_resize.sh",    /* raspi-config before that */
    "firstboot",                                    /* initramfs scripts of Bookworm */
    "resize",                                       /* and of Trixie */
    NULL,
};

char *pif_command_line_drop_first_boot(const char *command_line)
{
    GString *kept = g_string_new(NULL);
    while (*command_line) {
        gsize space = strspn(command_line, " \t\r\n");
        gsize length = strcspn(command_line + space, " \t\r\n");
        g_autofree char *word = g_strndup(command_line + space, length);
        if (!g_strv_contains(first_boot_words, word))
            g_string_append_len(kept, command_line, (gssize)(space + length));
        command_line += space + length;
    }
    return g_string_free(kept, FALSE);
}

char *pif_command_line_set(const char *command_line, const char *name, const char *value)
{
    GString *set = g_string_new(NULL);
    g_autofree char *prefix = g_strconcat(name, "=", NULL);
    g_autofree char *line = g_strndup(command_line, strcspn(command_line, "\r\n"));
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    for (char **word = words; *word; word++)
        if (**word && !g_str_has_prefix(*word, prefix))
            g_string_append_printf(set, "%s ", *word);
    g_string_append_printf(set, "%s%s\n", prefix, value);
    return g_string_free(set, FALSE);
}
