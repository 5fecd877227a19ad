// SPDX-License-Identifier: MIT
// Where pifarm keeps things: /var/lib and /run for root, the XDG folders for everybody else.
#pragma once

#include <glib.h>

/* What ~ is in farm.yaml: the home folder of whoever runs us, also of who does so by sudo. Free it.
 */
char *pif_paths_home(void);
/* /var/lib/pifarm, or $XDG_STATE_HOME/pifarm; PIFARM_STATE_DIR overrides. Free it. */
char *pif_paths_state_dir(void);
/* /run/pifarm, or $XDG_RUNTIME_DIR/pifarm (without that: /run/user/<uid>, else in ~/.cache);
 * PIFARM_RUNTIME_DIR overrides. Free it. */
char *pif_paths_runtime_dir(void);
/* A user's own is closed to others. */
gboolean pif_paths_make_runtime_dir(GError **error);
/* What can be made again: $PIFARM_CACHE, or pifarm in $XDG_CACHE_HOME or ~/.cache. Free it. */
char *pif_paths_cache_dir(void);
/* <state>/images: the image store, shared by all farms. */
char *pif_paths_store_dir(void);
/* <state>/farms/<farm>: state.db, cards/, libvirt/, known_hosts, logs/. */
char *pif_paths_farm_dir(const char *farm);
/* <state>/farms/<farm>/cards/<node>.qcow2: the disk of a virtual node. Free it. */
char *pif_paths_card(const char *farm, const char *node);
/* <runtime>/<farm>.sock: the daemon's API. */
char *pif_paths_farm_socket(const char *farm);
/* <runtime>/<farm>.lock: held by the daemon. */
char *pif_paths_farm_lock(const char *farm);
/* <runtime>/.network.lock: held by the farm that changes the host's network. */
char *pif_paths_network_lock(void);

/* The same where root has them, for who is not root; NULL when that is where we have them. */
char *pif_paths_roots_farm_dir(const char *farm);
char *pif_paths_roots_farm_socket(const char *farm);
