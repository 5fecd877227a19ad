// SPDX-License-Identifier: MIT
// Properties of the firmware (configuration/device-tree.adoc, part 4; strings in start.elf,
// NETBOOT.md section 2).
#include "hw/firmware/boot-tree-properties.h"

#include <string.h>

enum { MIB_SHIFT = 20, BOOT_MODE_SD = 1, BOOT_MODE_NETWORK = 2 };

/* Sticky: after the first failure nothing more is written. */
typedef struct {
    PifPlanner *planner;
    PifDeviceTree *tree;
    int status;
} Writer;

static int make_node(Writer *writer, const char *path)
{
    int node = writer->status < 0 ? writer->status : pif_device_tree_make_node(writer->tree, path);
    if (node < 0)
        writer->status = node;
    return node;
}

/* shown: the value, for people. */
static void write_bytes(Writer *writer, const char *path, const char *property, const void *value,
                        gsize size, const char *shown)
{
    int node = make_node(writer, path);
    if (node >= 0)
        writer->status = pif_device_tree_set(writer->tree, node, property, value, size);
    if (writer->status < 0)
        return;
    pif_plan_decide(writer->planner, "property", shown, NULL, "%s%s%s", path,
                    g_str_has_suffix(path, "/") ? "" : "/", property);
}

static void write_text(Writer *writer, const char *path, const char *property, const char *text)
{
    write_bytes(writer, path, property, text, strlen(text) + 1, text);
}

static void write_u32(Writer *writer, const char *path, const char *property, guint32 value)
{
    guint32 cell = GUINT32_TO_BE(value);
    g_autofree char *shown = g_strdup_printf("0x%x", value);
    write_bytes(writer, path, property, &cell, sizeof cell, shown);
}

static void write_u64(Writer *writer, const char *path, const char *property, guint64 value)
{
    guint64 cells = GUINT64_TO_BE(value);
    g_autofree char *shown = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);
    write_bytes(writer, path, property, &cells, sizeof cells, shown);
}

static void write_identity(Writer *writer, const PifBoard *board)
{
    g_autofree char *serial = g_strdup_printf("%016x", board->serial);
    write_text(writer, "/", "serial-number", serial);
    write_u64(writer, "/system", "linux,serial", board->serial);
    write_u32(writer, "/system", "linux,revision", board->revision);
}

static void write_mac(Writer *writer, const PifBoard *board)
{
    int aliases = fdt_path_offset(writer->tree->fdt, "/aliases");
    const char *path =
        aliases < 0 ? NULL : pif_device_tree_get_text(writer->tree, aliases, "ethernet0");
    if (!path || fdt_path_offset(writer->tree->fdt, path) < 0)
        return;
    g_autofree char *copy = g_strdup(path);
    const guint8 *mac = board->mac;
    g_autofree char *shown = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                                             mac[2], mac[3], mac[4], mac[5]);
    write_bytes(writer, copy, "local-mac-address", mac, sizeof board->mac, shown);
}

/* The node that the tree has for it, whatever it is called. */
static const char *memory_path(const PifDeviceTree *tree)
{
    return fdt_path_offset(tree->fdt, "/memory@0") >= 0 || fdt_path_offset(tree->fdt, "/memory") < 0
               ? "/memory@0"
               : "/memory";
}

static void write_memory(Writer *writer, unsigned memory_mib)
{
    guint8 reg[16] = {0}; /* an address of 0, then the size, each of 1 or 2 cells */
    int address_cells = fdt_address_cells(writer->tree->fdt, 0);
    int size_cells = fdt_size_cells(writer->tree->fdt, 0);
    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2)
        return;
    gsize size = (gsize)(address_cells + size_cells) * sizeof(guint32);
    guint32 bytes = GUINT32_TO_BE(memory_mib << MIB_SHIFT);
    memcpy(reg + size - sizeof bytes, &bytes, sizeof bytes);
    g_autofree char *shown = g_strdup_printf("0x0 0x%x", memory_mib << MIB_SHIFT);
    write_bytes(writer, memory_path(writer->tree), "reg", reg, size, shown);
}

static void write_seed(Writer *writer, const guint8 *seed)
{
    if (!seed)
        return;
    write_bytes(writer, "/chosen", "kaslr-seed", seed, sizeof(guint64), "random");
    write_bytes(writer, "/chosen", "rng-seed", seed + sizeof(guint64),
                PIF_BOARD_SEED_SIZE - sizeof(guint64), "random");
}

static void write_chosen(Writer *writer, const PifBootPlan *plan)
{
    write_bytes(writer, "/chosen", "bootargs", plan->command_line, strlen(plan->command_line) + 1,
                "the command line");
    write_text(writer, "/chosen", "os_prefix", plan->os_prefix);
    write_text(writer, "/chosen", "overlay_prefix", plan->overlay_prefix);
    write_u32(writer, "/chosen", "rpi-boardrev-ext", 0);
    write_u32(writer, "/chosen/bootloader", "boot-mode",
              plan->board.is_netboot ? BOOT_MODE_NETWORK : BOOT_MODE_SD);
    write_u32(writer, "/chosen/bootloader", "partition", plan->board.boot_partition);
    write_u32(writer, "/chosen/bootloader", "tryboot", plan->board.is_tryboot);
}

int pif_device_tree_write_properties(PifPlanner *planner, PifDeviceTree *tree)
{
    const PifBootPlan *plan = planner->plan;
    Writer writer = {planner, tree, 0};
    write_identity(&writer, &plan->board);
    write_mac(&writer, &plan->board);
    write_memory(&writer, plan->arm_memory_mib);
    write_chosen(&writer, plan);
    write_seed(&writer, plan->board.seed);
    return writer.status;
}

gboolean pif_device_tree_is_pl011(const PifDeviceTree *tree, const char *alias)
{
    int aliases = fdt_path_offset(tree->fdt, "/aliases");
    const char *path = aliases < 0 ? NULL : pif_device_tree_get_text(tree, aliases, alias);
    int node = path ? fdt_path_offset(tree->fdt, path) : -1;
    return node >= 0 && fdt_node_check_compatible(tree->fdt, node, "arm,pl011") == 0;
}
