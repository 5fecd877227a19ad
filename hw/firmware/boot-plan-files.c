// SPDX-License-Identifier: MIT
// Kernel, device tree and initramfs: their names, and where they are looked for.
#include "hw/firmware/boot-plan-private.h"

#include <string.h>

/* Names that tell the firmware which mode the cores are to be started in. Without a `kernel` the
 * first 32-bit one there is starts, and kernel8.img only when there is none (fw#1193; that
 * kernel.img counts shows s-matyukevich/raspberry-pi-os#158). */
static const struct {
    const char *name;
    gboolean is_64bit;
} kernels[] = {
    {"kernel8-32.img", FALSE}, {"kernel7.img", FALSE},  {"kernel.img", FALSE},
    {"kernel8.img", TRUE},     {"kernel7l.img", FALSE},
};
enum { N_DEFAULT_KERNELS = 4 }; /* kernel7l.img is for a Pi 4 */

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
enum { N_OF_3B_PLUS = 2 }; /* at the head of device_trees */

/* What is found under one prefix. */
typedef struct {
    char *kernel;
    char *kernel_name; /* without the prefix */
    gboolean is_64bit;
    const PifConfigLine *kernel_line;
    const char *kernel_why;
    char *device_tree;
    const char *device_tree_name;
} Found;

