// SPDX-License-Identifier: MIT
// Debian packages as the commands that install them.
#include "images/root/root.h"

static const char update[] = "apt-get -q -o APT::Update::Error-Mode=any update";
static const char install[] = "apt-get -q -y -o Dpkg::Options::=--force-confdef "
                              "-o Dpkg::Options::=--force-confold install ";
static const char clean[] = "apt-get clean && rm -rf /var/lib/apt/lists/*";
static const char check[] = "command -v apt-get >/dev/null || { echo \"there is no apt-get: the "
                            "image is no Debian\" >&2; exit 1; }";

/* Half of the package lists would do apt more harm than none. Settings that the image's owner has
 * changed stay as they are. */
void pif_root_add_packages(GArray *commands, GStringChunk *strings, char *const *packages)
{
    if (!packages || !*packages)
        return;
    g_autofree char *names = g_strjoinv(" ", (char **)packages);
    g_autofree char *all = g_strconcat(install, names, NULL);
    g_autofree char *shown = g_strconcat("apt-get install ", names, NULL);
    const PifRootCommand parts[] = {
        {check, "looking for apt-get"},
        {update, "apt-get update"},
        {g_string_chunk_insert(strings, all), g_string_chunk_insert(strings, shown)},
        {clean, "removing what apt has fetched"},
    };
    g_array_append_vals(commands, parts, G_N_ELEMENTS(parts));
}
