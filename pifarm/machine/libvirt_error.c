// SPDX-License-Identifier: MIT
// The border where libvirt's errors become ours.
#include "pifarm/base/error.h"
#include "pifarm/machine/internal.h"
#include "pifarm/machine/last_words.h"

#include <errno.h>
#include <libvirt/virterror.h>

static const struct {
    int libvirt;
    PifErrorCode code;
} codes[] = {
    {VIR_ERR_NO_CONNECT, PIF_ERROR_NOT_FOUND},       {VIR_ERR_NO_DOMAIN, PIF_ERROR_NOT_FOUND},
    {VIR_ERR_DOM_EXIST, PIF_ERROR_EXISTS},           {VIR_ERR_AUTH_FAILED, PIF_ERROR_DENIED},
    {VIR_ERR_AUTH_CANCELLED, PIF_ERROR_DENIED},      {VIR_ERR_ACCESS_DENIED, PIF_ERROR_DENIED},
    {VIR_ERR_OPERATION_DENIED, PIF_ERROR_DENIED},    {VIR_ERR_OPERATION_TIMEOUT, PIF_ERROR_TIMEOUT},
    {VIR_ERR_AGENT_UNRESPONSIVE, PIF_ERROR_TIMEOUT}, {VIR_ERR_RESOURCE_BUSY, PIF_ERROR_BUSY},
};

/* What the kernel answered to libvirt is in int1. */
static PifErrorCode code_of_errno(int err)
{
    switch (err) {
    case ENOENT:
        return PIF_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return PIF_ERROR_DENIED;
    case EBUSY:
    case EAGAIN:
        return PIF_ERROR_BUSY;
    default:
        return PIF_ERROR_EXTERNAL;
    }
}

static PifErrorCode code_of(const virError *failure)
{
    if (failure->code == VIR_ERR_SYSTEM_ERROR)
        return code_of_errno(failure->int1);
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].libvirt == failure->code)
            return codes[i].code;
    return PIF_ERROR_EXTERNAL;
}

gboolean pif_libvirt_error(GError **error, const char *prefix_format, ...)
{
    va_list args;
    va_start(args, prefix_format);
    g_autofree char *prefix = g_strdup_vprintf(prefix_format, args);
    va_end(args);
    const virError *failure = virGetLastError();
    if (!failure || !failure->message)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "%s: libvirt does not say why", prefix);
    g_autofree char *words = pif_qemu_words(failure->message);
    return pif_error_set(error, code_of(failure), "%s: %s", prefix, words);
}
