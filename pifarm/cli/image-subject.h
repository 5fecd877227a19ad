// SPDX-License-Identifier: MIT
// NODE|IMAGE on a command line: a node's card, or an image of the store.
#pragma once

#include "images/store/clone-lock.h"
#include "pifarm/cli/cmd-image.h"

typedef struct {
    gboolean is_node;  /* --node: it is a node, whatever images are called */
    gboolean is_image; /* --image */
} PifSubjectChoice;

/* The two options, for a GOptionEntry table. */
#define PIF_SUBJECT_ENTRIES(choice)                                                                \
    {"node", 0, 0, G_OPTION_ARG_NONE, &(choice).is_node, "it is a node, not an image", NULL},      \
    {                                                                                              \
        "image", 0, 0, G_OPTION_ARG_NONE, &(choice).is_image, "it is an image, not a node", NULL   \
    }

typedef struct {
    char *name; /* as people know it */
    char *path; /* of the raw image, or of the card's qcow2 */
    gboolean is_node;
    PifCloneLock lock; /* of a node's card: nobody else works on it */
} PifSubject;

/* A node of the farm here, if there is a farm, or an image. USAGE when it may be either, NOT_FOUND
 * when it is neither, or a node that has no card yet, BUSY when that is worked on, CONFIG when the
 * image, or the one under the card, was changed. command: "export". */
gboolean pif_subject_find(PifCli *cli, PifStore *store, const char *name,
                          const PifSubjectChoice *choice, const char *command,
                          PifSubject *ret_subject, GError **error);
void pif_subject_clear(PifSubject *subject);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifSubject, pif_subject_clear)
