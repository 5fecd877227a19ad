// SPDX-License-Identifier: MIT
// Findings.
#include "pifarm/cli/checks.h"

void pif_finding_clear(PifFinding *finding)
{
    g_clear_pointer(&finding->found, g_free);
    g_clear_pointer(&finding->mend, g_free);
}

static PifFinding make(PifVerdict verdict, const char *mend, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
static PifFinding make(PifVerdict verdict, const char *mend, const char *format, va_list args)
{
    g_autofree char *found = g_strdup_vprintf(format, args);
    return (PifFinding){verdict, g_utf8_make_valid(found, -1), g_strdup(mend)};
}

PifFinding pif_finding_ok(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PifFinding finding = make(PIF_VERDICT_OK, NULL, format, args);
    va_end(args);
    return finding;
}

PifFinding pif_finding_warn(const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PifFinding finding = make(PIF_VERDICT_WARNING, mend, format, args);
    va_end(args);
    return finding;
}

PifFinding pif_finding_fail(const char *mend, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PifFinding finding = make(PIF_VERDICT_FAILURE, mend, format, args);
    va_end(args);
    return finding;
}
