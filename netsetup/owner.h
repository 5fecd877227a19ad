// SPDX-License-Identifier: MIT
// Whose a link is: the marks that a farm leaves on what it makes, and on what it only uses.
#pragma once

#include "netsetup/state.h"

/* Marks a link that is to be made: its alias is the farm's, and its MAC is one that the farm has on
 * this host only. */
void pif_link_mark(PifLink *link, const char *farm, const char *machine_id);

/* Name of the farm whose mark the link has; NULL when it has none's. Free it. */
char *pif_link_farm(const PifLink *link);

/* Whether the link is the marked one, whatever its name: by its alias, or, since a run may be
 * killed between making a link and giving it its alias, by the MAC it was made with. */
gboolean pif_link_is_marked_like(const PifLink *link, const PifLink *marked);

/* Marks an interface that is there already as the farm's uplink. The alias keeps what it was: up or
 * down, and its alias before. */
void pif_link_mark_uplink(PifLink *link, const char *farm);
gboolean pif_link_is_uplink_of(const PifLink *link, const char *farm);
/* Gives the link its alias back, and whether it was up. */
void pif_link_unmark_uplink(PifLink *link);

/* The mark of a node's TAP, and the node's name in it: NULL when it is none of that farm's. Free
 * it. */
char *pif_link_node_alias(const char *farm, const char *node);
char *pif_link_node(const PifLink *link, const char *farm);

/* Marks the TAP of a node's access point, before it is made. */
void pif_link_mark_wlan(PifLink *link, const char *farm, const char *node, const char *machine_id);
gboolean pif_link_is_wlan_of_node(const PifLink *link, const char *farm, const char *node);
/* One of the farm's, of whatever node; also one that got no alias. */
gboolean pif_link_is_wlan(const PifLink *link, const char *farm, const char *machine_id);
/* The node's name in the mark; NULL: another mark. Free it. */
char *pif_link_wlan_node(const PifLink *link, const char *farm);

/* Marks the link that a fault of the node's cable needs beside its TAP, before it is made. */
void pif_link_mark_fault(PifLink *link, const char *farm, const char *node, const char *machine_id);
gboolean pif_link_is_fault_of_node(const PifLink *link, const char *farm, const char *node);
/* One of the farm's, of whatever node; also one that got no alias. */
gboolean pif_link_is_fault(const PifLink *link, const char *farm, const char *machine_id);
