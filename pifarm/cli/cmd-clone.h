// SPDX-License-Identifier: MIT
// What the files of `pifarm clone` share.
#pragma once

#include "images/store/clone-lock.h"
#include "images/store/clone.h"
#include "pifarm/cli/cli.h"

/* Rows of the commands under `pifarm clone`. */
extern const PifCliCommand pif_clone_commands[];

/* pif_cli_parse for the row of that name. */
gboolean pif_clone_parse(const GOptionEntry *options, const char *description, int *argc,
                         char ***argv, GError **error);

/* How a command takes a node that is on. */
typedef enum {
    PIF_CLAIM_OFF,      /* never */
    PIF_CLAIM_FORCIBLE, /* not without --force, which the refusal names */
    PIF_CLAIM_ANY,      /* it was given: as it is */
} PifClaim;

/* A node's card, kept from being started or worked on by others. */
typedef struct {
    const PifNode *node;
    char *path;
    gboolean is_in_use; /* the node is on: nobody is kept from anything */
    PifCloneLock lock;
} PifClonedCard;

void pif_cloned_card_clear(PifClonedCard *card);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifClonedCard, pif_cloned_card_clear)

/* NOT_FOUND when the node has no card yet, BUSY when it is on or its card worked on. command:
 * "commit". */
gboolean pif_cloned_card_take(PifCli *cli, const PifNode *node, PifClaim claim, const char *command,
                              PifClonedCard *ret_card, GError **error);

/* Array of PifClonedCard* of all the nodes (const PifNode*), in their order, or an error. */
GPtrArray *pif_cloned_cards_take(PifCli *cli, const GPtrArray *nodes, PifClaim claim,
                                 const char *command, GError **error);
/* The same for the nodes that arguments name, all of them off. */
GPtrArray *pif_cloned_cards_select(PifCli *cli, char **arguments, gboolean all, const char *command,
                                   GError **error);

gboolean pif_clone_cmd_list(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_clone_cmd_reset(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_clone_cmd_commit(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_clone_cmd_rebase(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_clone_cmd_flatten(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
gboolean pif_clone_cmd_diff(PifCli *cli, int argc, char **argv, int *ret_status, GError **error);
