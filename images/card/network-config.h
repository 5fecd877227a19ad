// SPDX-License-Identifier: MIT
// Where a card's system is told its address: by whichever program it starts for that at boot.
#pragma once

#include "images/card/static-address.h"

/* What pif_network_config_plan has to know of a card, of pif_card_root_survey. NULL-terminated. */
extern const char *const pif_network_config_folders[];
extern const char *const pif_network_config_files[];

/* Appends PifCardChange that give the system the address, or (NULL) take away the one that it was
 * given. *ret_where: "/etc/...: 10.77.0.11/24, for NetworkManager", of an address; free it. CONFIG
 * when the system starts nothing that we know. */
gboolean pif_network_config_plan(GHashTable *entries, GHashTable *contents,
                                 const PifStaticAddress *address, GPtrArray *changes,
                                 char **ret_where, GError **error);
