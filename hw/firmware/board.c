// SPDX-License-Identifier: MIT
// Boards of the Pi 3 family.
#include "hw/firmware/board.h"

#include "pifarm/base/error.h"

/* Where nothing is connected, the pulls of a BCM2837 after reset decide: GPIO 0 to 8, 34 to 36 and
 * 46 to 53 are pulled up (BCM2835 ARM Peripherals, table 6-31). */
#define PULLED_UP G_GUINT64_CONSTANT(0x3fc01c000001ff)

enum { TYPE_3B = 0x08, TYPE_3B_PLUS = 0x0d, TYPE_3A_PLUS = 0x0e };

/* Which sections each type sees (config_txt/conditional.adoc). */
static const struct {
    unsigned type;
    const char *model;
} models[] = {
    {TYPE_3B, "pi3"},      {TYPE_3B_PLUS, "pi3"},  {TYPE_3B_PLUS, "pi3+"},
    {TYPE_3A_PLUS, "pi3"}, {TYPE_3A_PLUS, "pi3+"},
};

PifBoard pif_board_new(guint32 serial)
{
    return (PifBoard){
        .revision = PIF_BOARD_3B_PLUS,
        .serial = serial,
        .mac = {0xb8, 0x27, 0xeb, (guint8)(serial >> 16), (guint8)(serial >> 8), (guint8)serial},
        .memory_mib = 1024,
        .gpio_levels = PULLED_UP,
        .boot_partition = 1,
    };
}

unsigned pif_board_type(const PifBoard *board)
{
    return board->revision >> 4 & 0xff;
}

gboolean pif_board_is_model(const PifBoard *board, const char *model)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (models[i].type == pif_board_type(board) && g_str_equal(models[i].model, model))
            return TRUE;
    return FALSE;
}

gboolean pif_board_parse_serial(const char *text, guint32 *ret_serial, GError **error)
{
    char *end = NULL;
    guint64 serial = g_ascii_strtoull(text, &end, 16);
    if (end == text || *end || serial > G_MAXUINT32)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "'%s' is no serial number; it has up to 8 hexadecimal digits", text);
    *ret_serial = (guint32)serial;
    return TRUE;
}
