// SPDX-License-Identifier: MIT
// The declarations in an __overrides__ node, read and followed.
#include "hw/firmware/override.h"

#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <string.h>

enum { MAX_PROPERTY = 4096 }; /* ours: an offset may lie behind the end of its property */

/* What follows the name of a property in a declaration. */
typedef enum {
    TEXT = 0,
    U8 = '.',
    U16 = ';',
    U32 = ':',
    U64 = '#',
    TRUTH = '?',
    UNTRUTH = '!',
    BYTES = '[',
} Type;

typedef struct {
    char *property;
    Type type;
    guint64 offset; /* of a number, in bytes */
} Target;

/* A parameter's value: text, or a cell out of the declaration itself. */
typedef struct {
    const char *text;
    gboolean is_cell;
    guint32 cell;
} Value;

static void target_clear(Target *target)
{
    g_free(target->property);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Target, target_clear)

static gboolean set_bad(GError **error, const char *declaration)
{
    return pif_error_set(error, PIF_ERROR_CONFIG, "its declaration '%s' cannot be followed",
                         declaration);
}

/* A word for a number; "up" and "down" are pulls of a pin. */
static gboolean parse_word(const char *text, guint64 *ret_number)
{
    static const struct {
        const char *words[6];
        guint64 number;
    } meanings[] = {
        {{"on", "yes", "y", "true", "okay"}, 1},
        {{"off", "no", "n", "false", "none"}, 0},
        {{"down"}, 1},
        {{"up"}, 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(meanings); i++)
        if (g_strv_contains(meanings[i].words, text)) {
            *ret_number = meanings[i].number;
            return TRUE;
        }
    return FALSE;
}

static gboolean parse_number(const Value *value, guint64 *ret_number)
{
    char *end = NULL;
    if (value->is_cell) {
        *ret_number = value->cell;
        return TRUE;
    }
    if (parse_word(value->text, ret_number))
        return TRUE;
    *ret_number = *value->text == '-' ? (guint64)g_ascii_strtoll(value->text, &end, 0)
                                      : g_ascii_strtoull(value->text, &end, 0);
    return end != value->text && !*end;
}

static gboolean set_bad_value(GError **error, const Value *value, const char *wanted)
{
    return pif_error_set(error, PIF_ERROR_CONFIG, "'%s' is not %s", value->text ? value->text : "",
                         wanted);
}

static gboolean take_status(int status, GError **error)
{
    return status >= 0 || pif_error_set(error, PIF_ERROR_CONFIG, "the device tree refuses it (%s)",
                                        fdt_strerror(status));
}

/* "brcm,pins:4=..." -> property, type and offset; *ret_rest is what comes behind. */
static gboolean parse_target(const char *declaration, Target *ret_target, const char **ret_rest)
{
    if (!*declaration)
        return FALSE;
    /* The first letter belongs to the name: "#size-cells". */
    gsize length = 1 + strcspn(declaration + 1, ".;:#?![{=");
    const char *rest = declaration + length;
    char *end = NULL;
    *ret_target = (Target){g_strndup(declaration, length), TEXT, 0};
    if (*rest && strchr(".;:#", *rest)) {
        ret_target->type = (Type)*rest;
        ret_target->offset = g_ascii_strtoull(rest + 1, &end, 0);
        if (end == rest + 1 || ret_target->offset > MAX_PROPERTY)
            return FALSE;
        rest = end;
    } else if (*rest && strchr("?![", *rest)) {
        ret_target->type = (Type)*rest;
        rest++;
    }
    *ret_rest = rest;
    return TRUE;
}

/* Integers lie in the property big-endian, whatever is around them stays; it grows where they lie
 * behind its end. */
static int write_number(PifDeviceTree *tree, int node, const Target *target, guint64 number,
                        gsize width)
{
    guint8 bytes[MAX_PROPERTY * 2] = {0};
    int size;
    const void *old = fdt_getprop(tree->fdt, node, target->property, &size);
    gsize whole = old ? (gsize)size : 0;
    if (whole > MAX_PROPERTY)
        return -FDT_ERR_NOSPACE;
    if (old)
        memcpy(bytes, old, whole);
    for (gsize i = 0; i < width; i++)
        bytes[target->offset + i] = (guint8)(number >> (8 * (width - 1 - i)));
    return pif_device_tree_set(tree, node, target->property, bytes,
                               MAX(whole, target->offset + width));
}

/* "i2c@1" -> "i2c@7" */
static int rename_by_address(PifDeviceTree *tree, int node, guint64 address)
{
    const char *name = fdt_get_name(tree->fdt, node, NULL);
    const char *at = name ? strchr(name, '@') : NULL;
    if (!at)
        return 0;
    g_autofree char *renamed =
        g_strdup_printf("%.*s@%" G_GINT64_MODIFIER "x", (int)(at - name), name, address);
    pif_device_tree_reserve(tree, strlen(renamed) + 8);
    return fdt_set_name(tree->fdt, node, renamed);
}

static gboolean set_number(PifDeviceTree *tree, int node, const Target *target, const Value *value,
                           GError **error)
{
    gsize width = target->type == U8 ? 1 : target->type == U16 ? 2 : target->type == U32 ? 4 : 8;
    guint64 number;
    if (!parse_number(value, &number))
        return set_bad_value(error, value, "a number");
    int status = write_number(tree, node, target, number, width);
    if (status >= 0 && g_str_equal(target->property, "reg"))
        status = rename_by_address(tree, node, number);
    return take_status(status, error);
}

static gboolean set_truth(PifDeviceTree *tree, int node, const Target *target, const Value *value,
                          GError **error)
{
    guint64 number;
    if (!parse_number(value, &number))
        return set_bad_value(error, value, "on or off");
    if ((number != 0) == (target->type == TRUTH))
        return take_status(pif_device_tree_set(tree, node, target->property, "", 0), error);
    int status = fdt_delprop(tree->fdt, node, target->property);
    return status == -FDT_ERR_NOTFOUND || take_status(status, error);
}

/* "b8:27:eb:01:23:45", with or without colons. */
static gboolean set_bytes(PifDeviceTree *tree, int node, const Target *target, const Value *value,
                          GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (const char *c = value->is_cell ? "" : value->text; *c;) {
        if (!g_ascii_isxdigit(c[0]) || !g_ascii_isxdigit(c[1]))
            return set_bad_value(error, value, "bytes in hexadecimal");
        guint8 byte = (guint8)(g_ascii_xdigit_value(c[0]) << 4 | g_ascii_xdigit_value(c[1]));
        g_byte_array_append(bytes, &byte, 1);
        c += 2;
        c += *c == ':';
    }
    return take_status(pif_device_tree_set(tree, node, target->property,
                                           bytes->len ? bytes->data : (guint8 *)"", bytes->len),
                       error);
}

static gboolean set_text(PifDeviceTree *tree, int node, const Target *target, const Value *value,
                         GError **error)
{
    guint64 number;
    const char *text = value->text;
    if (value->is_cell)
        return take_status(pif_device_tree_set_u32(tree, node, target->property, value->cell),
                           error);
    if (g_str_equal(target->property, "status") && parse_number(value, &number))
        text = number ? "okay" : "disabled";
    if (g_str_equal(target->property, "bootargs"))
        return take_status(pif_device_tree_append_text(tree, node, "bootargs", text), error);
    if (g_str_equal(target->property, "name")) {
        if (!*text || strchr(text, '/'))
            return set_bad_value(error, value, "the name of a node");
        pif_device_tree_reserve(tree, strlen(text) + 8);
        return take_status(fdt_set_name(tree->fdt, node, text), error);
    }
    return take_status(pif_device_tree_set_text(tree, node, target->property, text), error);
}

static gboolean set_value(PifDeviceTree *tree, int node, const Target *target, const Value *value,
                          GError **error)
{
    switch (target->type) {
    case TEXT:
        return set_text(tree, node, target, value, error);
    case U8:
    case U16:
    case U32:
    case U64:
        return set_number(tree, node, target, value, error);
    case TRUTH:
    case UNTRUTH:
        return set_truth(tree, node, target, value, error);
    case BYTES:
        return set_bytes(tree, node, target, value, error);
    }
    return FALSE;
}

/* A word up to one of `ends`, or in quotes. *at moves behind it. Free it. */
static char *take_word(const char **at, const char *ends)
{
    const char *start = *at;
    gsize length = strcspn(start, ends);
    if (*start == '\'') {
        start++;
        length = strcspn(start, "'");
        *at = start + length + (start[length] == '\'');
    } else {
        *at = start + length;
    }
    return g_strndup(start, length);
}

/* A lookup table: "{a=alpha,b,=other}", whose values may be cells between its strings. */
typedef struct {
    const char *input;
    char *chosen;  /* text of the match */
    char *neither; /* what an unmatched input means */
    gboolean is_matched;
    gboolean has_default;
    gboolean passes; /* an unmatched input stays as it is */
    Value value;
    Value other;
} Lookup;

static void lookup_clear(Lookup *lookup)
{
    g_free(lookup->chosen);
    g_free(lookup->neither);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lookup, lookup_clear)

static void lookup_take(Lookup *lookup, const char *key, gboolean has_equals, const Value *value)
{
    if (!*key && !has_equals) {
        lookup->passes = TRUE;
    } else if (!*key) {
        g_free(lookup->neither);
        lookup->neither = g_strdup(value->text);
        lookup->other = *value;
        lookup->other.text = lookup->neither;
        lookup->has_default = TRUE;
    } else if (!lookup->is_matched && g_str_equal(key, lookup->input)) {
        lookup->chosen = g_strdup(value->text);
        lookup->value = *value;
        lookup->value.text = lookup->chosen;
        lookup->is_matched = TRUE;
    }
}

/* One pair; *at is behind it, and behind the comma that ends it. */
static gboolean lookup_read(Lookup *lookup, const char **at, PifReader *declaration)
{
    g_autofree char *key = take_word(at, "=,}");
    g_autofree char *text = NULL;
    Value value = {.text = key};
    gboolean has_equals = **at == '=';
    if (has_equals && !(*at)[1]) {
        value = (Value){NULL, TRUE, pif_reader_be32(declaration)};
        *at = pif_reader_string(declaration);
        if (!*at)
            return FALSE;
        lookup_take(lookup, key, TRUE, &value);
        return TRUE; /* the cell ends its pair */
    }
    if (has_equals) {
        (*at)++;
        text = take_word(at, ",}");
        value.text = text;
    }
    lookup_take(lookup, key, has_equals, &value);
    if (**at == ',') {
        (*at)++;
        lookup->passes |= **at == '}';
    }
    return **at != '\0';
}

static gboolean look_up(const char *table, const char *input, PifReader *declaration,
                        Lookup *lookup, GError **error)
{
    const char *at = table;
    lookup->input = input;
    while (*at != '}')
        if (!lookup_read(lookup, &at, declaration))
            return set_bad(error, table);
    if (at[1])
        return set_bad(error, table);
    if (!lookup->is_matched && lookup->has_default)
        lookup->value = lookup->other;
    else if (!lookup->is_matched && lookup->passes)
        lookup->value = (Value){.text = input};
    else if (!lookup->is_matched)
        return pif_error_set(error, PIF_ERROR_CONFIG, "'%s' is none of its values", input);
    return TRUE;
}

static gboolean apply_target(PifDeviceTree *tree, guint32 phandle, const char *text,
                             PifReader *declaration, const char *input, GError **error)
{
    g_auto(Target) target = {0};
    g_auto(Lookup) lookup = {0};
    const char *rest = NULL;
    Value value = {.text = input};
    if (!parse_target(text, &target, &rest))
        return set_bad(error, text);
    if (*rest == '{') {
        if (!look_up(rest + 1, input, declaration, &lookup, error))
            return FALSE;
        value = lookup.value;
    } else if (*rest == '=' && !rest[1] && target.type != TEXT) {
        value = (Value){NULL, TRUE, pif_reader_be32(declaration)};
    } else if (*rest == '=') {
        value.text = rest + 1;
    } else if (*rest) {
        return set_bad(error, text);
    }
    int node = fdt_node_offset_by_phandle(tree->fdt, phandle);
    if (declaration->overflow || node < 0)
        return set_bad(error, text);
    return set_value(tree, node, &target, &value, error);
}

/* fragment@1 and fragment-1 are fragment 1. */
static int find_fragment(const PifDeviceTree *tree, guint64 number)
{
    g_autofree char *one = g_strdup_printf("/fragment@%" G_GUINT64_FORMAT, number);
    g_autofree char *other = g_strdup_printf("/fragment-%" G_GUINT64_FORMAT, number);
    int node = fdt_path_offset(tree->fdt, one);
    return node >= 0 ? node : fdt_path_offset(tree->fdt, other);
}

static gboolean enable_fragment(PifDeviceTree *tree, guint64 number, gboolean is_enabled)
{
    int fragment = find_fragment(tree, number);
    const char *from = is_enabled ? "__dormant__" : "__overlay__";
    const char *to = is_enabled ? "__overlay__" : "__dormant__";
    int content = fragment < 0 ? -1 : fdt_subnode_offset(tree->fdt, fragment, from);
    return fragment >= 0 && (content < 0 || fdt_set_name(tree->fdt, content, to) == 0);
}

/* "+1-2=3!4": fragments on, off, as the value says, and the other way round. */
static gboolean apply_fragments(PifDeviceTree *tree, const char *text, const char *input,
                                GError **error)
{
    const char *at = text;
    while (*at) {
        char *end = NULL;
        char operation = *at;
        guint64 truth = operation == '+';
        guint64 number = g_ascii_strtoull(at + 1, &end, 10);
        Value value = {.text = input};
        if (!strchr("+-=!", operation) || end == at + 1)
            return set_bad(error, text);
        if (strchr("=!", operation) && !parse_number(&value, &truth))
            return set_bad_value(error, &value, "on or off");
        if (!enable_fragment(tree, number, (truth != 0) != (operation == '!')))
            return set_bad(error, text);
        at = end;
    }
    return TRUE;
}

gboolean pif_override_apply(PifDeviceTree *tree, const char *name, const char *value,
                            GError **error)
{
    int size = 0;
    int overrides = fdt_path_offset(tree->fdt, "/__overrides__");
    const void *property = overrides < 0 ? NULL : fdt_getprop(tree->fdt, overrides, name, &size);
    if (!property)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no parameter '%s'", name);
    /* A copy, for the tree moves while it is being changed. */
    g_autofree void *copy = g_memdup2(property, (gsize)size);
    PifReader declaration;
    pif_reader_init(&declaration, copy, (size_t)size);
    while (pif_reader_left(&declaration) > 0) {
        guint32 phandle = pif_reader_be32(&declaration);
        const char *text = pif_reader_string(&declaration);
        if (!text)
            return set_bad(error, name);
        gboolean is_ok = phandle == 0
                             ? apply_fragments(tree, text, value, error)
                             : apply_target(tree, phandle, text, &declaration, value, error);
        if (!is_ok)
            return FALSE;
    }
    return TRUE;
}
