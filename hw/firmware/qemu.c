// SPDX-License-Identifier: MIT
// A boot plan made fit for QEMU's board, with a list of what was changed.
#include "hw/firmware/qemu.h"

#include "hw/firmware/device-tree.h"
#include "pifarm/base/error.h"

/* Devices that QEMU's board has not (NETBOOT.md 4.1) and whose drivers touch registers as soon as
 * they are there. Without vc4 the parts of the display are left alone. */
static const struct {
    const char *compatible;
    const char *why;
} missing_devices[] = {
    {"brcm,bcm2835-vc4", "the board has no display pipeline (HVS, V3D, TXP)"},
    {"brcm,cygnus-vc4", "the board has no display pipeline (HVS, V3D, TXP)"},
};

static void free_change(gpointer data)
{
    PifQemuChange *change = data;
    g_free(change->value);
    g_free(change->why);
    g_free(change);
}

static void add_change(PifQemuBoot *boot, const char *what, const char *value, const char *why)
{
    PifQemuChange *change = g_new(PifQemuChange, 1);
    *change = (PifQemuChange){what, g_strdup(value), g_strdup(why)};
    g_ptr_array_add(boot->changes, change);
}

static void change_arguments(PifQemuBoot *boot)
{
    const char *argument;
    const char *why;
    for (guint i = 0; pif_qemu_argument(i, &argument, &why); i++)
        add_change(boot, "argument", argument, why);
}

static gboolean is_enabled(const PifDeviceTree *tree, int node)
{
    const char *status = pif_device_tree_get_text(tree, node, "status");
    return !status || g_str_equal(status, "okay") || g_str_equal(status, "ok");
}

static void disable_device(PifQemuBoot *boot, PifDeviceTree *tree, size_t index)
{
    const char *compatible = missing_devices[index].compatible;
    int node = fdt_node_offset_by_compatible(tree->fdt, -1, compatible);
    if (node < 0 || !is_enabled(tree, node) ||
        pif_device_tree_set_text(tree, node, "status", "disabled") < 0)
        return;
    add_change(boot, "disabled", compatible, missing_devices[index].why);
}

/* A kernel at a random place keeps its page tables apart from those of programs (KPTI), and QEMU
 * then forgets its translations at each system call. */
static void stay_in_place(PifQemuBoot *boot, PifDeviceTree *tree)
{
    int chosen = fdt_path_offset(tree->fdt, "/chosen");
    if (chosen >= 0 && fdt_delprop(tree->fdt, chosen, "kaslr-seed") == 0)
        add_change(boot, "removed", "/chosen/kaslr-seed",
                   "a kernel at a random place is slow in emulation (KPTI)");
}

static gboolean change_tree(PifQemuBoot *boot, GBytes *of_plan, GError **error)
{
    gsize size;
    const void *blob = g_bytes_get_data(of_plan, &size);
    g_autoptr(PifDeviceTree) tree = pif_device_tree_new(blob, size, error);
    if (!tree)
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(missing_devices); i++)
        disable_device(boot, tree, i);
    stay_in_place(boot, tree);
    boot->tree = pif_device_tree_pack(tree);
    add_change(boot, "memory", "960 MiB", "QEMU writes what its board has over what the plan says");
    return TRUE;
}

PifQemuBoot *pif_qemu_boot_new(const PifBootPlan *plan, GError **error)
{
    g_autoptr(PifQemuBoot) boot = g_new0(PifQemuBoot, 1);
    boot->changes = g_ptr_array_new_with_free_func(free_change);
    if (!pif_boot_plan_check(plan, error))
        return NULL;
    if (!plan->is_64bit) {
        pif_error_set(error, PIF_ERROR_CONFIG,
                      "a Pi 3 would start %s in 32-bit mode; only 64-bit kernels boot here: write "
                      "arm_64bit=1 into config.txt, with a 64-bit kernel8.img beside it",
                      plan->kernel);
        return NULL;
    }
    boot->command_line = pif_qemu_command_line(plan->command_line);
    change_arguments(boot);
    return change_tree(boot, plan->tree, error) ? g_steal_pointer(&boot) : NULL;
}

void pif_qemu_boot_free(PifQemuBoot *boot)
{
    if (!boot)
        return;
    g_free(boot->command_line);
    g_clear_pointer(&boot->tree, g_bytes_unref);
    g_ptr_array_unref(boot->changes);
    g_free(boot);
}
