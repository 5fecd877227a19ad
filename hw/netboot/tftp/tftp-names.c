// SPDX-License-Identifier: MIT
// The names of tftp-names.h.
#include "hw/netboot/tftp/tftp-names.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

enum { SERIAL_DIGITS = 8 };

static const char *skip_slashes(const char *name)
{
    return name + strspn(name, "/");
}

/* What follows "0c36778e/", NULL when the name does not begin so. */
static const char *skip_serial(const char *name)
{
    for (unsigned i = 0; i < SERIAL_DIGITS; i++)
        if (!isxdigit((unsigned char)name[i]))
            return NULL;
    return name[SERIAL_DIGITS] == '/' ? skip_slashes(name + SERIAL_DIGITS) : NULL;
}

static void add(PifTftpNames *names, const char *folder, const char *file)
{
    char *name = names->names[names->count];
    int length = g_snprintf(name, PIF_TFTP_NAME_SIZE, "%s%s", folder, file);
    if (length >= PIF_TFTP_NAME_SIZE)
        return;
    for (unsigned i = 0; i < names->count; i++)
        if (g_str_equal(names->names[i], name))
            return;
    names->count++;
}

void pif_tftp_names_make(const char *asked, const PifTftpIdentity *identity,
                         PifTftpNames *ret_names)
{
    char folder[24];
    const uint8_t *mac = identity->mac;
    ret_names->count = 0;
    asked = skip_slashes(asked);
    const char *rest = skip_serial(asked);
    const char *file = rest ? rest : asked;
    if (!*file)
        return;
    if (identity->has_mac) {
        g_snprintf(folder, sizeof folder, "%02x-%02x-%02x-%02x-%02x-%02x/", mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5]);
        add(ret_names, folder, file);
    }
    if (identity->has_serial && !rest) {
        g_snprintf(folder, sizeof folder, "%08x/", identity->serial);
        add(ret_names, folder, file);
    }
    add(ret_names, "", asked);
    add(ret_names, "", file);
}
