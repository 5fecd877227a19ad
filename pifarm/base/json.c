// SPDX-License-Identifier: MIT
// jansson, in GLib's memory.
#include "pifarm/base/json.h"

#include <stdlib.h>

char *pif_json_dump(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    char *copy = g_strdup(text);
    free(text);
    json_decref(object);
    return copy;
}

json_t *pif_json_from_strings(const char *const *strings)
{
    json_t *list = json_array();
    for (; *strings; strings++)
        json_array_append_new(list, json_string(*strings));
    return list;
}

char **pif_json_to_strings(const json_t *list)
{
    gsize i;
    json_t *element;
    g_autoptr(GStrvBuilder) strings = g_strv_builder_new();
    json_array_foreach(list, i, element) if (json_is_string(element))
        g_strv_builder_add(strings, json_string_value(element));
    return g_strv_builder_end(strings);
}
