// SPDX-License-Identifier: MIT
// The table of what a preparation can be told: a row for each member of PifPrepareSpec.
#pragma once

#include "images/prepare/prepare.h"

#include <jansson.h>

typedef enum {
    PIF_PREPARE_TRUTH, /* gboolean */
    PIF_PREPARE_TEXT,  /* const char * */
    PIF_PREPARE_LINES, /* char **: texts of several lines; empty ones and comments (#) do not count
                        */
    PIF_PREPARE_SCRIPTS, /* char **: texts, as they are */
    PIF_PREPARE_FILES,   /* char **: paths of text files; the worker gets name and text of each */
    PIF_PREPARE_TREES,   /* char **: paths of folders; the worker gets path and hash of each */
} PifPrepareKind;

typedef struct {
    const char *key; /* in recipes and in the job; of a step's first value: the step's name */
    PifPrepareKind kind;
    unsigned offset;     /* in PifPrepareSpec */
    const char *what;    /* for messages: "host name" */
    const char *pattern; /* of the text, the line, or the file's name */
    const char *rule;    /* the pattern in words */
    const char *needs;   /* key of another row, without which this one makes no sense */
    gboolean is_secret;  /* not to be shown */
    gboolean (*check_file)(const char *name, const char *text, GError **error);
} PifPrepareField;

/* Ends with a row without a key. */
extern const PifPrepareField pif_prepare_fields[];

const PifPrepareField *pif_prepare_field_find(const char *key);

/* Whether one value (text, line or path) can be right: the row's pattern. USAGE. */
gboolean pif_prepare_field_check(const PifPrepareField *field, const char *value, GError **error);

/* What is set in the specification, by key, with the content of files: strings, true, lists of
 * strings, of {"name", "text"} and of {"from", "sha256"}. Release it with json_decref. NULL: a file
 * or folder cannot be read, or cannot be right. */
json_t *pif_prepare_plan(const PifPrepareSpec *spec, GError **error);

/* A hash of the plan: of contents, and not of the folders that they come from. Free it. */
char *pif_prepare_plan_hash(const json_t *plan);

/* Texts and truths of over that are set replace those of spec; lists are appended. Both keep their
 * own; spec must be one that pif_prepare_spec_clear releases. */
void pif_prepare_spec_merge(PifPrepareSpec *spec, const PifPrepareSpec *over);
/* Releases all strings: for a specification that owns them. */
void pif_prepare_spec_clear(PifPrepareSpec *spec);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifPrepareSpec, pif_prepare_spec_clear)
