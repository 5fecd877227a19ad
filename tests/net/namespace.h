// SPDX-License-Identifier: MIT
// A network of the test's own: each test that enters a new namespace begins with nothing but `lo`.
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs shell commands and returns what they print; a failing one fails the test. Free it. */
static inline char *output_of(const char *commands)
{
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    int status = 0;
    char *argv[] = {(char *)"sh", (char *)"-euc", (char *)commands, NULL};
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, &error))
        g_error("%s: %s", commands, error->message);
    return output;
}

static inline void run(const char *commands)
{
    g_free(output_of(commands));
}

/* Without IPv6, whose duplicate address detection would go on changing links for seconds.
 * False when that needs rights we lack: the test then returns at once, as skipped, or failed where
 * skipping is forbidden. */
static inline gboolean enter_namespace(void)
{
    if (geteuid() == 0 && unshare(CLONE_NEWNET) == 0) {
        run("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true; ip link set dev lo up");
        return TRUE;
    }
    if (g_strcmp0(getenv("PIFARM_REQUIRE"), "1") == 0)
        g_test_fail_printf("this test needs root");
    else
        g_test_skip("needs root");
    return FALSE;
}
