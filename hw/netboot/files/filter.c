// SPDX-License-Identifier: MIT
// The filters of filter.h.
#include "hw/netboot/files/filter.h"

#include "pifarm/base/error.h"

#include <fnmatch.h>
#include <string.h>

struct PifFilter {
    PifFilterKind kind;
    char *glob;
    char *text;
};

PifFilter *pif_filter_new(PifFilterKind kind, const char *glob, const char *text)
{
    PifFilter *filter = g_new(PifFilter, 1);
    *filter = (PifFilter){kind, g_strdup(glob), g_strdup(text)};
    return filter;
}

PifFilter *pif_filter_parse(PifFilterKind kind, const char *option, const char *text,
                            GError **error)
{
    const char *sign = strchr(text, '=');
    if (!sign || sign == text) {
        pif_error_set(error, PIF_ERROR_USAGE, "%s wants GLOB=%s, not '%s'", option,
                      kind == PIF_FILTER_PATH ? "PATH" : "TEXT", text);
        return NULL;
    }
    g_autofree char *glob = g_strndup(text, (gsize)(sign - text));
    return pif_filter_new(kind, glob, sign + 1);
}

void pif_filter_free(PifFilter *filter)
{
    if (!filter)
        return;
    g_free(filter->glob);
    g_free(filter->text);
    g_free(filter);
}

PifFilterKind pif_filter_kind(const PifFilter *filter)
{
    return filter->kind;
}

enum { N_VALUES = 5 };

/* What a template may name, with its value for this request; NULL: not known. */
typedef struct {
    const char *names[N_VALUES];
    const char *values[N_VALUES];
    char mac[18];
    char serial[9];
} Values;

static void collect(Values *values, const char *name, const PifNodeIdentity *identity,
                    const char *server)
{
    const uint8_t *mac = identity->mac;
    g_snprintf(values->mac, sizeof values->mac, "%02x-%02x-%02x-%02x-%02x-%02x", mac[0], mac[1],
               mac[2], mac[3], mac[4], mac[5]);
    g_snprintf(values->serial, sizeof values->serial, "%08x", identity->serial);
    const struct {
        const char *name;
        const char *value;
    } rows[N_VALUES] = {{"{filename}", name},
                        {"{mac}", identity->has_mac ? values->mac : NULL},
                        {"{serial}", identity->has_serial ? values->serial : NULL},
                        {"{node}", *identity->name ? identity->name : NULL},
                        {"{server}", server}};
    for (unsigned i = 0; i < N_VALUES; i++) {
        values->names[i] = rows[i].name;
        values->values[i] = rows[i].value;
    }
}

/* Which of the names the text begins with; N_VALUES: none. */
static unsigned find_name(const Values *values, const char *text)
{
    unsigned i = 0;
    while (i < N_VALUES && !g_str_has_prefix(text, values->names[i]))
        i++;
    return i;
}

char *pif_filter_apply(const PifFilter *filter, const char *name, const PifNodeIdentity *identity,
                       const char *server)
{
    Values values;
    g_autoptr(GString) text = g_string_new(NULL);
    if (fnmatch(filter->glob, name, 0) != 0)
        return NULL;
    collect(&values, name, identity, server);
    for (const char *at = filter->text; *at;) {
        unsigned i = *at == '{' ? find_name(&values, at) : N_VALUES;
        if (i == N_VALUES) {
            g_string_append_c(text, *at++);
            continue;
        }
        if (!values.values[i])
            return NULL;
        g_string_append(text, values.values[i]);
        at += strlen(values.names[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
