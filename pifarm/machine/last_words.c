// SPDX-License-Identifier: MIT
// What QEMU and guests wrote last, made out of their logs.
#include "pifarm/machine/last_words.h"

#include "pifarm/base/fd.h"

#include <fcntl.h>
#include <string.h>

/* What QEMU or libvirt says at every start of this board, without harm (NETBOOT.md 4.2, 4.6). */
static const char *const harmless[] = {
    "warning: requested NIC",    "usbnet: failed control transaction",
    "char device redirected to", " is tainted: ",
    "shutting down, reason=",
};

/* What Linux says last (kernel/reboot.c), and what it means for the machine. After the first line
 * of a boot nothing is known. */
static const struct {
    const char *message;
    PifMachineEvent ending;
} endings[] = {
    {"reboot: Power down", PIF_MACHINE_POWERED_OFF},
    {"reboot: System halted", PIF_MACHINE_POWERED_OFF},
    {"reboot: Restarting system", PIF_MACHINE_REBOOTED},
    {"Booting Linux on physical CPU", PIF_MACHINE_CRASHED},
};

char *pif_read_tail(const char *path, gsize max_size)
{
    g_auto(PifFd) fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t begin = size > (off_t)max_size ? size - (off_t)max_size : 0;
    g_autofree char *bytes = g_malloc(max_size);
    ssize_t count = fd >= 0 ? pread(fd, bytes, max_size, begin) : 0;
    return g_utf8_make_valid(bytes, MAX(count, 0));
}

static gboolean is_harmless(const char *line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++)
        if (strstr(line, harmless[i]))
            return TRUE;
    return FALSE;
}

/* "2026-01-31T12:00:00.123456Z qemu-system-aarch64: text" without what comes before the text. */
static const char *skip_stamp(const char *line)
{
    static const char program[] = "qemu-system-aarch64: ";
    const char *text = strstr(line, program);
    return text ? text + strlen(program) : line;
}

char *pif_qemu_words(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    g_autoptr(GString) words = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && !is_harmless(*line))
            g_string_append_printf(words, "%s%s", words->len ? "; " : "", skip_stamp(*line));
    }
    return g_strdup(words->str);
}

PifMachineEvent pif_machine_guess_ending(const char *console_log)
{
    enum { MAX_TAIL = 4096 };
    g_autofree char *tail = pif_read_tail(console_log, MAX_TAIL);
    PifMachineEvent ending = PIF_MACHINE_CRASHED;
    const char *latest = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        const char *place = g_strrstr(tail, endings[i].message);
        if (place && place > latest) {
            latest = place;
            ending = endings[i].ending;
        }
    }
    return ending;
}
