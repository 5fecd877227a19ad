// SPDX-License-Identifier: MIT
// Without root a farm has namespaces of its own: it is root there, and its network is not this
// host's. For root none of this does anything, and nothing else in the program asks who we are.
#pragma once

#include "netsetup/net.h"
#include "pifarm/base/undo.h"

/* Farms of this user have such namespaces. */
gboolean pif_rootless_applies(void);

/* What this user lacks for farms of their own. FALSE: nothing. Both strings are the caller's;
 * the second is a command. */
gboolean pif_rootless_find_obstacle(char **ret_problem, char **ret_mend);

/* DENIED when this user can't have this farm, by what of farm.yaml or of the host. */
gboolean pif_rootless_check(const PifNetSpec *spec, GError **error);

/* Makes this process root of the farm's user, mount and network namespaces, which are made first if
 * need be and then stay, whoever dies, until pif_rootless_end(). It must have one thread only, and
 * the farm's lock if others may make them too. Folders (base/paths.h) stay those of the user. */
gboolean pif_rootless_make(const PifNetSpec *spec, PifUndo *undo, GError **error);

/* The same where they are there, and nothing where they are not. */
gboolean pif_rootless_enter(const char *farm, GError **error);

/* For the daemon: as long as the main loop runs, who holds them and dies is replaced. */
void pif_rootless_keep(const char *farm);

/* The farm's network is not the one that we are in: its nodes are reached by forwards. */
gboolean pif_rootless_is_apart(const char *farm);

/* They go with the last process that is in them, and nobody enters any more. */
void pif_rootless_end(const char *farm);

/* A line of subuid(5) that gives the user as many IDs as a system has: TRUE and the first of them.
 * Pure. */
gboolean pif_subid_find(const char *text, const char *user, unsigned uid, unsigned *ret_first);
/* Such IDs that no line has yet. Pure. */
unsigned pif_subid_find_free(const char *text);

/* 0 in a namespace is its user, 1 and these are others: all that one system's IDs may be. */
enum { PIF_SUBID_COUNT = 65536 };
