// SPDX-License-Identifier: MIT
// YAML trees, and what is said about texts that are none.
#include "pifarm/base/error.h"
#include "pifarm/base/yaml-keys.h"

#include <string.h>

/* The tree as one line, "key@line:column+length=value", or the mistakes. */
static void append_tree(GString *out, const PifYaml *yaml)
{
    if (yaml->kind == PIF_YAML_SCALAR) {
        g_string_append_printf(out, "%s'%s'", pif_yaml_is_null(yaml) ? "null" : "", yaml->text);
    } else {
        gboolean is_map = yaml->kind == PIF_YAML_MAP;
        g_string_append_c(out, is_map ? '{' : '[');
        for (unsigned i = 0; i < yaml->values->len; i++) {
            const PifYaml *key = is_map ? g_ptr_array_index(yaml->keys, i) : NULL;
            if (key)
                g_string_append_printf(out, "%s@%u:%u+%u=", key->text, key->place.line,
                                       key->place.column, key->place.length);
            append_tree(out, g_ptr_array_index(yaml->values, i));
            g_string_append_c(out, ' ');
        }
        g_string_append_c(out, is_map ? '}' : ']');
    }
    g_string_append_printf(out, "@%u:%u+%u", yaml->place.line, yaml->place.column,
                           yaml->place.length);
}

static char *parse_bytes(const char *text, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new("f.yaml", text, size);
    g_autoptr(PifYaml) yaml = pif_yaml_parse(text, size, diagnostics);
    if (!pif_diagnostics_raise(diagnostics, &error)) {
        g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
        return g_strdup(error->message);
    }
    append_tree(out, yaml);
    return g_strdup(out->str);
}

typedef struct {
    const char *text;
    const char *expected;
} Case;

static void check(const Case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        g_autofree char *found = parse_bytes(cases[i].text, strlen(cases[i].text));
        g_assert_cmpstr(found, ==, cases[i].expected);
    }
}

