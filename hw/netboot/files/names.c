// SPDX-License-Identifier: MIT
// The names of names.h.
#include "hw/netboot/files/names.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

/* How a folder of one node is named; x stands for a hexadecimal digit. */
static const char *const own_folders[] = {"xxxxxxxx/", "xx-xx-xx-xx-xx-xx/"};

static const char *skip_slashes(const char *name)
{
    return name + strspn(name, "/");
}

/* What follows such a folder, NULL when the name does not begin with one. */
static const char *skip_folder(const char *name, const char *folder)
{
    for (; *folder; folder++, name++)
        if (*folder == 'x' ? !isxdigit((unsigned char)*name) : *name != *folder)
            return NULL;
    return skip_slashes(name);
}

static const char *skip_own_folder(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(own_folders); i++) {
        const char *rest = skip_folder(name, own_folders[i]);
        if (rest)
            return rest;
    }
    return NULL;
}

const char *pif_served_names_shared(const char *asked)
{
    const char *name = skip_slashes(asked);
    const char *rest = skip_own_folder(name);
    return rest ? rest : name;
}

static void add(PifServedNames *names, const char *folder, const char *file)
{
    char *name = names->names[names->count];
    int length = g_snprintf(name, PIF_SERVED_NAME_SIZE, "%s%s", folder, file);
    if (length >= PIF_SERVED_NAME_SIZE)
        return;
    for (unsigned i = 0; i < names->count; i++)
        if (g_str_equal(names->names[i], name))
            return;
    names->count++;
}

static void add_both_cases(PifServedNames *names, char *folder, const char *file)
{
    add(names, folder, file);
    for (char *letter = folder; *letter; letter++)
        *letter = g_ascii_toupper(*letter);
    add(names, folder, file);
}

void pif_served_names_make(const char *asked, const PifNodeIdentity *identity,
                           PifServedNames *ret_names)
{
    char folder[24];
    const uint8_t *mac = identity->mac;
    const char *file = pif_served_names_shared(asked);
    ret_names->count = 0;
    asked = skip_slashes(asked);
    if (!*file)
        return;
    if (identity->has_mac) {
        g_snprintf(folder, sizeof folder, "%02x-%02x-%02x-%02x-%02x-%02x/", mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5]);
        add_both_cases(ret_names, folder, file);
    }
    if (identity->has_serial && file == asked) {
        g_snprintf(folder, sizeof folder, "%08x/", identity->serial);
        add_both_cases(ret_names, folder, file);
    }
    add(ret_names, "", asked);
    add(ret_names, "", file);
}
