// SPDX-License-Identifier: MIT
// What tests of fallible functions and of files have in common.
#pragma once

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>

/* The call, which has `&error` among its arguments, succeeds. */
#define ok(call)                                                                                   \
    do {                                                                                           \
        GError *error = NULL;                                                                      \
        (void)(call);                                                                              \
        g_assert_no_error(error);                                                                  \
    } while (0)

/* The call, which has `&error` among its arguments, fails with that code and says that text. */
#define fails(expected_code, text, call)                                                           \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        (void)(call);                                                                              \
        g_assert_error(error, PIF_ERROR, expected_code);                                           \
        if (!strstr(error->message, text))                                                         \
            g_error("expected '%s' in: %s", text, error->message);                                 \
    } while (0)

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
