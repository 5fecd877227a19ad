// SPDX-License-Identifier: MIT
// The project's folders.
#include "pifarm/base/paths.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

static const char state_dir_of_root[] = "/var/lib/pifarm";
static const char runtime_dir_of_root[] = "/run/pifarm";

static char *choose(const char *variable, const char *of_root, const char *of_user)
{
    const char *chosen = g_getenv(variable);
    if (chosen && *chosen)
        return g_canonicalize_filename(chosen, NULL);
    return g_strdup(geteuid() == 0 ? of_root : of_user);
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
    g_autofree char *of_user = g_build_filename(g_get_user_state_dir(), "pifarm", NULL);
    return choose("PIFARM_STATE_DIR", state_dir_of_root, of_user);
}

/* Not set by every login, nor right behind every su. */
static gboolean is_own_folder(const char *path)
{
    struct stat status;
    return path && *path && stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid();
}

static char *choose_users_runtime_dir(void)
{
    const char *told = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *usual = g_strdup_printf("/run/user/%u", (unsigned)geteuid());
    if (is_own_folder(told))
        return g_build_filename(told, "pifarm", NULL);
    if (is_own_folder(usual))
        return g_build_filename(usual, "pifarm", NULL);
    return g_build_filename(g_get_user_cache_dir(), "pifarm", "run", NULL);
}

char *pif_paths_runtime_dir(void)
{
    g_autofree char *of_user = choose_users_runtime_dir();
    return choose("PIFARM_RUNTIME_DIR", runtime_dir_of_root, of_user);
}

gboolean pif_paths_make_runtime_dir(GError **error)
{
    g_autofree char *path = pif_paths_runtime_dir();
    mode_t mode = geteuid() == 0 ? 0755 : 0700; /* others see whether root's farm runs */
    return pif_dir_make(path, mode, error);
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

char *pif_paths_farm_lock(const char *farm)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *name = g_strconcat(farm, ".lock", NULL);
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
