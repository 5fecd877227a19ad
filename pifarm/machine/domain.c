// SPDX-License-Identifier: MIT
// The domain XML of a virtual node: QEMU's raspi3b board with the node's card, TAP and serial
// lines.
#include "pifarm/machine/domain.h"

#include <libxml/parser.h>
#include <libxml/xmlwriter.h>

#define QEMU_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/* QEMU's cache of translated code. Its default, a fifth of the host's memory up to 1 GiB, only
 * costs memory: 0.4 GB a guest with this, 1.1 GB without, and no slower (IMAGES.md section 3). */
#define TB_CACHE_MIB "128"

/* A writer into memory whose calls fail for want of memory only; GLib's rule for that is to abort.
 */
typedef xmlTextWriter Xml;

static void must(int written)
{
    g_assert(written >= 0);
}

static void write_start(Xml *xml, const char *name, va_list pairs)
{
    must(xmlTextWriterStartElement(xml, BAD_CAST name));
    for (const char *key; (key = va_arg(pairs, const char *));)
        must(xmlTextWriterWriteAttribute(xml, BAD_CAST key, BAD_CAST va_arg(pairs, const char *)));
}

static void end(Xml *xml)
{
    must(xmlTextWriterEndElement(xml));
}

/* <name key="value" ...>, up to end(). */
static void G_GNUC_NULL_TERMINATED begin(Xml *xml, const char *name, ...)
{
    va_list pairs;
    va_start(pairs, name);
    write_start(xml, name, pairs);
    va_end(pairs);
}

/* <name key="value" .../> */
static void G_GNUC_NULL_TERMINATED empty(Xml *xml, const char *name, ...)
{
    va_list pairs;
    va_start(pairs, name);
    write_start(xml, name, pairs);
    va_end(pairs);
    end(xml);
}

/* <name key="value" ...>content</name>; nothing when content is NULL. */
static void G_GNUC_NULL_TERMINATED text(Xml *xml, const char *content, const char *name, ...)
{
    if (!content)
        return;
    va_list pairs;
    va_start(pairs, name);
    write_start(xml, name, pairs);
    va_end(pairs);
    must(xmlTextWriterWriteString(xml, BAD_CAST content));
    end(xml);
}

/* A name-based UUID (RFC 4122, section 4.3: version 5). */
char *pif_domain_uuid(const char *farm, const char *node)
{
    g_autofree char *name = g_strdup_printf("%s:%s/%s", PIF_DOMAIN_NAMESPACE, farm, node);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA1, name, -1);
    char variant = "89ab"[g_ascii_xdigit_value(hash[16]) & 3];
    return g_strdup_printf("%.8s-%.4s-5%.3s-%c%.3s-%.12s", hash, hash + 8, hash + 13, variant,
                           hash + 17, hash + 20);
}

static char *format_mac(const uint8_t *mac)
{
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                           mac[5]);
}

static void write_identity(Xml *xml, const PifMachineSpec *spec)
{
    g_autofree char *uuid = pif_domain_uuid(spec->farm, spec->node);
    text(xml, spec->name, "name", NULL);
    text(xml, uuid, "uuid", NULL);
    begin(xml, "metadata", NULL);
    empty(xml, "pifarm:node", "xmlns:pifarm", PIF_DOMAIN_NAMESPACE, "farm", spec->farm, "name",
          spec->node, NULL);
    end(xml);
}

/* Memory and number of cores are fixed in the board (NETBOOT.md 4.1). */
static void write_board(Xml *xml, const PifMachineSpec *spec)
{
    text(xml, "1024", "memory", "unit", "MiB", NULL);
    text(xml, "4", "vcpu", NULL);
    begin(xml, "os", NULL);
    text(xml, "hvm", "type", "arch", "aarch64", "machine", "raspi3b", NULL);
    text(xml, spec->kernel, "kernel", NULL);
    text(xml, spec->initramfs, "initrd", NULL);
    text(xml, spec->command_line, "cmdline", NULL);
    text(xml, spec->device_tree, "dtb", NULL);
    end(xml);
    begin(xml, "features", NULL);
    begin(xml, "tcg", NULL);
    text(xml, TB_CACHE_MIB, "tb-cache", "unit", "MiB", NULL);
    end(xml);
    end(xml);
}

