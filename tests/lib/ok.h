// SPDX-License-Identifier: MIT
// Assertions on calls that set a GError, showing the error.
#pragma once

#include "pifarm/base/error.h"

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