static void found_clear(Found *found)
{
    g_free(found->kernel);
    g_free(found->kernel_name);
    g_free(found->device_tree);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

/* A line that is set and not empty. */
static const PifConfigLine *find_name(const PifPlanner *planner, const char *key)
{
    const PifConfigLine *line = pif_boot_config_find(planner->config, key);
    return line && *line->value ? line : NULL;
}

/* The mode that a well-known name stands for. */
static gboolean knows_mode(const char *name, gboolean *ret_is_64bit)
{
    g_autofree char *base = g_path_get_basename(name);
    for (size_t i = 0; i < G_N_ELEMENTS(kernels); i++)
        if (g_ascii_strcasecmp(base, kernels[i].name) == 0) {
            *ret_is_64bit = kernels[i].is_64bit;
            return TRUE;
        }
    return FALSE;
}

static void find_named_kernel(PifPlanner *planner, const char *prefix, Found *found)
{
    const char *name = found->kernel_line->value;
    found->kernel_name = g_strdup(name);
    found->kernel = pif_plan_find(planner, prefix, name);
    if (knows_mode(name, &found->is_64bit)) {
        found->kernel_why = "its name says which mode";
    } else {
        found->is_64bit = pif_boot_config_is_on(planner->config, "arm_64bit");
        found->kernel_why = found->is_64bit ? "arm_64bit says which mode"
                                            : "32-bit, for its name says nothing and arm_64bit is "
                                              "not set";
    }
}

static void find_default_kernel(PifPlanner *planner, const char *prefix, Found *found)
{
    const PifConfigLine *line = pif_boot_config_find(planner->config, "arm_64bit");
    gboolean is_64bit = pif_boot_config_is_on(planner->config, "arm_64bit");
    for (size_t i = 0; i < N_DEFAULT_KERNELS && !found->kernel; i++) {
        if (is_64bit && !kernels[i].is_64bit)
            continue;
        found->kernel = pif_plan_find(planner, prefix, kernels[i].name);
        found->is_64bit = kernels[i].is_64bit;
        g_free(found->kernel_name);
        found->kernel_name = g_strdup(kernels[i].name);
    }
    found->kernel_line = is_64bit || !found->is_64bit ? line : NULL;
    found->kernel_why = is_64bit          ? "the 64-bit one"
                        : found->is_64bit ? "there is no 32-bit one"
                                          : "a Pi 3 takes a 32-bit one first";
}

static void find_kernel(PifPlanner *planner, const char *prefix, Found *found)
{
    found->kernel_line = find_name(planner, "kernel");
    if (found->kernel_line)
        find_named_kernel(planner, prefix, found);
    else
        find_default_kernel(planner, prefix, found);
}

static void find_device_tree(PifPlanner *planner, const char *prefix, Found *found)
{
    const char *named = pif_boot_config_get(planner->config, "device_tree");
    gboolean is_upstream = pif_boot_config_is_on(planner->config, "upstream_kernel");
    const char *const *name = is_upstream ? upstream_device_trees : device_trees;
    if (named) {
        found->device_tree = *named ? pif_plan_find(planner, prefix, named) : NULL;
        return;
    }
    for (; *name && !found->device_tree; name++) {
        found->device_tree = pif_plan_find(planner, prefix, *name);
        found->device_tree_name = *name;
    }
}

/* os_prefix counts only where a kernel and a device tree are under it. */
static void choose_prefix(PifPlanner *planner)
{
    const PifConfigLine *line = pif_boot_config_find(planner->config, "os_prefix");
    gboolean is_upstream = pif_boot_config_is_on(planner->config, "upstream_kernel");
    const char *prefix = line ? line->value : is_upstream ? "upstream/" : "";
    g_auto(Found) found = {0};
    if (!line && is_upstream)
        line = pif_boot_config_find(planner->config, "upstream_kernel");
    if (!*prefix)
        return;
    find_kernel(planner, prefix, &found);
    find_device_tree(planner, prefix, &found);
    gboolean counts = found.kernel && found.device_tree;
    pif_plan_decide(planner, "os prefix", counts ? prefix : "", line,
                    counts ? NULL : "ignored: there is no %s '%s...'",
                    found.kernel ? "device tree" : "kernel", prefix);
    if (counts) {
        g_free(planner->plan->os_prefix);
        planner->plan->os_prefix = g_strdup(prefix);
    }
}

static void choose_kernel(PifPlanner *planner, Found *found)
{
    PifBootPlan *plan = planner->plan;
    const char *place = pif_boot_source_place(planner->source);
    gint64 address = found->is_64bit                                        ? 0x200000
                     : pif_boot_config_is_on(planner->config, "kernel_old") ? 0
                                                                            : 0x8000;
    if (!found->kernel && find_name(planner, "kernel"))
        pif_plan_fail(planner, "%s names the kernel '%s', which is not %s",
                      found->kernel_line->file, found->kernel_name, place);
    else if (!found->kernel)
        pif_plan_fail(planner, "no kernel8.img %s, and config.txt names no kernel", place);
    plan->is_64bit = found->is_64bit;
    plan->kernel_address =
        (guint64)pif_boot_config_number(planner->config, "kernel_address", address);
    plan->kernel = g_steal_pointer(&found->kernel);
    if (!plan->kernel)
        return;
    g_autofree char *shown = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", plan->kernel_address);
    const PifConfigLine *mode_line = pif_boot_config_find(planner->config, "arm_64bit");
    pif_plan_decide(planner, "kernel", plan->kernel, found->kernel_line, NULL);
    pif_plan_decide(planner, "mode", plan->is_64bit ? "64-bit" : "32-bit",
                    found->kernel_line && !g_str_equal(found->kernel_line->key, "kernel")
                        ? found->kernel_line
                        : mode_line,
                    "%s", found->kernel_why);
    pif_plan_decide(planner, "address", shown,
                    pif_boot_config_find(planner->config, "kernel_address"), NULL);
}

static const char *device_tree_why(const PifPlanner *planner, const Found *found)
{
    if (!found->device_tree_name)
        return NULL;
    for (int i = 0; i < N_OF_3B_PLUS; i++)
        if (g_str_equal(device_trees[i], found->device_tree_name))
            return "that of a 3 B+";
    return "that of a 3 B: there is none of a 3 B+";
}

static void choose_device_tree(PifPlanner *planner, Found *found)
{
    PifBootPlan *plan = planner->plan;
    const char *place = pif_boot_source_place(planner->source);
    const PifConfigLine *line = pif_boot_config_find(planner->config, "device_tree");
    if (line && !*line->value && found->is_64bit)
        pif_plan_fail(planner,
                      "%s switches the device tree off ('device_tree='); a 64-bit kernel needs one",
                      line->file);
    else if (line && *line->value && !found->device_tree)
        pif_plan_fail(planner, "%s names the device tree '%s', which is not %s", line->file,
                      line->value, place);
    else if (!line && !found->device_tree && found->is_64bit)
        pif_plan_fail(planner, "no device tree of a Pi 3 B+ (%s) %s", device_trees[0], place);
    plan->device_tree = g_steal_pointer(&found->device_tree);
    if (plan->device_tree)
        pif_plan_decide(planner, "device tree", plan->device_tree,
                        line ? line : pif_boot_config_find(planner->config, "upstream_kernel"),
                        "%s", line ? "named" : device_tree_why(planner, found));
    else if (!plan->problem)
        pif_plan_decide(planner, "device tree", NULL, line, "the kernel gets ATAGs");
    /* Firmware that has to make do with the downstream tree adjusts it. */
    if (plan->device_tree && !line && g_str_has_prefix(found->device_tree_name, "bcm2710") &&
        pif_boot_config_is_on(planner->config, "upstream_kernel"))
        pif_boot_overlay_add(plan, "upstream",
                             pif_boot_config_find(planner->config, "upstream_kernel"));
}

/* auto_initramfs=1: kernel8.img -> initramfs8, in the same folder. Free it; NULL for a kernel of
 * another name. */
static char *initramfs_beside(const char *kernel)
{
    const char *slash = strrchr(kernel, '/');
    gsize folder_length = slash ? (gsize)(slash + 1 - kernel) : 0;
    g_autofree char *base = g_ascii_strdown(kernel + folder_length, -1);
    if (!g_str_has_prefix(base, "kernel") || !g_str_has_suffix(base, ".img"))
        return NULL;
    base[strlen(base) - strlen(".img")] = '\0';
    return g_strdup_printf("%.*sinitramfs%s", (int)folder_length, kernel, base + strlen("kernel"));
}

static void take_automatic_initramfs(PifPlanner *planner, const Found *found)
{
    const PifConfigLine *line = pif_boot_config_find(planner->config, "auto_initramfs");
    g_autofree char *name = initramfs_beside(found->kernel_name);
    if (!pif_boot_config_is_on(planner->config, "auto_initramfs"))
        return;
    g_autofree char *path = name ? pif_plan_find(planner, planner->plan->os_prefix, name) : NULL;
    pif_plan_decide(planner, "initramfs", path, line, path ? "beside the kernel" : "there is no %s",
                    name ? name : "such name for this kernel");
    if (!path)
        return;
    g_strfreev(planner->plan->initramfs);
    planner->plan->initramfs = g_new0(char *, 2);
    planner->plan->initramfs[0] = g_steal_pointer(&path);
}

/* Whichever line comes last: `initramfs` does the work of ramfsfile and ramfsaddr. */
static const PifConfigLine *find_initramfs_line(const PifPlanner *planner)
{
    const PifConfigLine *one = find_name(planner, "initramfs");
    const PifConfigLine *other = find_name(planner, "ramfsfile");
    const GPtrArray *lines = pif_boot_config_lines(planner->config);
    for (guint i = lines->len; one && other && i-- > 0;)
        if (lines->pdata[i] == one || lines->pdata[i] == other)
            return lines->pdata[i];
    return one ? one : other;
}

/* NULL: "followkernel", or 0, or none given. */
static const char *initramfs_address(const PifPlanner *planner, const PifConfigLine *line)
{
    const char *address = g_str_equal(line->key, "initramfs")
                              ? line->address
                              : pif_boot_config_get(planner->config, "ramfsaddr");
    return address && g_ascii_strtoull(address, NULL, 0) ? address : NULL;
}

static void choose_initramfs(PifPlanner *planner, const Found *found)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    const PifConfigLine *line = find_initramfs_line(planner);
    if (!line) {
        take_automatic_initramfs(planner, found);
        return;
    }
    const char *address = initramfs_address(planner, line);
    const char *where = address ? "loaded to " : "loaded behind the kernel";
    g_auto(GStrv) names = g_strsplit(line->value, ",", -1);
    for (char **name = names; *name; name++) {
        g_autofree char *path = pif_plan_find(planner, planner->plan->os_prefix, *name);
        if (!path) {
            pif_plan_fail(planner, "%s names the initramfs '%s', which is not %s", line->file,
                          *name, pif_boot_source_place(planner->source));
            return;
        }
        pif_plan_decide(planner, "initramfs", path, line, "%s%s", where, address ? address : "");
        g_strv_builder_add(paths, path);
    }
    g_strfreev(planner->plan->initramfs);
    planner->plan->initramfs = g_strv_builder_end(paths);
}

