// SPDX-License-Identifier: MIT
// What tests of card images share: assertions that show the error, files and shell commands.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>

/* g_assert_true(...) that shows the error. */
#define ok(call)                                                                                   \
    do {                                                                                           \
        GError *error = NULL;                                                                      \
        (void)(call);                                                                              \
        g_assert_no_error(error);                                                                  \
    } while (0)

#define fails(code, text, call)                                                                    \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        (void)(call);                                                                              \
        g_assert_error(error, PIF_ERROR, code);                                                    \
        if (!strstr(error->message, text))                                                         \
            g_error("expected '%s' in: %s", text, error->message);                                 \
    } while (0)

/* Runs a shell command with $1... and gives its output. Free it. */
G_GNUC_NULL_TERMINATED static inline char *shell(const char *script, ...)
{
    char *output = NULL;
    g_autoptr(PifCommand) command = pif_command_new("bash", "-euc", script, "bash", NULL);
    va_list args;
    va_start(args, script);
    for (const char *argument; (argument = va_arg(args, const char *));)
        pif_command_add(command, argument);
    va_end(args);
    ok(pif_command_run(command, &output, &error));
    return output;
}

static inline void put(const char *folder, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    ok(pif_dir_make(parent, 0755, &error));
    ok(pif_file_write(path, content, -1, 0644, &error));
}
