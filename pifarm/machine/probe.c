// SPDX-License-Identifier: MIT
// Which QEMU and libvirt are installed, for `pifarm doctor`.
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/machine/hypervisor.h"

#include <libvirt/libvirt.h>
#include <stdio.h>
#include <string.h>

/* "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)" */
static guint64 parse_version(const char *text)
{
    static const char before[] = "version ";
    const char *number = strstr(text, before);
    unsigned major = 0, minor = 0, micro = 0;
    if (!number || sscanf(number + strlen(before), "%u.%u.%u", &major, &minor, &micro) < 2)
        return 0;
    return major * G_GUINT64_CONSTANT(1000000) + minor * G_GUINT64_CONSTANT(1000) + micro;
}

gboolean pif_hypervisor_probe(guint64 *ret_qemu, guint64 *ret_libvirt, GError **error)
{
    enum { TIMEOUT_MS = 10000 };
    g_autofree char *output = NULL;
    g_autoptr(GError) failure = NULL;
    g_autoptr(PifCommand) command = pif_command_new("qemu-system-aarch64", "--version", NULL);
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    unsigned long libvirt = 0;
    gboolean is_run = pif_command_run(command, &output, &failure);
    if (!is_run && !g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *ret_qemu = is_run ? parse_version(output) : 0;
    *ret_libvirt = virGetVersion(&libvirt, NULL, NULL) == 0 ? libvirt : 0;
    return TRUE;
}
