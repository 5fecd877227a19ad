// SPDX-License-Identifier: MIT
// What everybody who writes or reads JSON does with it.
#pragma once

#include <glib.h>
#include <jansson.h>

/* One line, keys in their order. Takes object. GLib's to free. */
char *pif_json_dump(json_t *object);

/* A list of strings, and back: what is no string in it does not count. NULL-terminated. */
json_t *pif_json_from_strings(const char *const *strings);
char **pif_json_to_strings(const json_t *list);