/* ${os_prefix}${overlay_prefix} counts for overlays where it has a README. */
static void choose_overlay_prefix(PifPlanner *planner)
{
    PifBootPlan *plan = planner->plan;
    const PifConfigLine *line = pif_boot_config_find(planner->config, "overlay_prefix");
    const char *prefix = line ? line->value : "overlays/";
    g_autofree char *readme = g_strconcat(prefix, "README", NULL);
    g_autofree char *found =
        *plan->os_prefix ? pif_plan_find(planner, plan->os_prefix, readme) : NULL;
    plan->overlay_prefix = g_strconcat(found ? plan->os_prefix : "", prefix, NULL);
    if (line || *plan->os_prefix)
        pif_plan_decide(planner, "overlay prefix", plan->overlay_prefix, line,
                        found              ? NULL
                        : *plan->os_prefix ? "without the os prefix: there is no %s%s"
                                           : NULL,
                        plan->os_prefix, readme);
}

void pif_plan_choose_files(PifPlanner *planner)
{
    g_auto(Found) found = {0};
    choose_prefix(planner);
    find_kernel(planner, planner->plan->os_prefix, &found);
    find_device_tree(planner, planner->plan->os_prefix, &found);
    choose_kernel(planner, &found);
    choose_device_tree(planner, &found);
    choose_initramfs(planner, &found);
    choose_overlay_prefix(planner);
}
