// SPDX-License-Identifier: MIT
// The firmware's choice of boot files.
#include "images/card/bootfiles-choose.h"

#include "pifarm/base/error.h"

#include <string.h>

typedef struct {
    const PifConfigTxt *config;
    const char *const *paths;
    const char *prefix; /* os_prefix */
} Choice;

/* Downstream name first: what Raspberry Pi OS ships; then the names of the mainline kernel. The
 * device tree of the 3 B is the fallback of old images that know no 3 B+. */
static const char *const device_trees[] = {
    "bcm2710-rpi-3-b-plus.dtb",
    "bcm2837-rpi-3-b-plus.dtb",
    "bcm2710-rpi-3-b.dtb",
    "bcm2837-rpi-3-b.dtb",
    NULL,
};
static const char *const upstream_device_trees[] = {
    "bcm2837-rpi-3-b-plus.dtb",
    "bcm2837-rpi-3-b.dtb",
    "bcm2710-rpi-3-b-plus.dtb",
    NULL,
};

void pif_boot_names_clear(PifBootNames *names)
{
    g_free(names->kernel);
    g_strfreev(names->initramfs);
    g_free(names->device_tree);
    g_free(names->command_line);
    *names = (PifBootNames){0};
}

/* The path on the card that a name in config.txt means, as the card spells it; NULL: not there.
 * FAT knows no case, and a name that begins with a slash takes no prefix. */
static const char *find(const Choice *choice, const char *name)
{
    g_autofree char *path =
        *name == '/' ? g_strdup(name + 1) : g_strconcat(choice->prefix, name, NULL);
    for (const char *const *candidate = choice->paths; *candidate; candidate++)
        if (g_ascii_strcasecmp(*candidate, path) == 0)
            return *candidate;
    return NULL;
}

static const char *find_first(const Choice *choice, const char *const *names)
{
    const char *path = NULL;
    for (; *names && !path; names++)
        path = find(choice, *names);
    return path;
}

/* The text after "key=", NULL when not set or empty. */
static const char *get_name(const Choice *choice, const char *key)
{
    const char *value = pif_config_txt_get(choice->config, key);
    return value && *value ? value : NULL;
}

static gboolean choose_kernel(const Choice *choice, PifBootNames *names, GError **error)
{
    const char *named = get_name(choice, "kernel");
    const char *kernel = find(choice, named ? named : "kernel8.img");
    if (!named && !pif_config_txt_is_on(choice->config, "arm_64bit") && find(choice, "kernel7.img"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "a Pi 3 would start the 32-bit kernel7.img of this card; only 64-bit "
                             "kernels boot here: write arm_64bit=1 into config.txt%s",
                             kernel ? "" : " and add a kernel8.img");
    if (!kernel && named)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "config.txt names the kernel '%s', which is not on the boot partition",
                             named);
    if (!kernel)
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "no kernel8.img on the boot partition, and config.txt names no kernel");
    names->kernel = g_strdup(kernel);
    return TRUE;
}

static gboolean choose_device_tree(const Choice *choice, PifBootNames *names, GError **error)
{
    const char *named = pif_config_txt_get(choice->config, "device_tree");
    if (named && !*named)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "config.txt switches the device tree off ('device_tree='); a 64-bit "
                             "kernel needs one");
    gboolean is_upstream = pif_config_txt_is_on(choice->config, "upstream_kernel");
    const char *path = named
                           ? find(choice, named)
                           : find_first(choice, is_upstream ? upstream_device_trees : device_trees);
    if (!path && named)
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "config.txt names the device tree '%s', which is not on the boot partition", named);
    if (!path)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "no device tree of a Pi 3 B+ (%s) on the boot partition",
                             device_trees[0]);
    names->device_tree = g_strdup(path);
    return TRUE;
}

/* auto_initramfs=1: kernel8.img -> initramfs8. Free it; NULL for a kernel of another name. */
static char *initramfs_beside(const char *kernel)
{
    g_autofree char *folder = g_path_get_dirname(kernel);
    g_autofree char *spelled = g_path_get_basename(kernel);
    g_autofree char *base = g_ascii_strdown(spelled, -1);
    if (!g_str_has_prefix(base, "kernel") || !g_str_has_suffix(base, ".img"))
        return NULL;
    base[strlen(base) - strlen(".img")] = '\0';
    const char *suffix = base + strlen("kernel");
    if (g_str_equal(folder, "."))
        return g_strdup_printf("/initramfs%s", suffix);
    return g_strdup_printf("/%s/initramfs%s", folder, suffix);
}

/* `initramfs NAME` and ramfsfile=NAME must be there; the automatic one may be missing. */
static gboolean choose_initramfs(const Choice *choice, PifBootNames *names, GError **error)
{
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    const char *explicit = get_name(choice, "initramfs");
    if (!explicit)
        explicit = get_name(choice, "ramfsfile");
    g_auto(GStrv) named = g_strsplit(explicit ? explicit : "", ",", -1);
    for (char **name = named; *name; name++) {
        const char *path = find(choice, *name);
        if (!path)
            return pif_error_set(
                error, PIF_ERROR_CONFIG,
                "config.txt names the initramfs '%s', which is not on the boot partition", *name);
        g_strv_builder_add(found, path);
    }
    g_autofree char *automatic = initramfs_beside(names->kernel);
    gboolean is_automatic = pif_config_txt_is_on(choice->config, "auto_initramfs");
    if (!explicit && is_automatic && automatic && find(choice, automatic))
        g_strv_builder_add(found, find(choice, automatic));
    names->initramfs = g_strv_builder_end(found);
    return TRUE;
}

static gboolean choose_command_line(const Choice *choice, PifBootNames *names, GError **error)
{
    const char *named = get_name(choice, "cmdline");
    const char *name = named ? named : "cmdline.txt";
    const char *path = find(choice, name);
    if (!path)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the kernel's command line '%s' is not on the boot partition", name);
    names->command_line = g_strdup(path);
    return TRUE;
}

/* os_prefix counts only where a kernel and a device tree are under it. */
static const char *choose_prefix(const PifConfigTxt *config, const char *const *paths)
{
    const char *prefix = pif_config_txt_get(config, "os_prefix");
    if (!prefix && pif_config_txt_is_on(config, "upstream_kernel"))
        prefix = "upstream/";
    g_auto(PifBootNames) names = {0};
    Choice choice = {config, paths, prefix};
    if (prefix && choose_kernel(&choice, &names, NULL) && choose_device_tree(&choice, &names, NULL))
        return prefix;
    return "";
}

gboolean pif_boot_names_choose(const PifConfigTxt *config, const char *const *paths,
                               PifBootNames *ret_names, GError **error)
{
    g_auto(PifBootNames) names = {0};
    Choice choice = {config, paths, choose_prefix(config, paths)};
    if (!choose_kernel(&choice, &names, error) || !choose_device_tree(&choice, &names, error) ||
        !choose_initramfs(&choice, &names, error) || !choose_command_line(&choice, &names, error))
        return FALSE;
    *ret_names = names;
    names = (PifBootNames){0};
    return TRUE;
}
