// SPDX-License-Identifier: MIT
// A /run in which root of a user namespace may write, as libvirt and nftables' users want to.
#pragma once

#include <glib.h>

/* Covers /run by a new one that shows all the old one shows. In a mount namespace of one's own. */
gboolean pif_cover_run(GError **error);
