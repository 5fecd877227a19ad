// SPDX-License-Identifier: MIT
// Any bytes as each of the header fields that are read here.
#include "hw/netboot/http/http-headers.h"

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t file_size = size > 0 ? (uint64_t)data[0] * 1000 : 0;
    uint64_t offset = 0;
    uint64_t length = 0;
    time_t time = 0;
    g_autofree char *field = g_strndup((const char *)data, size);
    if (pif_http_range_parse(field, file_size, &offset, &length) == PIF_HTTP_RANGE) {
        g_assert_cmpuint(length, >, 0);
        g_assert_cmpuint(offset, <, file_size);
        g_assert_cmpuint(length, <=, file_size - offset);
    }
    pif_http_tag_is_in(field, "\"1-2-3\"");
    if (pif_http_date_parse(field, &time) && time >= 0) {
        char date[PIF_HTTP_DATE_SIZE];
        pif_http_date_format(time, date);
    }
    return 0;
}
