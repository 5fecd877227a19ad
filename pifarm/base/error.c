// SPDX-License-Identifier: MIT
// Codes, exit statuses and the border where foreign errors become ours.
#include "pifarm/base/error.h"

#include <errno.h>
#include <gio/gio.h>

/* What error.h tells the static analyzer; here are the functions themselves. */
#undef pif_error_set_errno
#undef pif_error_set
#undef pif_error_take

G_DEFINE_QUARK(pif - error - quark, pif_error)

static const struct {
    PifErrorCode code;
    const char *name;
} code_names[] = {
    {PIF_ERROR_EXTERNAL, "external"}, {PIF_ERROR_USAGE, "usage"},
    {PIF_ERROR_CONFIG, "config"},     {PIF_ERROR_NOT_FOUND, "not-found"},
    {PIF_ERROR_EXISTS, "exists"},     {PIF_ERROR_DENIED, "denied"},
    {PIF_ERROR_BUSY, "busy"},         {PIF_ERROR_TIMEOUT, "timeout"},
    {PIF_ERROR_PROTOCOL, "protocol"},
};

int pif_error_exit_status(const GError *error)
{
    if (!error)
        return 0;
    return error->domain == PIF_ERROR ? error->code : PIF_ERROR_EXTERNAL;
}

const char *pif_error_code_name(PifErrorCode code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(code_names); i++)
        if (code_names[i].code == code)
            return code_names[i].name;
    return "external";
}

PifErrorCode pif_error_code_parse(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(code_names); i++)
        if (g_strcmp0(code_names[i].name, name) == 0)
            return code_names[i].code;
    return 0;
}

static PifErrorCode code_from_errno(int err)
{
    switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return PIF_ERROR_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return PIF_ERROR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return PIF_ERROR_DENIED;
    case EBUSY:
    case EADDRINUSE:
    case EWOULDBLOCK:
        return PIF_ERROR_BUSY;
    case ETIMEDOUT:
        return PIF_ERROR_TIMEOUT;
    default:
        return PIF_ERROR_EXTERNAL;
    }
}

static PifErrorCode code_from_foreign(const GError *foreign)
{
    if (foreign->domain == PIF_ERROR)
        return (PifErrorCode)foreign->code;
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return PIF_ERROR_TIMEOUT;
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
        g_error_matches(foreign, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return PIF_ERROR_NOT_FOUND;
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
        g_error_matches(foreign, G_FILE_ERROR, G_FILE_ERROR_ACCES))
        return PIF_ERROR_DENIED;
    if (g_error_matches(foreign, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        return PIF_ERROR_BUSY;
    if (foreign->domain == G_OPTION_ERROR)
        return PIF_ERROR_USAGE;
    return PIF_ERROR_EXTERNAL;
}

gboolean pif_error_set(GError **error, PifErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *made = g_error_new_valist(PIF_ERROR, (int)code, format, args);
    va_end(args);
    g_propagate_error(error, made);
    return FALSE;
}

gboolean pif_error_set_errno(GError **error, int err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    return pif_error_set(error, code_from_errno(err), "%s: %s", what, g_strerror(err));
}

gboolean pif_error_take(GError **error, GError *foreign, const char *prefix_format, ...)
{
    va_list args;
    va_start(args, prefix_format);
    g_autofree char *prefix = g_strdup_vprintf(prefix_format, args);
    va_end(args);
    pif_error_set(error, code_from_foreign(foreign), "%s: %s", prefix, foreign->message);
    g_error_free(foreign);
    return FALSE;
}
