// SPDX-License-Identifier: MIT
// What farm.yaml says that is to be on a node's card.
#pragma once

#include "images/card/card.h"
#include "pifarm/model/farm.h"

typedef struct {
    char *hostname;
    char *node_env; /* pif_node_format_env */
    gboolean is_static;
    char *address; /* members of PifStaticAddress */
    char *gateway;
    char *mac;
    PifStaticAddress lan;
} PifNodeIdentity;

void pif_node_identity_init(const PifFarm *farm, const PifNode *node,
                            PifNodeIdentity *ret_identity);
void pif_node_identity_clear(PifNodeIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifNodeIdentity, pif_node_identity_clear)

/* Its strings, which live as long as it does and does not move. */
PifIdentity pif_node_identity_get(const PifNodeIdentity *identity);
