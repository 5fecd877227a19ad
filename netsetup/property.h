// SPDX-License-Identifier: MIT
// The properties of a link that the farm sets: how `ip` spells each one, and how netlink carries
// it.
#pragma once

#include "netsetup/state.h"

struct nl_msg;

typedef enum {
    PIF_SET_FIRST, /* the link is made with it */
    PIF_SET_NEXT,
    PIF_SET_LAST, /* when all else is set, its addresses too */
} PifSetWhen;

typedef struct {
    const char *name; /* the word before the value in an `ip` command; NULL: the value is all */
    const char *kind; /* only links of this kind have it; NULL: every link */
    PifSetWhen when;
    /* Whether the link, as it is to be, says what the value is; NULL: every link does. */
    gboolean (*is_said)(const PifLink *link);
    char *(*format)(const PifLink *link); /* the value as `ip` takes it */
    /* Puts the value into an RTM_NEWLINK request; 0, or a negative libnl error. */
    int (*put)(struct nl_msg *request, const PifLink *link);
} PifLinkProperty;

/* In the order in which to set them. */
extern const PifLinkProperty pif_link_properties[];
extern const size_t pif_n_link_properties;
const PifLinkProperty *pif_link_property_alias(void);

gboolean pif_link_property_applies(const PifLinkProperty *property, const PifLink *link);
/* Whether the two links have the same value. */
gboolean pif_link_property_equal(const PifLinkProperty *property, const PifLink *a,
                                 const PifLink *b);
