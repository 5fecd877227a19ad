// SPDX-License-Identifier: MIT
// The config.txt reader.
#include "images/card/config-txt.h"

#include <string.h>

enum {
    MAX_LINE = 98,     /* the firmware cuts what is longer */
    MAX_NAME = 64,     /* scanf formats of start.elf: "include %64s", "initramfs %64s" */
    MAX_INCLUDES = 16, /* ours: a file may include itself */
};

/* Conditions of different kinds must all hold; a new one replaces the old one of its kind. */
typedef enum {
    CONDITION_MODEL,
    CONDITION_BOARD,
    CONDITION_SERIAL,
    CONDITION_GPIO,
    CONDITION_DISPLAY,
    CONDITION_BOOT,
    CONDITION_UNKNOWN,
    N_CONDITIONS,
} Condition;

/* How a section's name begins, and what kind of condition it then is. */
static const struct {
    const char *prefix;
    Condition condition;
} conditions[] = {
    {"pi", CONDITION_MODEL},
    {"cm", CONDITION_MODEL},
    {"none", CONDITION_MODEL},
    {"board-type=", CONDITION_BOARD},
    {"0x", CONDITION_SERIAL},
    {"gpio", CONDITION_GPIO},
    {"EDID=", CONDITION_DISPLAY},
    {"HDMI:", CONDITION_DISPLAY},
    {"tryboot", CONDITION_BOOT},
    {"partition=", CONDITION_BOOT},
    {"boot_partition=", CONDITION_BOOT},
};

/* The sections that apply to a Pi 3 B+ booted from its first partition. */
static const char *const true_sections[] = {
    "pi3", "pi3+", "board-type=0xd", "board-type=0x0d", "boot_partition=1", NULL,
};

struct PifConfigTxt {
    GHashTable *settings; /* key -> value */
};

typedef struct {
    PifConfigTxt *config;
    gboolean holds[N_CONDITIONS];
    PifConfigTxtReadFunc read_file;
    gpointer data;
    int includes;
} Parser;

static void parse_text(Parser *parser, const char *text);

static void reset_conditions(Parser *parser)
{
    for (int i = 0; i < N_CONDITIONS; i++)
        parser->holds[i] = TRUE;
}

static gboolean all_conditions_hold(const Parser *parser)
{
    for (int i = 0; i < N_CONDITIONS; i++)
        if (!parser->holds[i])
            return FALSE;
    return TRUE;
}

static Condition condition_of(const char *section)
{
    for (size_t i = 0; i < G_N_ELEMENTS(conditions); i++)
        if (g_str_has_prefix(section, conditions[i].prefix))
            return conditions[i].condition;
    return CONDITION_UNKNOWN;
}

static void enter_section(Parser *parser, const char *line)
{
    const char *end = strchr(line, ']');
    if (!end)
        return;
    g_autofree char *section = g_strndup(line + 1, (gsize)(end - line - 1));
    if (g_str_equal(section, "all"))
        reset_conditions(parser);
    else
        parser->holds[condition_of(section)] = g_strv_contains(true_sections, section);
}

static void set(Parser *parser, const char *key, gsize key_length, const char *value)
{
    g_hash_table_replace(parser->config->settings, g_strndup(key, key_length), g_strdup(value));
}

/* The word after `directive ` in line, or NULL when line is something else. Free it. */
static char *word_after(const char *line, const char *directive)
{
    if (!g_str_has_prefix(line, directive))
        return NULL;
    const char *word = line + strlen(directive);
    if (*word != ' ' && *word != '\t')
        return NULL;
    word += strspn(word, " \t");
    return g_strndup(word, MIN(strcspn(word, " \t"), MAX_NAME));
}

static void include_file(Parser *parser, const char *name)
{
    if (!parser->read_file || parser->includes >= MAX_INCLUDES)
        return;
    parser->includes++;
    g_autofree char *text = parser->read_file(name, parser->data);
    if (text)
        parse_text(parser, text);
}

static void parse_setting(Parser *parser, const char *line)
{
    g_autofree char *included = word_after(line, "include");
    g_autofree char *initramfs = word_after(line, "initramfs");
    const char *equals = strchr(line, '=');
    if (included)
        include_file(parser, included);
    else if (initramfs)
        set(parser, "initramfs", strlen("initramfs"), initramfs);
    else if (equals)
        set(parser, line, (gsize)(equals - line), equals + 1);
}

static void parse_line(Parser *parser, const char *start, gsize length)
{
    g_autofree char *line = g_strchomp(g_strndup(start, MIN(length, MAX_LINE)));
    if (*line == '[')
        enter_section(parser, line);
    else if (*line && *line != '#' && all_conditions_hold(parser))
        parse_setting(parser, line);
}

static void parse_text(Parser *parser, const char *text)
{
    while (*text) {
        gsize length = strcspn(text, "\n");
        parse_line(parser, text, length);
        text += length + (text[length] == '\n');
    }
}

PifConfigTxt *pif_config_txt_parse(const char *text, PifConfigTxtReadFunc read_file, gpointer data)
{
    PifConfigTxt *config = g_new0(PifConfigTxt, 1);
    config->settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Parser parser = {.config = config, .read_file = read_file, .data = data};
    reset_conditions(&parser);
    parse_text(&parser, text);
    return config;
}

void pif_config_txt_free(PifConfigTxt *config)
{
    if (!config)
        return;
    g_hash_table_unref(config->settings);
    g_free(config);
}

const char *pif_config_txt_get(const PifConfigTxt *config, const char *key)
{
    return g_hash_table_lookup(config->settings, key);
}

gboolean pif_config_txt_is_on(const PifConfigTxt *config, const char *key)
{
    const char *value = pif_config_txt_get(config, key);
    return value && g_ascii_strtoll(value, NULL, 0) != 0;
}
