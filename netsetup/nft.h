// SPDX-License-Identifier: MIT
// libnftables: commands in its language carried out, and their output.
#pragma once

#include <glib.h>

/* Carries the commands out, all or none. ret_output may be NULL. DENIED without CAP_NET_ADMIN, else
 * EXTERNAL with what nftables said. */
gboolean pif_nft_run(const char *commands, char **ret_output, GError **error);
/* The same with rule handles in the output. */
gboolean pif_nft_list_handles(const char *commands, char **ret_output, GError **error);
