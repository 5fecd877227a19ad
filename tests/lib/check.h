// SPDX-License-Identifier: MIT
// What tests of fallible functions and of files have in common.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/base/file.h"
#include "tests/lib/ok.h"

/* Runs a bash script in a folder and gives its output without the last newline. Free it. */
static inline char *shell(const char *folder, const char *script)
{
    char *output = NULL;
    g_autoptr(PifCommand) command = pif_command_new("bash", "-euc", script, NULL);
    g_autofree char *path = g_strconcat(g_getenv("PATH"), ":/usr/sbin:/sbin", NULL);
    pif_command_set_environment(command, "PATH", path); /* sfdisk, mke2fs */
    pif_command_set_directory(command, folder);
    ok(pif_command_run(command, &output, &error));
    return g_strchomp(output);
}

static inline void run(const char *folder, const char *script)
{
    g_free(shell(folder, script));
}
