// SPDX-License-Identifier: MIT
// Whose a link is: the marks that a farm leaves on what it makes.
#pragma once

#include "netsetup/state.h"

/* Marks a link that is to be made: its alias is the farm's, and its MAC is one that the farm has on
 * this host only. */
void pif_link_mark(PifLink *link, const char *farm, const char *machine_id);

/* Name of the farm whose alias the link has; NULL when it has none's. */
const char *pif_link_farm(const PifLink *link);

/* Whether the link is the marked one, whatever its name: by its alias, or, since a run may be
 * killed between making a link and giving it its alias, by the MAC it was made with. */
gboolean pif_link_is_marked_like(const PifLink *link, const PifLink *marked);
