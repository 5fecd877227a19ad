// SPDX-License-Identifier: MIT
// One change to the host's network, as a value that can be printed, carried out and turned round.
#pragma once

#include "netsetup/property.h"
#include "netsetup/state.h"

typedef enum {
    PIF_STEP_ADD_LINK,
    PIF_STEP_REMOVE_LINK,
    PIF_STEP_SET_PROPERTY,
    PIF_STEP_ADD_ADDRESS,
    PIF_STEP_REMOVE_ADDRESS,
    PIF_STEP_ADD_ROUTE, /* beside one to the same place over another link, if there is one */
    PIF_STEP_REMOVE_ROUTE,
    PIF_STEP_MOVE_ROUTE, /* from one link to another, at one go */
    PIF_STEP_ADD_ADDRESS6,
    PIF_STEP_REMOVE_ADDRESS6,
    PIF_STEP_MOVE_ROUTE6,
    /* what follows is about packet filters, and not a matter of links */
    PIF_STEP_SET_TABLE, /* of packet filters: made, replaced or removed */
    PIF_STEP_SET_FORWARDING,
    PIF_STEP_ADD_EXCEPTION, /* rules that let the bridge pass a chain of somebody else's */
    PIF_STEP_REMOVE_EXCEPTION,
} PifNetVerb;

/* What it points to belongs to the plan. */
typedef struct {
    PifNetVerb verb;
    const char *link;                /* name of the link it is about */
    const PifLink *from;             /* the link as it was; NULL when it is only now made */
    const PifLink *to;               /* the link as it is to be; NULL when it is to go */
    const PifLinkProperty *property; /* SET_PROPERTY: which one */
    PifAddress address;              /* ADD_ADDRESS, REMOVE_ADDRESS: which one */
    PifRoute route;                  /* ..._ROUTE: which one; its link_index counts for nothing */
    PifAddress6 address6;            /* ..._ADDRESS6: which one */
    PifRoute6 route6;                /* MOVE_ROUTE6: which one */
    const char *old_link;  /* MOVE_ROUTE, MOVE_ROUTE6: name of the link that it led over before */
    const char *table;     /* SET_TABLE, ..._EXCEPTION: which table or chain */
    const char *text_from; /* SET_TABLE: as it was; SET_FORWARDING: "0" or "1" */
    const char *text_to;   /* as it is to be; NULL: gone. ..._EXCEPTION: the farm */
} PifNetStep;

/* An empty list of PifNetStep. */
GArray *pif_net_steps_new(void);

/* Appends the steps that make one link out of the other. from NULL: the link is to be made; to
 * NULL: it is to be removed. */
void pif_net_steps_add_difference(GArray *steps, const PifLink *from, const PifLink *to);

/* Appends the steps that make the routes lead over one link instead of another, which both have the
 * addresses that the routes need. routes: PifRoute; present: those that lead over the other link
 * already. */
void pif_net_steps_add_moved_routes(GArray *steps, const GArray *routes, const GArray *present,
                                    const char *from, const char *to);

/* The steps that take this one back. Free them. */
GArray *pif_net_step_invert(const PifNetStep *step);

/* The `ip` command that does the same. Free it. */
char *pif_net_step_format(const PifNetStep *step);
