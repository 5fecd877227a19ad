// SPDX-License-Identifier: MIT
// What pifarm-chroot is to do, and what has come of it, as JSON.
#pragma once

#include <glib.h>

/* Its descriptors: the job, a file; the result, a pipe; the terminal or standard input of the
 * shell. */
enum { PIF_ROOT_JOB_FD = 3, PIF_ROOT_RESULT_FD = 4, PIF_ROOT_INPUT_FD = 5 };

/* The commands are argument vectors. */
typedef struct {
    char *disk;
    char *folder;          /* empty, ours alone: mount points are made in it */
    char *apt_settings;    /* what apt of the host says of proxies and the like; may be NULL */
    GPtrArray *commands;   /* char **, each NULL-terminated */
    gboolean is_shell;     /* one command, with our standard input */
    gboolean has_terminal; /* which is a terminal */
} PifRootJob;

char *pif_root_job_format(const PifRootJob *job);
gboolean pif_root_job_parse(const char *text, PifRootJob **ret_job, GError **error);
void pif_root_job_free(PifRootJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifRootJob, pif_root_job_free)

/* How far it came. */
typedef struct {
    guint command; /* number of the last one that ran, from 0 */
    int status;    /* its exit status */
    GError *error; /* what went wrong otherwise */
} PifRootResult;

char *pif_root_result_format(const PifRootResult *result);
gboolean pif_root_result_parse(const char *text, PifRootResult *ret_result, GError **error);
void pif_root_result_clear(PifRootResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifRootResult, pif_root_result_clear)
