// SPDX-License-Identifier: MIT
// A YAML file as a tree that knows the place of every key and value.
#pragma once

#include "pifarm/base/diagnostic.h"

typedef enum { PIF_YAML_SCALAR, PIF_YAML_LIST, PIF_YAML_MAP } PifYamlKind;

typedef struct PifYaml PifYaml;
struct PifYaml {
    PifYamlKind kind;
    PifPlace place;
    char *text;         /* of a scalar: UTF-8 without NULs */
    gboolean is_quoted; /* a scalar in quotes or a block: "" is an empty text then, not nothing */
    GPtrArray *keys;    /* of a map: PifYaml*, scalars, each text once */
    GPtrArray *values;  /* of a list or map: PifYaml* */
};

/* One document, at most 1 MiB, 20000 values, 24 levels deep. Anchors, aliases and tags are refused:
 * each place in the file says what it means. Returns NULL and adds to diagnostics when the text
 * cannot be read; a key given twice is added too, but the tree is there (with the first of them).
 * text is diagnostics' text, with a NUL after its size bytes. */
PifYaml *pif_yaml_parse(const char *text, gsize size, PifDiagnostics *diagnostics);
void pif_yaml_free(PifYaml *yaml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifYaml, pif_yaml_free)

/* Of a map: the value of a key and the key itself; NULL when it is not there (or yaml is no map).
 */
const PifYaml *pif_yaml_get(const PifYaml *yaml, const char *key);
const PifYaml *pif_yaml_get_key(const PifYaml *yaml, const char *key);

/* Nothing written after "key:", or ~ or null. */
gboolean pif_yaml_is_null(const PifYaml *yaml);
