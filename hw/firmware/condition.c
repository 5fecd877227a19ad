// SPDX-License-Identifier: MIT
// Section names as start.elf knows them (NETBOOT.md section 2; config_txt/conditional.adoc).
#include "hw/firmware/condition.h"

#include <string.h>

/* Each judges the text behind its prefix. */
typedef gboolean (*JudgeFunc)(const PifBoard *board, const char *section, const char *rest);

static gboolean parse_number(const char *text, guint64 *ret_number, const char **ret_end)
{
    char *end = NULL;
    if (!g_ascii_isdigit(*text))
        return FALSE;
    *ret_number = g_ascii_strtoull(text, &end, 0);
    if (ret_end)
        *ret_end = end;
    return ret_end || !*end;
}

static gboolean judge_model(const PifBoard *board, const char *section, const char *rest)
{
    (void)rest;
    return pif_board_is_model(board, section);
}

static gboolean judge_board_type(const PifBoard *board, const char *section, const char *rest)
{
    (void)section;
    guint64 type;
    return parse_number(rest, &type, NULL) && type == pif_board_type(board);
}

static gboolean judge_serial(const PifBoard *board, const char *section, const char *rest)
{
    guint64 serial;
    return *rest && parse_number(section, &serial, NULL) && serial == board->serial;
}

/* [gpio4=1] */
static gboolean judge_gpio(const PifBoard *board, const char *section, const char *rest)
{
    (void)section;
    guint64 number;
    guint64 level;
    const char *end;
    if (!parse_number(rest, &number, &end) || *end != '=' || !parse_number(end + 1, &level, NULL))
        return FALSE;
    return number < PIF_BOARD_GPIOS && level == (board->gpio_levels >> number & 1);
}

static gboolean judge_display(const PifBoard *board, const char *section, const char *rest)
{
    return g_str_has_prefix(section, "EDID=") && g_strcmp0(board->edid, rest) == 0;
}

static gboolean judge_tryboot(const PifBoard *board, const char *section, const char *rest)
{
    (void)section;
    return !*rest && board->is_tryboot;
}

static gboolean compare(guint64 variable, const char *rest)
{
    guint64 number;
    const char *end;
    if (!*rest || !parse_number(rest + 1, &number, &end))
        return FALSE;
    if (*rest == '&' && *end == '=') {
        guint64 wanted;
        return parse_number(end + 1, &wanted, NULL) && (variable & number) == wanted;
    }
    if (*end)
        return FALSE;
    return (*rest == '=' && variable == number) || (*rest == '&' && (variable & number)) ||
           (*rest == '<' && variable < number) || (*rest == '>' && variable > number);
}

static gboolean judge_boot_partition(const PifBoard *board, const char *section, const char *rest)
{
    (void)section;
    return compare(board->boot_partition, rest);
}

static gboolean judge_partition(const PifBoard *board, const char *section, const char *rest)
{
    (void)section;
    return compare(board->partition, rest);
}

/* Variables that a Pi 3 has nowhere to keep are 0: they come from the EEPROM of later models, or
 * from OTP rows that are blank. */
static gboolean judge_zero(const PifBoard *board, const char *section, const char *rest)
{
    (void)board, (void)section;
    return compare(0, rest);
}

/* [cust_otp0=1] to [cust_otp7=1] */
static gboolean judge_otp(const PifBoard *board, const char *section, const char *rest)
{
    (void)board, (void)section;
    return *rest >= '0' && *rest <= '7' && compare(0, rest + 1);
}

/* How a section's name begins, and what kind it then is; the first that fits counts. */
static const struct {
    const char *prefix;
    PifConditionKind kind;
    JudgeFunc judge;
} prefixes[] = {
    {"pi", PIF_CONDITION_MODEL, judge_model},
    {"cm", PIF_CONDITION_MODEL, judge_model},
    {"none", PIF_CONDITION_MODEL, judge_model},
    {"board-type=", PIF_CONDITION_BOARD, judge_board_type},
    {"0x", PIF_CONDITION_SERIAL, judge_serial},
    {"gpio", PIF_CONDITION_GPIO, judge_gpio},
    {"EDID=", PIF_CONDITION_DISPLAY, judge_display},
    {"HDMI:", PIF_CONDITION_DISPLAY, judge_display},
    {"tryboot", PIF_CONDITION_TRYBOOT, judge_tryboot},
    {"boot_partition", PIF_CONDITION_EXPRESSION, judge_boot_partition},
    {"partition", PIF_CONDITION_EXPRESSION, judge_partition},
    {"bootvar0", PIF_CONDITION_EXPRESSION, judge_zero},
    {"boot_count", PIF_CONDITION_EXPRESSION, judge_zero},
    {"boot_arg1", PIF_CONDITION_EXPRESSION, judge_zero},
    {"board_attributes", PIF_CONDITION_EXPRESSION, judge_zero},
    {"cust_otp", PIF_CONDITION_EXPRESSION, judge_otp},
};

void pif_conditions_init(PifConditions *conditions, const PifBoard *board, PifConditionSet set)
{
    *conditions = (PifConditions){.board = board, .set = set};
}

void pif_conditions_clear(PifConditions *conditions)
{
    for (int i = 0; i < PIF_N_CONDITIONS; i++)
        g_clear_pointer(&conditions->unmet[i], g_free);
}

static gboolean is_in_autoboot(const char *section)
{
    return g_str_equal(section, "none") || g_str_equal(section, "tryboot");
}

static gboolean judge(const PifConditions *conditions, const char *section,
                      PifConditionKind *ret_kind)
{
    *ret_kind = PIF_CONDITION_UNKNOWN;
    if (conditions->set == PIF_CONDITION_AUTOBOOT && !is_in_autoboot(section))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (!g_str_has_prefix(section, prefixes[i].prefix))
            continue;
        *ret_kind = prefixes[i].kind;
        return prefixes[i].judge(conditions->board, section, section + strlen(prefixes[i].prefix));
    }
    return FALSE;
}

gboolean pif_conditions_enter(PifConditions *conditions, const char *section,
                              PifConditionKind *ret_kind)
{
    if (g_str_equal(section, "all")) {
        pif_conditions_clear(conditions);
        *ret_kind = PIF_CONDITION_MODEL;
        return TRUE;
    }
    gboolean holds = judge(conditions, section, ret_kind);
    g_free(conditions->unmet[*ret_kind]);
    conditions->unmet[*ret_kind] = holds ? NULL : g_strdup(section);
    return holds;
}

const char *pif_conditions_unmet(const PifConditions *conditions)
{
    for (int i = 0; i < PIF_N_CONDITIONS; i++)
        if (conditions->unmet[i])
            return conditions->unmet[i];
    return NULL;
}
