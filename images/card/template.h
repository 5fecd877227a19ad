// SPDX-License-Identifier: MIT
// Files of an image that are different on each node: kept as templates, made when a card gets its
// identity, taken away when it loses it.
#pragma once

#include "images/card/card-root.h"

/* A line for each: the file that is made of it. The template of /etc/app.conf is
 * /etc/pifarm/templates/etc/app.conf and has the owner and mode that the file gets. */
#define PIF_TEMPLATE_LIST "/etc/pifarm/templates.list"
#define PIF_TEMPLATE_FOLDER "/etc/pifarm/templates"
enum { PIF_TEMPLATE_MAX_SIZE = 64 * 1024, PIF_TEMPLATES_MAX = 200 };

typedef struct {
    char *path; /* of the file */
    char *text; /* of the template */
    PifCardEntry entry;
    GBytes *content; /* of the file, if it is there */
} PifTemplate;

typedef struct {
    GPtrArray *templates; /* PifTemplate*; NULL: none */
    GHashTable *entries;  /* as of pif_card_root_list, of all folders above the files */
} PifTemplates;

void pif_templates_clear(PifTemplates *templates);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifTemplates, pif_templates_clear)

/* list: what is in PIF_TEMPLATE_LIST, NULL: there is none. A line whose template is gone does not
 * count. CONFIG when a line is none that a preparation writes. */
gboolean pif_templates_read(PifCardRoot *root, GBytes *list, PifTemplates *ret_templates,
                            GError **error);

/* Appends PifCardChange that make the files, and folders that are missing above them. node_env as
 * in PifIdentity. */
void pif_templates_expand(const PifTemplates *templates, const char *node_env, GPtrArray *changes);
/* Appends PifCardChange that remove the files as node_env made them. CONFIG when one is another by
 * now: what somebody has written into it would be lost. */
gboolean pif_templates_take_back(const PifTemplates *templates, const char *node_env,
                                 GPtrArray *changes, GError **error);

/* Whether line is a path that a template can have. */
gboolean pif_template_is_path(const char *line);