/* QEMU runs as libvirt's own user for it, with files the way they lie: libvirt would otherwise make
 * that user the owner of kernel, clone and, for good, of the image under the clone. */
static void write_security(Xml *xml)
{
    empty(xml, "seclabel", "type", "none", "model", "dac", NULL);
}

/* Every end of the guest ends QEMU: a reboot goes through the boot ROM and the card's boot
 * partition again, as on a box. */
static void write_life_cycle(Xml *xml)
{
    text(xml, "destroy", "on_poweroff", NULL);
    text(xml, "destroy", "on_reboot", NULL);
    text(xml, "destroy", "on_crash", NULL);
}

static void write_card(Xml *xml, const PifMachineSpec *spec)
{
    begin(xml, "disk", "type", "file", "device", "disk", NULL);
    empty(xml, "driver", "name", "qemu", "type", "qcow2", NULL);
    empty(xml, "source", "file", spec->disk, NULL);
    empty(xml, "target", "dev", "sda", "bus", "sd", NULL);
    end(xml);
}

/* libvirt makes the TAP and puts it into the bridge, as netdev hostnet0. What it adds on the
 * guest's side, -net nic, this board ignores: write_arguments() plugs in the adapter. */
static void write_network(Xml *xml, const PifMachineSpec *spec)
{
    g_autofree char *mac = format_mac(spec->mac);
    begin(xml, "interface", "type", "bridge", NULL);
    empty(xml, "mac", "address", mac, NULL);
    empty(xml, "source", "bridge", spec->bridge, NULL);
    empty(xml, "target", "dev", spec->tap, NULL);
    empty(xml, "model", "type", "usb-net", NULL);
    end(xml);
}

/* The second TAP is there already, and becomes netdev hostnet1. */
static void write_wlan(Xml *xml, const PifMachineSpec *spec)
{
    g_autofree char *mac = format_mac(spec->wlan.mac);
    begin(xml, "interface", "type", "ethernet", NULL);
    empty(xml, "mac", "address", mac, NULL);
    empty(xml, "target", "dev", spec->wlan.tap, "managed", "no", NULL);
    empty(xml, "model", "type", "usb-net", NULL);
    end(xml);
}

/* The board's first serial line is the PL011 (ttyAMA0), the second the mini UART (ttyS1), where
 * one logs in. */
static void write_serial_lines(Xml *xml, const PifMachineSpec *spec)
{
    begin(xml, "serial", "type", "file", NULL);
    empty(xml, "source", "path", spec->kernel_log, "append", "on", NULL);
    empty(xml, "target", "port", "0", NULL);
    end(xml);
    begin(xml, "serial", "type", "pty", NULL);
    empty(xml, "log", "file", spec->console_log, "append", "on", NULL);
    empty(xml, "target", "port", "1", NULL);
    end(xml);
}

static void write_devices(Xml *xml, const PifMachineSpec *spec)
{
    begin(xml, "devices", NULL);
    text(xml, spec->emulator, "emulator", NULL);
    write_card(xml, spec);
    empty(xml, "controller", "type", "usb", "model", "none", NULL);
    write_network(xml, spec);
    if (spec->wlan.tap)
        write_wlan(xml, spec);
    write_serial_lines(xml, spec);
    empty(xml, "memballoon", "model", "none", NULL);
    end(xml);
}

static void G_GNUC_PRINTF(3, 4)
    write_option(Xml *xml, const char *option, const char *value_format, ...)
{
    va_list args;
    va_start(args, value_format);
    g_autofree char *value = g_strdup_vprintf(value_format, args);
    va_end(args);
    empty(xml, "qemu:arg", "value", option, NULL);
    empty(xml, "qemu:arg", "value", value, NULL);
}