static void every_key_and_value_knows_its_place(void)
{
    static const Case cases[] = {
        {"a: 1\n", "{a@1:1+1='1'@1:4+1 }@1:1+1"},
        {"key: [x, 'y z']\nempty:\n",
         "{key@1:1+3=['x'@1:7+1 'y z'@1:10+5 ]@1:6+1 empty@2:1+5=null''@2:1+5 }@1:1+1"},
        {"m:\n  ü: ~\n  b: \"\"\n",
         "{m@1:1+1={ü@2:3+1=null'~'@2:6+1 b@3:3+1=''@3:6+2 }@2:3+1 }@1:1+1"},
        {"\xef\xbb\xbf"
         "a: b\r\nc: d\r\n",
         "{a@1:1+1='b'@1:4+1 c@2:1+1='d'@2:4+1 }@1:1+1"},
        {"- |\n  long\n  text\n", "['long\ntext\n'@1:3+65535 ]@1:1+1"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void mistakes_of_yaml_are_explained_at_their_place(void)
{
    static const Case cases[] = {
        {"a: 1\n\tb: 2\n", "f.yaml:2:1: a tab: indent with spaces\n b: 2\n^"},
        {"a:\n\tb: 2\n", "f.yaml:2:1: a tab: indent with spaces\n b: 2\n^"},
        {"a: \"x\nb: y\nc: z\n",
         "f.yaml:1:4: the quote that opens here is never closed\na: \"x\n   ^"},
        {"a: 'x\n---\n", "f.yaml:1:4: the quote that opens here is never closed\na: 'x\n   ^"},
        {"a: b: c\n",
         "f.yaml:1:5: a ':' is not expected here: check the indentation, or put the value in "
         "quotes\na: b: c\n    ^"},
        {"a: 1\n   b: 2\n",
         "f.yaml:2:5: a ':' is not expected here: check the indentation, or put the value in "
         "quotes\n   b: 2\n    ^"},
        {"a:\n  b: 1\n c: 2\n",
         "f.yaml:3:2: a 'key:' was expected here: check the indentation, and the end of the line "
         "above (in what begins on line 1)\n c: 2\n ^"},
        {"a: 1\nword\nb: 2\n",
         "f.yaml:2:1: this is neither 'key: value' nor '- item': is there a ':' and a space "
         "missing?\nword\n^"},
        {"- { port: sw0/[1-4], id: 1 }\n", "f.yaml:1:15: ',' or '}' was expected here; inside "
                                           "braces, a value with [ ] { } or , needs "
                                           "quotes\n- { port: sw0/[1-4], id: 1 }\n              ^"},
        {"a: { b: 1\nc: 2\n",
         "f.yaml:2:2: ',' or '}' was expected here; inside braces, a value with [ ] { } or , needs "
         "quotes (in what begins on line 1)\nc: 2\n ^"},
        {"a: [1, 2\n",
         "f.yaml:2:1: ',' or ']' was expected here; inside brackets, a value with [ ] { } "
         "or , needs quotes (in what begins on line 1)"},
        {"a: @home\n",
         "f.yaml:1:4: a value cannot begin with this character: put it in quotes\na: @home\n   ^"},
        {"a: \"C:\\path\"\n",
         "f.yaml:1:7: no such escape in \"...\": write \\\\ for a backslash, or use "
         "'...'\na: \"C:\\path\"\n      ^"},
        {"a: - b\n",
         "f.yaml:1:4: a '- ' is not expected here: begin the list on a line of its own\na: - "
         "b\n   ^"},
        {"- a\nb: c\n",
         "f.yaml:2:1: a '- item' was expected here: check the indentation (in what begins "
         "on line 1)\nb: c\n^"},
        {"{a: 1}\nb: 2\n",
         "f.yaml:2:1: this is outside of the map that the file begins with: check the "
         "indentation\nb: 2\n^"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void what_is_yaml_but_not_ours_is_refused(void)
{
    static const Case cases[] = {
        {"", "f.yaml: there is nothing in this file"},
        {"# only this\n", "f.yaml: there is nothing in this file"},
        {"a: &x 1\n",
         "f.yaml:1:4: anchors (&name) are not supported: leave it out\na: &x 1\n   ^~~~"},
        {"a: *x\n",
         "f.yaml:1:4: aliases (*name) are not supported: write the value again\na: *x\n   ^~"},
        {"a: !!str 1\n",
         "f.yaml:1:4: tags (!name) are not supported: leave it out\na: !!str 1\n   ^~~~~~~"},
        {"a: 1\n---\nb: 2\n",
         "f.yaml:2:1: a second document ('---') begins here: one file has one\n---\n^~~"},
        {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' is given twice, first on line 1\na: 3\n^"},
        {"[a]: 1\n",
         "f.yaml:1:1: a key must be a single word, not a list or map; quote it if it begins "
         "with [ or {\n[a]: 1\n^"},
        {"a: \"x\\0y\"\n",
         "f.yaml:1:4: a NUL character (\\0) cannot be part of a value\na: \"x\\0y\"\n   ^~~~~~"},
        {"a: caf\xe9\n",
         "f.yaml:1:7: byte 0xe9 is not UTF-8: save the file as UTF-8\na: caf?\n      ^"},
        {"a: \x1b[31mred\n",
         "f.yaml:1:4: a control character (U+001B): delete it\na: ?[31mred\n   ^"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void a_nul_byte_is_a_control_character(void)
{
    static const char text[] = "a: b\nc: \0\n";
    g_autofree char *found = parse_bytes(text, sizeof text - 1);
    g_assert_cmpstr(found, ==, "f.yaml:2:4: a control character (U+0000): delete it\nc: ?\n   ^");
}

static void utf16_is_told_to_be_utf8(void)
{
    static const char text[] = "\xff\xfe"
                               "a\0:\0 \0"
                               "1\0";
    g_autofree char *found = parse_bytes(text, sizeof text - 1);
    g_assert_true(
        g_str_has_prefix(found, "f.yaml:1:1: byte 0xff is not UTF-8: save the file as UTF-8\n"));
}

static void depth_size_and_number_have_limits(void)
{
    g_autofree char *deep = g_strnfill(2000, '[');
    g_autofree char *large = g_strnfill((1 << 20) + 1, ' ');
    g_autoptr(GString) many = g_string_new("[");
    for (int i = 0; i < 30000; i++)
        g_string_append(many, "a,");
    g_string_append(many, "a]");
    g_autofree char *found_deep = parse_bytes(deep, strlen(deep));
    g_autofree char *found_large = parse_bytes(large, strlen(large));
    g_autofree char *found_many = parse_bytes(many->str, many->len);
    g_assert_nonnull(strstr(found_deep, ":1:26: lists and maps are nested too deeply here"));
    g_assert_cmpstr(found_large, ==, "f.yaml: the file is larger than 1 MiB");
    g_assert_nonnull(strstr(found_many, "too many values in one file"));
}

/* Adds one mistake at a place of the text, and gives what is shown of it below the message. */
static char *show(const char *text, unsigned column, unsigned length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new("f", text, strlen(text));
    const PifPlace place = {1, column, length};
    pif_diagnostics_add(diagnostics, &place, "m");
    g_assert_false(pif_diagnostics_raise(diagnostics, &error));
    const char *shown = strchr(error->message, '\n');
    return g_strdup(shown ? shown + 1 : "");
}

static void the_caret_is_below_the_character_it_means(void)
{
    static const struct {
        const char *text;
        unsigned column;
        unsigned length;
        const char *shown;
    } cases[] = {
        {"abc def", 5, 3, "abc def\n    ^~~"},
        {"äöü x", 5, 1, "äöü x\n    ^"},
        {"漢字 x", 4, 1, "漢字 x\n     ^"},
        {"漢字 x", 1, 2, "漢字 x\n^~~~"},
        {"e\xcc\x81 x", 4, 1, "e\xcc\x81 x\n  ^"},
        {"a\tb", 3, 1, "a b\n  ^"},
        {"a\x1b[2Jb\x07", 6, 1, "a?[2Jb?\n     ^"},
        {"a\xe2\x81\xa0x", 3, 1, "a?x\n  ^"}, /* U+2060 is of no width, and could be U+202E */
        {"abc", 4, 1, "abc\n   ^"},
        {"abc", 99, 99, "abc\n   ^"},
        {"abc", 2, 65535, "abc\n ^~"},
        {"   ", 2, 1, ""},
        {"", 1, 1, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = show(cases[i].text, cases[i].column, cases[i].length);
        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
}

static void a_long_line_is_cut_around_the_caret(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < 100; i++)
        g_string_append_printf(text, "%04u ", i);
    g_autofree char *shown = show(text->str, 251, 4);
    g_auto(GStrv) lines = g_strsplit(shown, "\n", -1);
    g_assert_true(g_str_has_prefix(lines[0], "...0038 0039 "));
    g_assert_true(g_str_has_suffix(lines[0], "..."));
    g_assert_cmpuint(strlen(lines[0]), <=, 99);
    g_assert_cmpint(strncmp(lines[0] + strcspn(lines[1], "^"), "0050", 4), ==, 0);
    g_assert_true(g_str_has_suffix(lines[1], " ^~~~"));
}

static void mistakes_are_shown_in_order_fifty_at_most(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new("f", "", 0);
    for (unsigned line = 60; line >= 1; line--) {
        const PifPlace place = {line, 2, 1};
        pif_diagnostics_add(diagnostics, &place, "on line %u", line);
    }
    g_assert_false(pif_diagnostics_raise(diagnostics, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 51);
    g_assert_cmpstr(lines[0], ==, "f:1:2: on line 1");
    g_assert_cmpstr(lines[49], ==, "f:50:2: on line 50");
    g_assert_cmpstr(lines[50], ==, "f: and 10 more mistakes");
}

static void a_message_quotes_the_file_without_its_control_characters(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *long_name = g_strnfill(5000, 'x');
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new("f", "", 0);
    pif_diagnostics_add(diagnostics, &(PifPlace){1, 1, 1}, "key '%s'", "\x1b]0;owned\x07\n\xff");
    pif_diagnostics_add(diagnostics, &(PifPlace){2, 1, 1}, "%s", long_name);
    g_assert_false(pif_diagnostics_raise(diagnostics, &error));
    g_assert_true(g_str_has_prefix(error->message, "f:1:1: key '?]0;owned"
                                                   "???"
                                                   "'\nf:2:1: xxx"));
    g_assert_cmpuint(strlen(error->message), <, 500);
}

typedef struct {
    char *text;
    char **texts;
    unsigned number;
    gboolean truth;
    guint64 size;
    char *path;
    unsigned inner;
} Record;

static const PifKey inner_keys[] = {
    {"inner", pif_key_read_number, .offset = offsetof(Record, inner), .is_required = TRUE},
    {NULL},
};

static const PifKey record_keys[] = {
    {"text", pif_key_read_string, .offset = offsetof(Record, text)},
    {"texts", pif_key_read_strings, .offset = offsetof(Record, texts)},
    {"number", pif_key_read_number, .offset = offsetof(Record, number), .min = 1, .max = 200},
    {"truth", pif_key_read_truth, .offset = offsetof(Record, truth)},
    {"size", pif_key_read_size, .offset = offsetof(Record, size), .min = 1 << 20, .max = 1 << 30},
    {"path", pif_key_read_path, .offset = offsetof(Record, path)},
    {"map", pif_key_read_map, .keys = inner_keys},
    {"later", pif_key_read_later},
    {NULL},
};

static void record_clear(Record *record)
{
    g_free(record->text);
    g_strfreev(record->texts);
    g_free(record->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Record, record_clear)

/* The mistakes' first lines, or NULL. */
static char *read_record(const char *text, Record *record)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifDiagnostics) diagnostics = pif_diagnostics_new("f", text, strlen(text));
    g_autoptr(PifYaml) yaml = pif_yaml_parse(text, strlen(text), diagnostics);
    g_assert_nonnull(yaml);
    const PifKeyScope scope = {diagnostics, "thing 'x'", "/base", NULL};
    pif_keys_read(&scope, record_keys, yaml, record);
    if (pif_diagnostics_raise(diagnostics, &error))
        return NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "f:"))
            g_string_append_printf(out, "%s\n", *line);
    return g_strdup(out->str);
}

static void a_key_table_fills_a_struct(void)
{
    g_auto(Record) record = {0};
    g_autofree char *mistakes =
        read_record("text: hello\ntexts: [a, b]\nnumber: 200\ntruth: Yes\nsize: 4MiB\n"
                    "path: x/../y\nmap: { inner: 7 }\n",
                    &record);
    g_assert_cmpstr(mistakes, ==, NULL);
    g_assert_cmpstr(record.text, ==, "hello");
    g_assert_cmpstr(record.texts[0], ==, "a");
    g_assert_cmpstr(record.texts[1], ==, "b");
    g_assert_null(record.texts[2]);
    g_assert_cmpuint(record.number, ==, 200);
    g_assert_true(record.truth);
    g_assert_cmpuint(record.size, ==, 4 << 20);
    g_assert_cmpstr(record.path, ==, "/base/y");
    g_assert_cmpuint(record.inner, ==, 7);
}

static void what_a_key_table_does_not_allow_is_said_all_at_once(void)
{
    g_auto(Record) record = {0};
    g_autofree char *mistakes =
        read_record("text: [a]\ntexts: [a, {b: c}]\nnumber: 010\ntruth: maybe\nsize: 4GiB\n"
                    "path: ~root/x\nmap: { iner: 7 }\nlater: 1\nnmber: 1\nsomething: 1\n",
                    &record);
    g_assert_cmpstr(
        mistakes, ==,
        "f:1:7: 'text' of thing 'x' must be a single value, not a list\n"
        "f:2:12: 'texts' of thing 'x' must be a single value, not a map\n"
        "f:3:9: 'number' of thing 'x' must be a whole number from 1 to 200, not '010'\n"
        "f:4:8: 'truth' of thing 'x' must be true or false, not 'maybe'\n"
        "f:5:7: 'size' of thing 'x' must be a size from 1MiB to 1GiB, not '4GiB'\n"
        "f:6:7: 'path' of thing 'x' must be a path; ~ is understood as in ~/file only, not "
        "'~root/x'\n"
        "f:7:6: 'map' of thing 'x' has no 'inner'\n"
        "f:7:8: unknown key 'iner' in 'map' of thing 'x'; did you mean 'inner'?\n"
        "f:8:8: 'later' of thing 'x' is not supported by this version yet\n"
        "f:9:1: unknown key 'nmber' in thing 'x'; did you mean 'number'?\n"
        "f:10:1: unknown key 'something' in thing 'x'; known are text, texts, number, truth, size, "
        "path, map\n");
}

static void nothing_is_no_value_but_an_empty_map(void)
{
    g_auto(Record) record = {0};
    g_autofree char *mistakes = read_record("text:\nnumber: ~\ntexts:\nmap:\n", &record);
    g_assert_cmpstr(
        mistakes, ==,
        "f:1:1: 'text' of thing 'x' must be a single value, not nothing\n"
        "f:2:9: 'number' of thing 'x' must be a whole number from 1 to 200, not nothing\n"
        "f:3:1: 'texts' of thing 'x' must be a single value, not nothing\n"
        "f:4:1: 'map' of thing 'x' has no 'inner'\n");
}

#define ADD(test) g_test_add_func("/yaml/" #test, test)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(every_key_and_value_knows_its_place);
    ADD(mistakes_of_yaml_are_explained_at_their_place);
    ADD(what_is_yaml_but_not_ours_is_refused);
    ADD(a_nul_byte_is_a_control_character);
    ADD(utf16_is_told_to_be_utf8);
    ADD(depth_size_and_number_have_limits);
    ADD(the_caret_is_below_the_character_it_means);
    ADD(a_long_line_is_cut_around_the_caret);
    ADD(mistakes_are_shown_in_order_fifty_at_most);
    ADD(a_message_quotes_the_file_without_its_control_characters);
    ADD(a_key_table_fills_a_struct);
    ADD(what_a_key_table_does_not_allow_is_said_all_at_once);
    ADD(nothing_is_no_value_but_an_empty_map);
    return g_test_run();
}
