// SPDX-License-Identifier: MIT
// Debian packages as the commands that install them.
#include "images/root/root.h"

#include "pifarm/base/error.h"

/* Debian policy 5.6.1 and 5.6.12, and apt-get(8): name, :architecture, =version or /release. */
static const char pattern[] =
    "^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~-]+|/[A-Za-z0-9.-]+)?\\z";

gboolean pif_root_check_packages(char *const *packages, GError **error)
{
    for (; packages && *packages; packages++)
        if (!g_regex_match_simple(pattern, *packages, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT))
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "'%.80s' is no name of a Debian package (as htop, or "
                                 "htop=3.2.2-2)",
                                 *packages);
    return TRUE;
}

/* Half of the package lists would do apt more harm than none. The conffiles that the image's owner
 * has changed stay as they are. */
char **pif_root_install_commands(char *const *packages)
{
    g_autofree char *names = packages ? g_strjoinv(" ", (char **)packages) : NULL;
    g_autoptr(GStrvBuilder) commands = g_strv_builder_new();
    if (packages && *packages) {
        g_autofree char *install = g_strconcat(
            "apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
            "install ",
            names, NULL);
        g_strv_builder_add(commands, "apt-get -q -o APT::Update::Error-Mode=any update");
        g_strv_builder_add(commands, install);
        g_strv_builder_add(commands, "apt-get clean && rm -rf /var/lib/apt/lists/*");
    }
    return g_strv_builder_end(commands);
}
