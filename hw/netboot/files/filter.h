// SPDX-License-Identifier: MIT
// Names that lead elsewhere, or to a text that is made for who asks.
#pragma once

#include "hw/netboot/files/node-identity.h"

#include <glib.h>

typedef enum {
    PIF_FILTER_PATH, /* to another file of the tree */
    PIF_FILTER_TEXT, /* to the text itself */
} PifFilterKind;

typedef struct PifFilter PifFilter;

/* Names that match the glob, without a node's own folder in front, lead to the template, in which
 *
 *     {filename}  is that name       {mac}     is b8-27-eb-12-34-56
 *     {serial}    is 0c36778e        {node}    is the node's name
 *     {server}    is the server's address
 */
PifFilter *pif_filter_new(PifFilterKind kind, const char *glob, const char *text);
/* The same of "GLOB=TEMPLATE"; USAGE where there is no "=". option is for the error. */
PifFilter *pif_filter_parse(PifFilterKind kind, const char *option, const char *text,
                            GError **error);
void pif_filter_free(PifFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifFilter, pif_filter_free)

PifFilterKind pif_filter_kind(const PifFilter *filter);

/* What the name leads to. NULL when it does not match, or when something that the template names is
 * not known of the node. Free it. server may be NULL. */
char *pif_filter_apply(const PifFilter *filter, const char *name, const PifNodeIdentity *identity,
                       const char *server);
