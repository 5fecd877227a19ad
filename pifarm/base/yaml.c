// SPDX-License-Identifier: MIT
// The tree, built from libyaml's events.
#include "pifarm/base/yaml.h"

#include "pifarm/base/yaml-syntax.h"

#include <string.h>
#include <yaml.h>

enum {
    MAX_BYTES = 1 << 20,
    MAX_DEPTH = 24,
    MAX_TREE_NODES = 20000,
};

typedef struct {
    yaml_parser_t parser;
    PifDiagnostics *diagnostics;
    const char *text;
    unsigned n_nodes;
} Builder;

static void builder_clear(Builder *builder)
{
    yaml_parser_delete(&builder->parser);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Builder, builder_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

static void free_tree(gpointer yaml)
{
    pif_yaml_free(yaml);
}

static PifYaml *yaml_new(PifYamlKind kind, const yaml_event_t *event)
{
    PifYaml *yaml = g_new0(PifYaml, 1);
    yaml->kind = kind;
    yaml->place = pif_yaml_span(&event->start_mark, &event->end_mark);
    if (kind == PIF_YAML_SCALAR)
        return yaml;
    yaml->place.length = 1;
    yaml->values = g_ptr_array_new_with_free_func(free_tree);
    if (kind == PIF_YAML_MAP)
        yaml->keys = g_ptr_array_new_with_free_func(free_tree);
    return yaml;
}

void pif_yaml_free(PifYaml *yaml)
{
    if (!yaml)
        return;
    g_free(yaml->text);
    g_clear_pointer(&yaml->keys, g_ptr_array_unref);
    g_clear_pointer(&yaml->values, g_ptr_array_unref);
    g_free(yaml);
}

static gboolean refuse(Builder *builder, const yaml_event_t *event, const char *message)
{
    PifPlace place = pif_yaml_span(&event->start_mark, &event->end_mark);
    pif_diagnostics_add(builder->diagnostics, &place, "%s", message);
    return FALSE;
}

static gboolean next_event(Builder *builder, yaml_event_t *ret_event)
{
    if (yaml_parser_parse(&builder->parser, ret_event))
        return TRUE;
    pif_yaml_add_syntax_error(&builder->parser, builder->text, builder->diagnostics);
    return FALSE;
}

static gboolean check_event(Builder *builder, const yaml_event_t *event, unsigned depth)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(builder, event, "aliases (*name) are not supported: write the value again");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
            return refuse(builder, event, "a NUL character (\\0) cannot be part of a value");
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor)
        return refuse(builder, event, "anchors (&name) are not supported: leave it out");
    if (tag)
        return refuse(builder, event, "tags (!name) are not supported: leave it out");
    if (depth > MAX_DEPTH)
        return refuse(builder, event, "lists and maps are nested too deeply here");
    if (++builder->n_nodes > MAX_TREE_NODES)
        return refuse(builder, event, "too many values in one file");
    return TRUE;
}

static PifYaml *build(Builder *builder, const yaml_event_t *event, unsigned depth);

static gboolean build_list(Builder *builder, PifYaml *list, unsigned depth)
{
    for (;;) {
        g_auto(yaml_event_t) event = {0};
        if (!next_event(builder, &event))
            return FALSE;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return TRUE;
        PifYaml *value = build(builder, &event, depth + 1);
        if (!value)
            return FALSE;
        g_ptr_array_add(list->values, value);
    }
}

/* What there is to point at is the key, where the value is nothing. */
static void place_nothing_at_its_key(const PifYaml *key, PifYaml *value)
{
    if (pif_yaml_is_null(value) && value->place.length == 0)
        value->place = key->place;
}

static void add_pair(Builder *builder, PifYaml *map, PifYaml *key, PifYaml *value)
{
    const PifYaml *first = pif_yaml_get_key(map, key->text);
    place_nothing_at_its_key(key, value);
    if (!first) {
        g_ptr_array_add(map->keys, key);
        g_ptr_array_add(map->values, value);
        return;
    }
    pif_diagnostics_add(builder->diagnostics, &key->place,
                        "key '%s' is given twice, first on line %u", key->text, first->place.line);
    pif_yaml_free(key);
    pif_yaml_free(value);
}

