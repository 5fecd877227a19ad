// SPDX-License-Identifier: MIT
// A recipe: the steps of a preparation in a YAML file, whose keys are the steps' names.
#pragma once

#include "images/prepare/fields.h"

typedef struct {
    char *path;          /* absolute */
    PifPrepareSpec spec; /* owns its strings */
    char *hostname;      /* with {node} in it, and so each node's own and not in spec; or NULL */
    char *ssh_identity;  /* the private key beside the first file of public ones, or NULL */
} PifRecipe;

/* CONFIG with every mistake as FILE:LINE:COLUMN, its line and a caret. Files that it names must be
 * there; relative paths begin at the recipe. */
PifRecipe *pif_recipe_load(const char *path, GError **error);
/* The same of a text; path is only named. */
PifRecipe *pif_recipe_parse(const char *path, const char *text, gsize size, GError **error);
void pif_recipe_free(PifRecipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifRecipe, pif_recipe_free)
