// SPDX-License-Identifier: MIT
// What tests of card images share: files and shell commands.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/base/file.h"
#include "tests/lib/ok.h"

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
