// SPDX-License-Identifier: MIT
// The project's folders.
#include "pifarm/base/paths.h"

#include <pwd.h>
#include <unistd.h>

static const char state_dir_of_root[] = "/var/lib/pifarm";
static const char runtime_dir_of_root[] = "/run/pifarm";

static char *choose(const char *variable, const char *of_root, const char *of_user)
{
    const char *chosen = g_getenv(variable);
    if (chosen && *chosen)
        return g_canonicalize_filename(chosen, NULL);
    if (geteuid() == 0)
        return g_strdup(of_root);
    return g_build_filename(of_user, "pifarm", NULL);
}

/* sudo leaves HOME as it was or sets it to root's, by its configuration: the first is what we
 * want. */
char *pif_paths_home(void)
{
    const char *home = g_getenv("HOME");
    const char *user = g_getenv("SUDO_USER");
    const struct passwd *root = getpwuid(0);
    gboolean is_roots = !home || !*home || (root && g_str_equal(home, root->pw_dir));
    if (geteuid() == 0 && is_roots && user && *user) {
        const struct passwd *entry = getpwnam(user);
        if (entry)
            return g_strdup(entry->pw_dir);
    }
    return g_strdup(home && *home ? home : g_get_home_dir());
}

char *pif_paths_state_dir(void)
{
    return choose("PIFARM_STATE_DIR", state_dir_of_root, g_get_user_state_dir());
}

char *pif_paths_runtime_dir(void)
{
    return choose("PIFARM_RUNTIME_DIR", runtime_dir_of_root, g_get_user_runtime_dir());
}

char *pif_paths_cache_dir(void)
{
    const char *chosen = g_getenv("PIFARM_CACHE");
    if (chosen && *chosen)
        return g_canonicalize_filename(chosen, NULL);
    return g_build_filename(g_get_user_cache_dir(), "pifarm", NULL);
}

char *pif_paths_store_dir(void)
{
    g_autofree char *state = pif_paths_state_dir();
    return g_build_filename(state, "images", NULL);
}

char *pif_paths_farm_dir(const char *farm)
{
    g_autofree char *state = pif_paths_state_dir();
    return g_build_filename(state, "farms", farm, NULL);
}

char *pif_paths_card(const char *farm, const char *node)
{
    g_autofree char *directory = pif_paths_farm_dir(farm);
    g_autofree char *name = g_strconcat(node, ".qcow2", NULL);
    return g_build_filename(directory, "cards", name, NULL);
}

char *pif_paths_farm_socket(const char *farm)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *name = g_strconcat(farm, ".sock", NULL);
    return g_build_filename(runtime, name, NULL);
}

static gboolean is_own_place(const char *variable)
{
    const char *chosen = g_getenv(variable);
    return geteuid() == 0 || (chosen && *chosen);
}

char *pif_paths_roots_farm_dir(const char *farm)
{
    return is_own_place("PIFARM_STATE_DIR")
               ? NULL
               : g_build_filename(state_dir_of_root, "farms", farm, NULL);
}

char *pif_paths_roots_farm_socket(const char *farm)
{
    return is_own_place("PIFARM_RUNTIME_DIR")
               ? NULL
               : g_strdup_printf("%s/%s.sock", runtime_dir_of_root, farm);
}

char *pif_paths_network_lock(void)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    return g_build_filename(runtime, ".network.lock", NULL);
}