static gboolean build_pair(Builder *builder, PifYaml *map, const yaml_event_t *key_event,
                           unsigned depth)
{
    g_auto(yaml_event_t) value_event = {0};
    if (key_event->type != YAML_SCALAR_EVENT && key_event->type != YAML_ALIAS_EVENT)
        return refuse(
            builder, key_event,
            "a key must be a single word, not a list or map; quote it if it begins with [ or {");
    g_autoptr(PifYaml) key = build(builder, key_event, depth);
    if (!key || !next_event(builder, &value_event))
        return FALSE;
    PifYaml *value = build(builder, &value_event, depth + 1);
    if (!value)
        return FALSE;
    add_pair(builder, map, g_steal_pointer(&key), value);
    return TRUE;
}

static gboolean build_map(Builder *builder, PifYaml *map, unsigned depth)
{
    for (;;) {
        g_auto(yaml_event_t) event = {0};
        if (!next_event(builder, &event))
            return FALSE;
        if (event.type == YAML_MAPPING_END_EVENT)
            return TRUE;
        if (!build_pair(builder, map, &event, depth))
            return FALSE;
    }
}

static PifYaml *build_scalar(const yaml_event_t *event)
{
    PifYaml *scalar = yaml_new(PIF_YAML_SCALAR, event);
    scalar->text = g_strdup((const char *)event->data.scalar.value);
    scalar->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return scalar;
}

static PifYaml *build(Builder *builder, const yaml_event_t *event, unsigned depth)
{
    if (!check_event(builder, event, depth))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return build_scalar(event);
    gboolean is_list = event->type == YAML_SEQUENCE_START_EVENT;
    g_autoptr(PifYaml) yaml = yaml_new(is_list ? PIF_YAML_LIST : PIF_YAML_MAP, event);
    gboolean is_whole =
        is_list ? build_list(builder, yaml, depth) : build_map(builder, yaml, depth);
    return is_whole ? g_steal_pointer(&yaml) : NULL;
}

/* The events around the one document: stream start, document start, <the tree>, document end,
 * stream end. */
static PifYaml *build_document(Builder *builder)
{
    g_auto(yaml_event_t) stream_start = {0}, start = {0}, event = {0}, end = {0}, stream_end = {0};
    static const PifPlace whole_file = {0};
    if (!next_event(builder, &stream_start) || !next_event(builder, &start))
        return NULL;
    if (start.type == YAML_STREAM_END_EVENT) {
        pif_diagnostics_add(builder->diagnostics, &whole_file, "there is nothing in this file");
        return NULL;
    }
    if (!next_event(builder, &event))
        return NULL;
    g_autoptr(PifYaml) root = build(builder, &event, 0);
    if (!root || !next_event(builder, &end) || !next_event(builder, &stream_end))
        return NULL;
    if (stream_end.type != YAML_STREAM_END_EVENT) {
        refuse(builder, &stream_end, "a second document ('---') begins here: one file has one");
        return NULL;
    }
    return g_steal_pointer(&root);
}

PifYaml *pif_yaml_parse(const char *text, gsize size, PifDiagnostics *diagnostics)
{
    g_auto(Builder) builder = {.diagnostics = diagnostics, .text = text};
    if (size > MAX_BYTES) {
        pif_diagnostics_add(diagnostics, &(PifPlace){0}, "the file is larger than 1 MiB");
        return NULL;
    }
    if (!pif_yaml_check_encoding(text, size, diagnostics))
        return NULL;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        builder.text += 3;
        size -= 3;
    }
    if (!yaml_parser_initialize(&builder.parser))
        g_error("out of memory");
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const yaml_char_t *)builder.text, size);
    return build_document(&builder);
}

static int find_key(const PifYaml *yaml, const char *key)
{
    for (unsigned i = 0; yaml && yaml->kind == PIF_YAML_MAP && i < yaml->keys->len; i++) {
        const PifYaml *candidate = g_ptr_array_index(yaml->keys, i);
        if (strcmp(candidate->text, key) == 0)
            return (int)i;
    }
    return -1;
}

const PifYaml *pif_yaml_get(const PifYaml *yaml, const char *key)
{
    int index = find_key(yaml, key);
    return index < 0 ? NULL : g_ptr_array_index(yaml->values, (unsigned)index);
}

const PifYaml *pif_yaml_get_key(const PifYaml *yaml, const char *key)
{
    int index = find_key(yaml, key);
    return index < 0 ? NULL : g_ptr_array_index(yaml->keys, (unsigned)index);
}

gboolean pif_yaml_is_null(const PifYaml *yaml)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};
    return yaml->kind == PIF_YAML_SCALAR && !yaml->is_quoted &&
           g_strv_contains(nothing, yaml->text);
}
