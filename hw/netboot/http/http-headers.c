// SPDX-License-Identifier: MIT
// The fields of http-headers.h.
#include "hw/netboot/http/http-headers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* UINT64_MAX for numbers that are larger. False where no digit is. */
static bool parse_number(const char **text, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *digit = *text;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        unsigned value = (unsigned)(*digit - '0');
        number = number > (UINT64_MAX - value) / 10 ? UINT64_MAX : number * 10 + value;
    }
    bool is_number = digit > *text;
    *text = digit;
    *ret_number = number;
    return is_number;
}

/* One "A-B", "A-" or "-N"; *text moves behind it. False: it is none. */
static bool parse_spec(const char **text, uint64_t size, uint64_t *ret_first, uint64_t *ret_end)
{
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    bool has_first = parse_number(text, &first);
    if (**text != '-')
        return false;
    ++*text;
    bool has_last = parse_number(text, &last);
    if ((!has_first && !has_last) || (has_first && has_last && last < first))
        return false;
    if (!has_first) { /* the last N bytes */
        *ret_first = last < size ? size - last : 0;
        *ret_end = last ? size : 0;
    } else {
        *ret_first = first;
        *ret_end = has_last && last < size ? last + 1 : size;
    }
    return true;
}

PifHttpRangeKind pif_http_range_parse(const char *field, uint64_t size, uint64_t *ret_offset,
                                      uint64_t *ret_length)
{
    static const char unit[] = "bytes=";
    unsigned n_specs = 0;
    unsigned n_good = 0;
    uint64_t good_first = 0;
    uint64_t good_end = 0;
    if (!field || strncasecmp(field, unit, sizeof unit - 1) != 0)
        return PIF_HTTP_WHOLE;
    for (field += sizeof unit - 1;; field++) {
        uint64_t first = 0;
        uint64_t end = 0;
        field = skip_blanks(field);
        if (!parse_spec(&field, size, &first, &end))
            return PIF_HTTP_WHOLE;
        n_specs++;
        if (first < end) {
            n_good++;
            good_first = first;
            good_end = end;
        }
        field = skip_blanks(field);
        if (*field != ',')
            break;
    }
    if (*field || (n_good > 0 && n_specs > 1))
        return PIF_HTTP_WHOLE;
    if (n_good == 0)
        return PIF_HTTP_UNSATISFIABLE;
    *ret_offset = good_first;
    *ret_length = good_end - good_first;
    return PIF_HTTP_RANGE;
}

bool pif_http_tag_is_in(const char *field, const char *tag)
{
    size_t size = strlen(tag);
    field = skip_blanks(field);
    if (strcmp(field, "*") == 0)
        return true;
    while (*field) {
        if (strncmp(field, "W/", 2) == 0) /* weak comparison */
            field += 2;
        const char *end = *field == '"' ? strchr(field + 1, '"') : NULL;
        if (!end)
            return false;
        if ((size_t)(end + 1 - field) == size && memcmp(field, tag, size) == 0)
            return true;
        field = end + 1;
        field += strspn(field, " \t,");
    }
    return false;
}

/* not by strftime(), whose names follow the locale */
static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void pif_http_date_format(time_t time, char ret_date[PIF_HTTP_DATE_SIZE])
{
    struct tm tm = {0};
    gmtime_r(&time, &tm);
    snprintf(ret_date, PIF_HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
             (unsigned)tm.tm_mday % 100, months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

bool pif_http_date_parse(const char *date, time_t *ret_time)
{
    struct tm tm = {0};
    char month[4] = "";
    int end = 0;
    if (sscanf(date, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT%n", &tm.tm_mday, month, &tm.tm_year,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 6 ||
        end == 0 || date[end] != '\0')
        return false;
    while (tm.tm_mon < 12 && strcmp(months[tm.tm_mon], month) != 0)
        tm.tm_mon++;
    if (tm.tm_mon == 12)
        return false;
    tm.tm_year -= 1900;
    *ret_time = timegm(&tm);
    return true;
}
