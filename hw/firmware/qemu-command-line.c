// SPDX-License-Identifier: MIT
// The kernel's command line: from what the firmware hands over to what works on QEMU's raspi3b.
#include "hw/firmware/qemu.h"

#include <string.h>

/* What QEMU's board needs besides. Each is put at the end in this order, and takes the place of
 * those given that begin with `instead_of`; NULL: only itself. */
static const struct {
    const char *argument;
    const char *instead_of;
    const char *why;
} rules[] = {
    {"modprobe.blacklist=cdc_subset", NULL,
     "usb-net gets a random MAC if that driver is the first to see it"},
    /* NETBOOT.md 4.3. RaspiOS's initramfs would start the watchdog at boot (the first), systemd at
     * each reboot, before its file systems are clean (the second turns that off, too; seen with
     * Debian 12). */
    {"watchdog_disarm=0", "watchdog_disarm=",
     "the initramfs keeps off the watchdog, which resets at once when it is started"},
    {"systemd.watchdog_sec=0", "systemd.watchdog_sec=", "systemd keeps off it, too"},
    /* raspberrypi/linux#4383 */
    {"dwc_otg.lpm_enable=0",
     "dwc_otg.lpm_enable=", "Raspberry Pi's own USB driver hangs in emulation; others ignore this"},
    {"dwc_otg.fiq_enable=0", "dwc_otg.fiq_enable=", "as above: with its FIQ"},
    {"dwc_otg.fiq_fsm_enable=0", "dwc_otg.fiq_fsm_enable=", "as above"},
    {"8250.nr_uarts=4", "8250.nr_uarts=",
     "the mini UART is there whatever enable_uart says; four is what Debian makes unasked"},
    {"console=ttyS1,115200", "console=ttyS1",
     "messages and login on the second serial line; the last console is /dev/console"},
};

/* Splits as the kernel does, at blanks outside double quotes. Bytes that are no text count as
 * blanks: neither XML nor a kernel has a use for them. */
static GPtrArray *split(const char *line)
{
    GPtrArray *arguments = g_ptr_array_new_null_terminated(16, g_free, TRUE);
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    g_autoptr(GString) argument = g_string_new(NULL);
    gboolean is_quoted = FALSE;
    for (const char *c = valid;; c++) {
        gboolean is_blank = *c == ' ' ? !is_quoted : !*c || g_ascii_iscntrl(*c);
        is_quoted ^= *c == '"';
        if (!is_blank) {
            g_string_append_c(argument, *c);
        } else if (argument->len > 0) {
            g_ptr_array_add(arguments, g_strdup(argument->str));
            g_string_truncate(argument, 0);
        }
        if (!*c)
            return arguments;
    }
}

/* Whether argument is subject, alone or followed by options: "console=ttyS1,9600". */
static gboolean is_about(const char *argument, const char *subject)
{
    if (!g_str_has_prefix(argument, subject))
        return FALSE;
    char next = argument[strlen(subject)];
    return !next || next == ',' || g_str_has_suffix(subject, "=");
}

static gboolean is_overruled(const char *argument)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_str_equal(argument, rules[i].argument) ||
            (rules[i].instead_of && is_about(argument, rules[i].instead_of)))
            return TRUE;
    return FALSE;
}

/* Of equal arguments the first stays, but of consoles the last: there the order means something. */
static gboolean is_repeated(const GPtrArray *arguments, guint index)
{
    const char *argument = g_ptr_array_index(arguments, index);
    gboolean is_console = g_str_has_prefix(argument, "console=");
    guint begin = is_console ? index + 1 : 0;
    guint end = is_console ? arguments->len : index;
    for (guint i = begin; i < end; i++)
        if (g_str_equal(g_ptr_array_index(arguments, i), argument))
            return TRUE;
    return FALSE;
}

/* Where the kernel's arguments end: at "--", behind which are those of init. */
static guint find_end(const GPtrArray *arguments)
{
    guint end = 0;
    while (end < arguments->len && !g_str_equal(g_ptr_array_index(arguments, end), "--"))
        end++;
    return end;
}

char *pif_qemu_command_line(const char *of_plan)
{
    g_autoptr(GPtrArray) given = split(of_plan);
    g_autoptr(GPtrArray) kept = g_ptr_array_new_null_terminated(32, NULL, TRUE);
    guint end = find_end(given);
    for (guint i = 0; i < end; i++)
        if (!is_overruled(given->pdata[i]) && !is_repeated(given, i))
            g_ptr_array_add(kept, given->pdata[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        g_ptr_array_add(kept, (gpointer)rules[i].argument);
    for (guint i = end; i < given->len; i++)
        g_ptr_array_add(kept, given->pdata[i]);
    return g_strjoinv(" ", (char **)kept->pdata);
}

gboolean pif_qemu_argument(guint index, const char **ret_argument, const char **ret_why)
{
    if (index >= G_N_ELEMENTS(rules))
        return FALSE;
    *ret_argument = rules[index].argument;
    *ret_why = rules[index].why;
    return TRUE;
}
