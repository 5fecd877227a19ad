// SPDX-License-Identifier: MIT
// What a preparation keeps for each node's identity to fill in.
#pragma once

#include "images/prepare/worker/guest.h"

/* A text at path, in folders that are made if they are missing; as a template if a node's values
 * are in it. CONFIG when it cannot be one. */
gboolean pif_guest_put_text(const PifGuest *guest, const char *path, const char *text,
                            unsigned mode, GError **error);

/* For those who put many at once: whether a file can have a node's values in it (CONFIG, why not),
 * where its template is put (free it), and, when all are there, what they are: paths of files that
 * are made of templates now, and of those that no longer are, or never were. */
gboolean pif_guest_check_template(const PifGuest *guest, const char *path, gsize size,
                                  GError **error);
char *pif_guest_template_place(const char *path);
gboolean pif_guest_update_templates(const PifGuest *guest, const GPtrArray *templates,
                                    const GPtrArray *plain, GError **error);
