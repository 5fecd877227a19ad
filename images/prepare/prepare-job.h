// SPDX-License-Identifier: MIT
// What pifarm-prepare is to do, as the JSON that it gets on its standard input.
#pragma once

#include "images/prepare/prepare.h"

#include <jansson.h>

/* USAGE, with the value and the rule, when something in the specification cannot be right. */
gboolean pif_prepare_spec_check(const PifPrepareSpec *spec, GError **error);

typedef struct {
    char *disk;              /* raw file, grown already */
    gboolean is_accelerated; /* the appliance may use KVM */
    char *hostname;          /* the rest as in PifPrepareSpec */
    char *user;
    char *password_hash;
    char **ssh_keys; /* one line each, never NULL */
    gboolean enable_ssh;
} PifPrepareJob;

/* The specification alone: keys sorted by jansson when it is written. Release it with json_decref.
 */
json_t *pif_prepare_spec_to_json(const PifPrepareSpec *spec);

/* One line of JSON. Free it. */
char *pif_prepare_job_format(const PifPrepareSpec *spec, const char *disk, gboolean is_accelerated);
gboolean pif_prepare_job_parse(const char *text, PifPrepareJob **ret_job, GError **error);
void pif_prepare_job_free(PifPrepareJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifPrepareJob, pif_prepare_job_free)

/* What pifarm-prepare says on its standard output, a line each: {"step": "grow", "text": "growing
 * the root file system"} as each step begins; then {"done": true} or {"error": "config", "message":
 * "..."}. */
typedef enum { PIF_PREPARE_STEP, PIF_PREPARE_DONE, PIF_PREPARE_ERROR } PifPrepareSays;

typedef struct {
    PifPrepareSays says;
    char *step;    /* name of the step that begins */
    char *text;    /* the same for people */
    GError *error; /* of PIF_PREPARE_ERROR */
} PifPrepareLine;

char *pif_prepare_line_format(const PifPrepareLine *line);
gboolean pif_prepare_line_parse(const char *text, PifPrepareLine *ret_line, GError **error);
void pif_prepare_line_clear(PifPrepareLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifPrepareLine, pif_prepare_line_clear)

/* Name of the step in which the appliance starts: what fails or hangs in it may be tried again. */
#define PIF_PREPARE_LAUNCH "launch"