/* The board's one USB port leads to a hub that QEMU adds: adapters are on its ports in the order
 * they are named in, the lan's first. The net is of those between providers and their customers
 * (RFC 6598), which lans are seldom of. */
static void write_wan(Xml *xml, const PifMachineSpec *spec)
{
    g_autofree char *mac = format_mac(spec->wan.mac);
    g_autoptr(GString) netdev = g_string_new(NULL);
    g_string_printf(netdev, "user,id=wan,ipv6=off,net=100.65.%u.0/24,dhcpstart=100.65.%u.15",
                    spec->wan.id, spec->wan.id);
    for (const char *const *forward = spec->wan.forwards; forward && *forward; forward++)
        g_string_append_printf(netdev, ",hostfwd=%s", *forward);
    write_option(xml, "-netdev", "%s", netdev->str);
    write_option(xml, "-device", "usb-net,netdev=wan,mac=%s", mac);
}

/* What libvirt has no words for. The -accel here takes the place of libvirt's own when pifarm-qemu
 * is the emulator. libvirt 9.0 gives every aarch64 guest -no-acpi, which raspi3b refuses
 * (NETBOOT.md 4.6). */
static void write_arguments(Xml *xml, const PifMachineSpec *spec)
{
    g_autofree char *mac = format_mac(spec->mac);
    g_autofree char *wlan_mac = spec->wlan.tap ? format_mac(spec->wlan.mac) : NULL;
    begin(xml, "qemu:commandline", NULL);
    write_option(xml, "-accel", "tcg,thread=%s,tb-size=" TB_CACHE_MIB,
                 spec->is_multithreaded ? "multi" : "single");
    write_option(xml, "-device", "usb-net,netdev=hostnet0,mac=%s", mac);
    if (spec->wan.mac)
        write_wan(xml, spec);
    if (wlan_mac)
        write_option(xml, "-device", "usb-net,netdev=hostnet1,mac=%s", wlan_mac);
    end(xml);
    begin(xml, "qemu:capabilities", NULL);
    empty(xml, "qemu:del", "capability", "no-acpi", NULL);
    end(xml);
}

char *pif_domain_xml(const PifMachineSpec *spec)
{
    xmlBuffer *buffer = xmlBufferCreate();
    Xml *xml = xmlNewTextWriterMemory(buffer, 0);
    must(xmlTextWriterSetIndent(xml, 1));
    must(xmlTextWriterSetIndentString(xml, BAD_CAST "  "));
    begin(xml, "domain", "type", "qemu", "xmlns:qemu", QEMU_NAMESPACE, NULL);
    write_identity(xml, spec);
    write_board(xml, spec);
    write_life_cycle(xml);
    write_devices(xml, spec);
    write_security(xml);
    write_arguments(xml, spec);
    end(xml);
    xmlFreeTextWriter(xml);
    char *result = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return result;
}

static char *get_attribute(xmlNode *element, const char *name)
{
    xmlChar *value = xmlGetProp(element, BAD_CAST name);
    char *copy = g_strdup((const char *)value);
    xmlFree(value);
    return copy;
}

char *pif_domain_parse_metadata(const char *xml, const char *farm)
{
    xmlDoc *document = xmlReadDoc(BAD_CAST xml, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode *element = document ? xmlDocGetRootElement(document) : NULL;
    if (!element)
        return NULL;
    g_autofree char *of_farm = get_attribute(element, "farm");
    g_autofree char *node = get_attribute(element, "name");
    xmlFreeDoc(document);
    return g_strcmp0(of_farm, farm) == 0 ? g_steal_pointer(&node) : NULL;
}

gboolean pif_domain_wants_threads(unsigned n_processors, unsigned n_running)
{
    enum { CORES = 4 };
    return n_processors >= CORES * (n_running + 1);
}
