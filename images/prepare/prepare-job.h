// SPDX-License-Identifier: MIT
// What pifarm-prepare is to do, as the JSON that it gets on its standard input, and what it
// answers.
#pragma once

#include "images/prepare/fields.h"

typedef struct {
    char *disk;              /* raw file, at its final size already; NULL: only list the steps */
    gboolean is_accelerated; /* the appliance may use KVM */
    gboolean must_grow;      /* a size was asked for: a root that cannot grow is an error */
    json_t *plan;            /* of pif_prepare_plan */
} PifPrepareJob;

/* One line of JSON. Free it. */
char *pif_prepare_job_format(const PifPrepareJob *job);
gboolean pif_prepare_job_parse(const char *text, PifPrepareJob **ret_job, GError **error);
void pif_prepare_job_free(PifPrepareJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifPrepareJob, pif_prepare_job_free)

/* What the plan has under the key of a row in pif_prepare_fields. */
gboolean pif_prepare_job_has(const PifPrepareJob *job, const char *key);
const char *pif_prepare_job_text(const PifPrepareJob *job, const char *key); /* or NULL */
char **pif_prepare_job_lines(const PifPrepareJob *job, const char *key);     /* g_strfreev it */

/* An element of a list of files or folders. */
typedef struct {
    const char *name; /* of the file */
    const char *text;
    const char *from; /* of the folder: its path on this host */
    const char *sha256;
} PifPrepareItem;

/* Array of PifPrepareItem, of strings that live as long as the job. Free it. */
GArray *pif_prepare_job_items(const PifPrepareJob *job, const char *key);

/* What pifarm-prepare says on its standard output, a line each: {"step": "grow", "text": "growing
 * the root file system"} as each step begins; {"note": "the boot partition is /boot/firmware"}
 * about what it found; then {"done": true} or {"error": "config", "message": "..."}. */
typedef enum {
    PIF_PREPARE_STEP,
    PIF_PREPARE_NOTE,
    PIF_PREPARE_DONE,
    PIF_PREPARE_ERROR
} PifPrepareSays;

typedef struct {
    PifPrepareSays says;
    char *step;    /* name of the step that begins */
    char *text;    /* the same for people; of PIF_PREPARE_NOTE: the note */
    GError *error; /* of PIF_PREPARE_ERROR */
} PifPrepareLine;

char *pif_prepare_line_format(const PifPrepareLine *line);
gboolean pif_prepare_line_parse(const char *text, PifPrepareLine *ret_line, GError **error);
void pif_prepare_line_clear(PifPrepareLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifPrepareLine, pif_prepare_line_clear)

/* Name of the step in which the appliance starts: what fails or hangs in it may be tried again. */
#define PIF_PREPARE_LAUNCH "launch"
