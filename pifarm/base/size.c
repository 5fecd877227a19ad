// SPDX-License-Identifier: MIT
// Units of sizes.
#include "pifarm/base/size.h"

static const struct {
    const char *name;
    guint64 bytes;
} units[] = {
    {"", 1},
    {"B", 1},
    {"KiB", 1ULL << 10},
    {"MiB", 1ULL << 20},
    {"GiB", 1ULL << 30},
    {"TiB", 1ULL << 40},
    {"K", 1ULL << 10},
    {"M", 1ULL << 20},
    {"G", 1ULL << 30},
    {"T", 1ULL << 40},
    {"KB", 1000ULL},
    {"MB", 1000000ULL},
    {"GB", 1000000000ULL},
    {"TB", 1000000000000ULL},
};

gboolean pif_size_parse(const char *text, guint64 *ret_bytes)
{
    char *unit;
    if (!g_ascii_isdigit(*text))
        return FALSE;
    guint64 number = g_ascii_strtoull(text, &unit, 10);
    while (*unit == ' ')
        unit++;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (g_ascii_strcasecmp(unit, units[i].name) != 0)
            continue;
        if (number > G_MAXINT64 / units[i].bytes)
            return FALSE;
        *ret_bytes = number * units[i].bytes;
        return TRUE;
    }
    return FALSE;
}

char *pif_size_format(guint64 bytes)
{
    static const char *const names[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes && bytes % 1024 == 0 && unit + 1 < G_N_ELEMENTS(names)) {
        bytes /= 1024;
        unit++;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", bytes, names[unit]);
}
