// SPDX-License-Identifier: MIT
// A systemd unit's [Install] section: which links enable it. Pure.
#pragma once

#include <glib.h>

/* Links under /etc/systemd/system, as "multi-user.target.wants/hello.service" for
 * WantedBy=multi-user.target, and what each is for: table of link -> target, both char *. Empty for
 * a unit that others start. CONFIG, with the line, when the text is no unit file or an [Install] in
 * it names what cannot be a unit. */
GHashTable *pif_unit_file_links(const char *name, const char *text, GError **error);

/* Whether it could be told. */
gboolean pif_unit_file_check(const char *name, const char *text, GError **error);
