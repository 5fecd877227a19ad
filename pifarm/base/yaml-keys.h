// SPDX-License-Identifier: MIT
// Maps of a YAML file read into structs, by tables of the keys that they may have.
#pragma once

#include "pifarm/base/yaml.h"

/* What readers know besides the value. */
typedef struct {
    PifDiagnostics *diagnostics;
    const char *what;      /* whose key it is, for messages: "node 'n2'" */
    const char *directory; /* relative paths in the file start here */
    gpointer context;      /* the table owner's */
} PifKeyScope;

typedef struct PifKey PifKey;

/* Reads a value into a field of the struct, or adds a diagnostic and leaves the field alone. */
typedef void (*PifKeyReader)(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                             gpointer field);

/* One row: a key that a map may have. The row after the last has no name. */
struct PifKey {
    const char *name;
    PifKeyReader read;
    gsize offset; /* of the field that read gets, in the struct that the map is read into */
    gboolean is_required;
    guint64 min;        /* of numbers and sizes */
    guint64 max;        /* of numbers and sizes; 0: no limit */
    const PifKey *keys; /* where the value is a map itself: its keys */
};

/* Reads a map into record: unknown, missing and wrong ones become diagnostics. A value that is null
 * counts as an empty map. */
void pif_keys_read(const PifKeyScope *scope, const PifKey *keys, const PifYaml *map,
                   gpointer record);

/* Adds "'id' of node 'n2' must be <expected>, not 'one'". */
void pif_key_expect(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                    const char *expected);
/* Adds "<formatted>" at the value. */
void pif_key_refuse(const PifKeyScope *scope, const PifYaml *value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The text of a scalar that is not nothing; else NULL, with a diagnostic. */
const char *pif_key_text(const PifKeyScope *scope, const PifKey *key, const PifYaml *value);

/* Readers. The type of the field is behind each. */
void pif_key_read_string(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field); /* char *: not empty */
void pif_key_read_strings(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field); /* char **: a text, or a list of texts */
void pif_key_read_number(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field); /* unsigned: min to max */
void pif_key_read_truth(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field); /* gboolean */
void pif_key_read_size(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field); /* guint64, bytes: min to max */
void pif_key_read_path(
    const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
    gpointer field); /* char *: absolute; ~/ and scope's directory put before it */
void pif_key_read_map(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field); /* a struct: read by key's keys */
/* A key that is known, but not yet for anything: refused. */
void pif_key_read_later(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field);
