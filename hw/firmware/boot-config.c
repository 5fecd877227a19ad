// SPDX-License-Identifier: MIT
// The reader of config.txt, tryboot.txt and autoboot.txt.
#include "hw/firmware/boot-config.h"

#include <string.h>

enum {
    MAX_LINE = 98,    /* the firmware ignores what is behind (config_txt/what_is_config_txt.adoc) */
    MAX_SECTION = 60, /* scanf formats of start.elf: "[%60c]", */
    MAX_NAME = 64,    /* "include %64s", "initramfs %64s" (NETBOOT.md section 2) */
    MAX_INCLUDES = 16, /* ours: a file may include itself */
};

static const char blanks[] = " \t";

struct PifBootConfig {
    GPtrArray *lines;     /* PifConfigLine* */
    GHashTable *settings; /* key -> PifConfigLine*, the last that counts */
    GHashTable *early;    /* the same without included files */
    GPtrArray *files;     /* names of files */
};

typedef struct {
    PifBootConfig *config;
    PifConditions conditions;
    PifBootConfigReadFunc read_file;
    gpointer data;
    unsigned includes;
    unsigned depth;
} Parser;

static void parse_text(Parser *parser, const char *file, const char *text);

static void free_line(gpointer data)
{
    PifConfigLine *line = data;
    g_free(line->key);
    g_free(line->value);
    g_free(line->address);
    g_free(line->unmet);
    g_free(line->remark);
    g_free(line);
}

static void add_remark(PifConfigLine *line, const char *remark)
{
    char *all = line->remark ? g_strconcat(line->remark, "; ", remark, NULL) : g_strdup(remark);
    g_free(line->remark);
    line->remark = all;
}

static void enter_section(Parser *parser, PifConfigLine *line, const char *text)
{
    const char *end = strchr(text, ']');
    PifConditionKind kind;
    if (!end) {
        line->key = g_strdup(text);
        add_remark(line, "a section needs its closing bracket");
        return;
    }
    line->kind = PIF_CONFIG_SECTION;
    line->key = g_strndup(text + 1, MIN((gsize)(end - text - 1), MAX_SECTION));
    if (!pif_conditions_enter(&parser->conditions, line->key, &kind))
        line->unmet = g_strdup(line->key);
    if (kind == PIF_CONDITION_UNKNOWN)
        add_remark(line, parser->conditions.set == PIF_CONDITION_AUTOBOOT
                             ? "autoboot.txt knows [all], [none] and [tryboot] only"
                             : "no section that the firmware knows");
}

/* Where the word behind `directive ` begins; NULL when text is something else. */
static const char *behind(const char *text, const char *directive)
{
    if (!g_str_has_prefix(text, directive))
        return NULL;
    const char *word = text + strlen(directive);
    return *word && strchr(blanks, *word) ? word + strspn(word, blanks) : NULL;
}

static char *take_name(PifConfigLine *line, const char *word)
{
    gsize length = strcspn(word, blanks);
    if (length > MAX_NAME)
        add_remark(line, "a name longer than 64 characters is cut");
    return g_strndup(word, MIN(length, MAX_NAME));
}

static void include_file(Parser *parser, PifConfigLine *line)
{
    if (parser->includes >= MAX_INCLUDES) {
        add_remark(line, "too many includes");
        return;
    }
    parser->includes++;
    g_autofree char *text = parser->read_file ? parser->read_file(line->key, parser->data) : NULL;
    if (!text) {
        add_remark(line, "there is no such file");
        return;
    }
    parser->depth++;
    parse_text(parser, line->key, text);
    parser->depth--;
}

/* `initramfs NAME followkernel` or `initramfs NAME 0x00800000` */
static void read_initramfs(PifConfigLine *line, const char *word)
{
    line->kind = PIF_CONFIG_SETTING;
    line->key = g_strdup("initramfs");
    line->value = take_name(line, word);
    word += strcspn(word, blanks);
    word += strspn(word, blanks);
    line->address = *word ? g_strdup(word) : NULL;
}

static void read_setting(PifConfigLine *line, const char *text, const char *equals)
{
    line->kind = PIF_CONFIG_SETTING;
    line->key = g_strndup(text, (gsize)(equals - text));
    line->value = g_strdup(equals + 1);
    if (g_str_has_suffix(line->key, " ") || g_str_has_prefix(line->value, " "))
        add_remark(line, "blanks beside the '=' belong to key and value");
}

