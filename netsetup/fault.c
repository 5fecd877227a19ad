// SPDX-License-Identifier: MIT
// The words for what is wrong with a cable: to let there be another one, add a row to the table.
#include "netsetup/fault.h"

#include "pifarm/base/error.h"

#include <string.h>

typedef struct {
    const char *name; /* before the '=', or the whole word */
    const char *example;
    gboolean (*parse)(const char *value, PifFault *fault); /* value NULL: there is no '=' */
    void (*format)(const PifFault *fault, GString *text);  /* appends the value, if there is one */
} FaultWord;

typedef struct {
    const char *name;
    uint64_t factor;
} Unit;

static uint32_t round_to_whole(double value)
{
    return (uint32_t)(value + 0.5);
}

/* "1.5mbit": a number that is not negative, and one of the units. ret_rest NULL: and no more. */
static gboolean parse_number(const char *text, const Unit *units, double *ret_value,
                             const char **ret_rest)
{
    char *end;
    if (!g_ascii_isdigit(*text))
        return FALSE;
    double number = g_ascii_strtod(text, &end);
    for (; units->name; units++) {
        const char *rest = end + strlen(units->name);
        if (!g_str_has_prefix(end, units->name) || (!ret_rest && *rest))
            continue;
        *ret_value = number * (double)units->factor;
        if (ret_rest)
            *ret_rest = rest;
        return TRUE;
    }
    return FALSE;
}

/* In the largest unit that keeps the value exact. */
static void append_number(GString *text, uint64_t value, const Unit *units)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    while (units[1].name && value % units->factor != 0)
        units++;
    g_ascii_formatd(digits, sizeof digits, "%.10g", (double)value / (double)units->factor);
    g_string_append_printf(text, "%s%s", digits, units->name);
}

static const Unit percents[] = {{"%", PIF_FAULT_ALL / 100}, {NULL, 0}};
static const Unit times[] = {{"s", 1000000}, {"ms", 1000}, {"us", 1}, {NULL, 0}};
static const Unit rates[] = {
    {"gbit", 1000000000}, {"mbit", 1000000}, {"kbit", 1000}, {"bit", 1}, {NULL, 0}};

static gboolean parse_share(const char *value, uint32_t *ret_ppm)
{
    double ppm;
    if (!value || !parse_number(value, percents, &ppm, NULL) || ppm > PIF_FAULT_ALL)
        return FALSE;
    *ret_ppm = round_to_whole(ppm);
    return TRUE;
}

static gboolean parse_loss(const char *value, PifFault *fault)
{
    return parse_share(value, &fault->loss_ppm);
}

static void format_loss(const PifFault *fault, GString *text)
{
    if (fault->loss_ppm)
        append_number(text, fault->loss_ppm, percents);
}

static gboolean parse_duplicate(const char *value, PifFault *fault)
{
    return parse_share(value ? value : "100%", &fault->duplicate_ppm);
}

static void format_duplicate(const PifFault *fault, GString *text)
{
    if (fault->duplicate_ppm)
        append_number(text, fault->duplicate_ppm, percents);
}

static const char *skip_sign(const char *text)
{
    static const char *const signs[] = {"±", "+-"};
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (g_str_has_prefix(text, signs[i]))
            return text + strlen(signs[i]);
    return NULL;
}

/* A jitter without a unit has the delay's: 20ms±5. */
static gboolean parse_jitter(const char *text, const char *delay_unit, double *ret_us)
{
    g_autofree char *with_unit = g_strconcat(text, delay_unit, NULL);
    return parse_number(text, times, ret_us, NULL) || parse_number(with_unit, times, ret_us, NULL);
}

static gboolean parse_delay(const char *value, PifFault *fault)
{
    enum { MAX_US = 60 * 1000 * 1000 };
    double delay, jitter = 0;
    const char *rest;
    if (!value || !parse_number(value, times, &delay, &rest) || delay > MAX_US)
        return FALSE;
    if (*rest) {
        const char *unit = value + strspn(value, "0123456789.");
        g_autofree char *delay_unit = g_strndup(unit, (gsize)(rest - unit));
        const char *text = skip_sign(rest);
        if (!text || !parse_jitter(text, delay_unit, &jitter) || jitter > delay)
            return FALSE;
    }
    fault->delay_us = round_to_whole(delay);
    fault->jitter_us = round_to_whole(jitter);
    return TRUE;
}

static void format_delay(const PifFault *fault, GString *text)
{
    if (!fault->delay_us)
        return;
    append_number(text, fault->delay_us, times);
    if (fault->jitter_us) {
        g_string_append(text, "±");
        append_number(text, fault->jitter_us, times);
    }
}

static gboolean parse_rate(const char *value, PifFault *fault)
{
    static const double least = 8e3, most = 16e9; /* what tbf counts: bytes a second, in an int */
    double rate;
    if (!value || !parse_number(value, rates, &rate, NULL) || rate < least || rate > most)
        return FALSE;
    fault->rate_bit_s = (uint64_t)rate;
    return TRUE;
}

static void format_rate(const PifFault *fault, GString *text)
{
    if (fault->rate_bit_s)
        append_number(text, fault->rate_bit_s, rates);
}

static gboolean parse_down(const char *value, PifFault *fault)
{
    fault->is_down = TRUE;
    return !value;
}

static gboolean parse_up(const char *value, PifFault *fault)
{
    fault->is_down = FALSE;
    return !value;
}

static const FaultWord words[] = {
    {"loss", "loss=5%", parse_loss, format_loss},
    {"delay", "delay=20ms or delay=20ms±5ms, at most 60s, the second no larger than the first",
     parse_delay, format_delay},
    {"rate", "rate=1mbit, from 8kbit to 16gbit", parse_rate, format_rate},
    {"dup", "dup or dup=1%", parse_duplicate, format_duplicate},
    {"down", "down", parse_down, NULL},
    {"up", "up", parse_up, NULL},
};

static const FaultWord *find_word(const char *word)
{
    gsize length = strcspn(word, "=");
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i].name) == length && strncmp(words[i].name, word, length) == 0)
            return &words[i];
    return NULL;
}

gboolean pif_fault_is_word(const char *word)
{
    return strchr(word, '=') || find_word(word);
}

gboolean pif_fault_add(PifFault *fault, const char *word, GError **error)
{
    const FaultWord *found = find_word(word);
    const char *value = strchr(word, '=');
    if (!found)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "'%s' is no fault: there are loss=, delay=, rate=, dup, down and up",
                             word);
    PifFault changed = *fault;
    if (!found->parse(value ? value + 1 : NULL, &changed))
        return pif_error_set(error, PIF_ERROR_USAGE, "cannot make sense of '%s'; it goes: %s", word,
                             found->example);
    *fault = changed;
    return TRUE;
}

gboolean pif_fault_parse(const char *text, PifFault *ret_fault, GError **error)
{
    PifFault fault = {0};
    g_auto(GStrv) parts = g_strsplit(text, " ", -1);
    for (char **part = parts; *part; part++)
        if (**part && !pif_fault_add(&fault, *part, error))
            return FALSE;
    *ret_fault = fault;
    return TRUE;
}

char *pif_fault_format(const PifFault *fault)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GString) value = g_string_new(NULL);
        if (words[i].format)
            words[i].format(fault, value);
        if (value->len)
            g_string_append_printf(text, "%s%s=%s", text->len ? " " : "", words[i].name,
                                   value->str);
    }
    if (fault->is_down)
        g_string_append(text, text->len ? " down" : "down");
    return g_string_free(text, FALSE);
}
