// SPDX-License-Identifier: MIT
// Commands run as root in the system of a raw card image, without booting it.
#pragma once

#include "pifarm/base/progress.h"

#include <glib.h>

/* The image's file systems are mounted in namespaces of a child process (pifarm-chroot), and its
 * programs run there by qemu-user where the host is no ARM. Loop device, mounts and processes end
 * with us, however we end. The network is the host's; no service is started. Needs root: DENIED.
 * CONFIG when the image has no root that can be mounted or is of a machine that nothing here runs.
 * The image is of no use after a failure; after a success both file systems are clean. */

/* Appends what installs the Debian packages. strings: keeps what the commands refer to. */
void pif_root_add_packages(GArray *commands, GStringChunk *strings, char *const *packages);

/* A command line for /bin/sh. */
typedef struct {
    const char *script;
    const char *name; /* what messages call it; NULL: what it says */
} PifRootCommand;

/* Runs them in order till one fails: EXTERNAL with its exit status and the last lines that it
 * wrote. commands: of PifRootCommand. What they write is told to progress (may be NULL), and to
 * g_info. */
gboolean pif_root_run(const char *disk, const GArray *commands, PifProgress *progress,
                      GError **error);

/* Runs a program with our standard input, output and error; argv NULL: a shell. has_terminal: those
 * are a terminal, which the caller has made raw; it gets one of its own, so that job control works.
 * ret_status: the program's exit status, 128 + N when signal N ended it. */
gboolean pif_root_shell(const char *disk, char *const *argv, gboolean has_terminal, int *ret_status,
                        GError **error);

/* Whether that could work at all, to be asked before an image is copied: DENIED when we are not
 * root, NOT_FOUND when something is missing on the host. */
gboolean pif_root_check_host(GError **error);