static void remember(Parser *parser, PifConfigLine *line)
{
    if (line->kind != PIF_CONFIG_SETTING || line->unmet)
        return;
    g_hash_table_replace(parser->config->settings, line->key, line);
    if (line->depth == 0)
        g_hash_table_replace(parser->config->early, line->key, line);
}

static void read_line(Parser *parser, PifConfigLine *line, const char *text)
{
    const char *included = behind(text, "include");
    const char *initramfs = behind(text, "initramfs");
    const char *equals = strchr(text, '=');
    line->unmet = g_strdup(pif_conditions_unmet(&parser->conditions));
    if (included) {
        line->kind = PIF_CONFIG_INCLUDE;
        line->key = take_name(line, included);
        if (!line->unmet)
            include_file(parser, line);
    } else if (initramfs) {
        read_initramfs(line, initramfs);
    } else if (equals) {
        read_setting(line, text, equals);
    } else {
        line->key = g_strdup(text);
        add_remark(line, "neither KEY=VALUE nor a section");
    }
    remember(parser, line);
}

static void parse_line(Parser *parser, const char *file, unsigned number, const char *start,
                       gsize length)
{
    g_autofree char *text = g_strstrip(g_strndup(start, MIN(length, MAX_LINE)));
    if (!*text || *text == '#')
        return;
    PifConfigLine *line = g_new0(PifConfigLine, 1);
    *line =
        (PifConfigLine){PIF_CONFIG_OTHER, .file = file, .number = number, .depth = parser->depth};
    g_ptr_array_add(parser->config->lines, line);
    if (length > MAX_LINE + (start[length - 1] == '\r'))
        add_remark(line, "cut behind 98 characters");
    if (*text == '[')
        enter_section(parser, line, text);
    else
        read_line(parser, line, text);
}

static void parse_text(Parser *parser, const char *file, const char *text)
{
    char *name = g_strdup(file);
    g_ptr_array_add(parser->config->files, name);
    for (unsigned number = 1; *text; number++) {
        gsize length = strcspn(text, "\n");
        parse_line(parser, name, number, text, length);
        text += length + (text[length] == '\n');
    }
}

PifBootConfig *pif_boot_config_parse(const char *file, const char *text, const PifBoard *board,
                                     PifConditionSet set, PifBootConfigReadFunc read_file,
                                     gpointer data)
{
    PifBootConfig *config = g_new0(PifBootConfig, 1);
    config->lines = g_ptr_array_new_with_free_func(free_line);
    config->settings = g_hash_table_new(g_str_hash, g_str_equal);
    config->early = g_hash_table_new(g_str_hash, g_str_equal);
    config->files = g_ptr_array_new_with_free_func(g_free);
    Parser parser = {.config = config, .read_file = read_file, .data = data};
    pif_conditions_init(&parser.conditions, board, set);
    parse_text(&parser, file, text);
    pif_conditions_clear(&parser.conditions);
    return config;
}

void pif_boot_config_free(PifBootConfig *config)
{
    if (!config)
        return;
    g_hash_table_unref(config->settings);
    g_hash_table_unref(config->early);
    g_ptr_array_unref(config->lines);
    g_ptr_array_unref(config->files);
    g_free(config);
}

const GPtrArray *pif_boot_config_lines(const PifBootConfig *config)
{
    return config->lines;
}

const PifConfigLine *pif_boot_config_find(const PifBootConfig *config, const char *key)
{
    return g_hash_table_lookup(config->settings, key);
}

const PifConfigLine *pif_boot_config_find_early(const PifBootConfig *config, const char *key)
{
    return g_hash_table_lookup(config->early, key);
}

const char *pif_boot_config_get(const PifBootConfig *config, const char *key)
{
    const PifConfigLine *line = pif_boot_config_find(config, key);
    return line ? line->value : NULL;
}

gint64 pif_boot_config_number(const PifBootConfig *config, const char *key, gint64 fallback)
{
    const char *value = pif_boot_config_get(config, key);
    char *end = NULL;
    gint64 number = value ? g_ascii_strtoll(value, &end, 0) : fallback;
    return value && end == value ? fallback : number;
}

gboolean pif_boot_config_is_on(const PifBootConfig *config, const char *key)
{
    return pif_boot_config_number(config, key, 0) != 0;
}
