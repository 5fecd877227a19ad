// SPDX-License-Identifier: MIT
// Header fields of requests for files: ranges, entity tags, dates (RFC 9110).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef enum {
    PIF_HTTP_WHOLE, /* no range, several, or none that is understood: RFC 9110, section 14.2 */
    PIF_HTTP_RANGE,
    PIF_HTTP_UNSATISFIABLE, /* all that is asked for lies behind the end */
} PifHttpRangeKind;

/* Which part of a file of that size a Range field asks for; field may be NULL. The outputs are set
 * for PIF_HTTP_RANGE only, and then the part is within the file and not empty. */
PifHttpRangeKind pif_http_range_parse(const char *field, uint64_t size, uint64_t *ret_offset,
                                      uint64_t *ret_length);

/* Whether a tag, in its quotes, is in the list of an If-None-Match field: RFC 9110, section 13.1.2.
 */
bool pif_http_tag_is_in(const char *field, const char *tag);

enum { PIF_HTTP_DATE_SIZE = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT": RFC 9110, section 5.6.7. */
void pif_http_date_format(time_t time, char ret_date[PIF_HTTP_DATE_SIZE]);
bool pif_http_date_parse(const char *date, time_t *ret_time);
