// SPDX-License-Identifier: MIT
// The namespaces in which the image's programs run, and their first process.
#pragma once

#include "images/root/root-job.h"
#include "pifarm/base/fd.h"

typedef struct {
    pid_t pid;    /* of the first process; it dies with us, and all others with it */
    PifFd socket; /* to it */
} PifNamespace;

/* Makes the process, which waits. Before there are threads; in a mount namespace of our own. */
gboolean pif_namespace_start(PifNamespace *namespace, const PifRootJob *job, GError **error);
/* Runs the job in the image that is mounted at root in the job's folder by now, till its end. */
gboolean pif_namespace_run(PifNamespace *namespace, PifRootResult *ret_result, GError **error);
void pif_namespace_clear(PifNamespace *namespace);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifNamespace, pif_namespace_clear)

/* The parts of what the first process does. */

/* That programs of the image can run, before the old root is left; root: a path. */
gboolean pif_machine_prepare(const char *root, GError **error);

/* What of the host's and of ours a system must have while commands run in it: how to find names,
 * apt's proxy, that no service starts. Called in the image's root. */
typedef struct PifHostFiles PifHostFiles;
/* resolv_conf: the host's, may be NULL. */
PifHostFiles *pif_host_files_put(const PifRootJob *job, const char *resolv_conf, GError **error);
/* Takes them away again, but for what the commands have put in their place. */
gboolean pif_host_files_take_back(PifHostFiles *files, GError **error);

/* Runs the commands of the job. */
gboolean pif_steps_run(const PifRootJob *job, PifRootResult *ret_result, GError **error);

/* A terminal of the namespace's own for one program, joined to ours. */
typedef struct {
    PifFd master;
    PifFd slave;
} PifTerminal;

void pif_terminal_clear(PifTerminal *terminal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifTerminal, pif_terminal_clear)
gboolean pif_terminal_open(PifTerminal *terminal, GError **error);
/* Its size becomes that of ours. */
void pif_terminal_resize(const PifTerminal *terminal);
/* Waits until a signal comes or there are bytes, and passes these on. FALSE: it has been closed. */
gboolean pif_terminal_pass(PifTerminal *terminal, int signals);
/* What the program wrote before it ended. */
void pif_terminal_drain(PifTerminal *terminal);
