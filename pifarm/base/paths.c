// SPDX-License-Identifier: MIT
// The project's folders.
#include "pifarm/base/paths.h"

#include <unistd.h>

static char *choose(const char *variable, const char *of_root, const char *of_user)
{
    const char *chosen = g_getenv(variable);
    if (chosen && *chosen)
        return g_canonicalize_filename(chosen, NULL);
    if (geteuid() == 0)
        return g_strdup(of_root);
    return g_build_filename(of_user, "pifarm", NULL);
}

char *pif_paths_state_dir(void)
{
    return choose("PIFARM_STATE_DIR", "/var/lib/pifarm", g_get_user_state_dir());
}

char *pif_paths_runtime_dir(void)
{
    return choose("PIFARM_RUNTIME_DIR", "/run/pifarm", g_get_user_runtime_dir());
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

char *pif_paths_farm_socket(const char *farm)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *name = g_strconcat(farm, ".sock", NULL);
    return g_build_filename(runtime, name, NULL);
}
