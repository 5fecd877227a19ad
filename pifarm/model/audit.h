// SPDX-License-Identifier: MIT
// What nodes share that must be different, found by comparing what their cards say.
#pragma once

#include "pifarm/model/farm.h"

/* What was read of a node's card, or of an image. */
typedef struct {
    const char *name;       /* the node's, or the image's */
    GPtrArray *traits;      /* PifTrait* */
    const char *public_key; /* of a node: the line in known_hosts, from the type on; NULL: none */
} PifAuditSubject;

typedef struct {
    const char *problem; /* "shared", "unlike farm.yaml", "unlike known_hosts", "in the image" */
    char *what;          /* "machine-id" */
    char *value;
    char **names; /* of the nodes, or the image; NULL-terminated */
} PifAuditFinding;

void pif_audit_finding_free(PifAuditFinding *finding);

/* subjects and images: PifAuditSubject*. What farm.yaml gives a node counts as that node's, so a
 * card with another's address is found even if the other has no card. Addresses outside the lan's
 * subnet may be shared. Array of PifAuditFinding*, by what they are about. Pure. */
GPtrArray *pif_audit_compare(const PifFarm *farm, const GPtrArray *nodes, const GPtrArray *images);
