// SPDX-License-Identifier: MIT
// Puts the commands into the image, boots it by pifarm-boot, and looks at what they left.
#include "pifarm/cli/boot-once.h"

#include "images/prepare/booted.h"
#include "images/root/root.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"

#include <gio/gunixinputstream.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#define FOLDER PIF_BOOTED_FOLDER
#define UNIT "pifarm-booted.service"

enum { LAST_LINES = 5, MAX_LINE = 400 };

/* NUMBER is the script of a command, NUMBER.log what it said, NUMBER.status its exit status. */
static const char runner[] =
    "#!/bin/sh\n"
    "export HOME=/root DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8\n"
    "cd /root 2>/dev/null || cd /\n"
    "console=/dev/null; { : >/dev/console; } 2>/dev/null && console=/dev/console\n"
    "number=0\n"
    "while [ -e " FOLDER "/$number ]; do\n"
    "    file=" FOLDER "/$number\n"
    "    { sh $file </dev/null 2>&1; echo $? >$file.status; } | tee $file.log >$console\n"
    "    [ \"$(cat $file.status)\" = 0 ] || break\n"
    "    number=$((number + 1))\n"
    "done\n"
    "sync\n"
    "if [ -d /run/systemd/system ]; then systemctl --no-block poweroff; else poweroff; fi\n";

static const char unit[] = "[Unit]\n"
                           "Description=Commands of pifarm image prepare --run-booted\n"
                           "Wants=network-online.target\n"
                           "After=multi-user.target network-online.target\n"
                           "[Service]\n"
                           "Type=oneshot\n"
                           "TimeoutStartSec=infinity\n"
                           "ExecStart=" FOLDER "/run\n";

static const char find_init[] =
    "[ -d /run/systemd ] || [ -x /lib/systemd/systemd ] || grep -qs '^::sysinit:' /etc/inittab";

static const char hook[] =
    "if [ -x /lib/systemd/systemd ]; then\n"
    "    mkdir -p /etc/systemd/system/multi-user.target.wants\n"
    "    mv " FOLDER "/unit /etc/systemd/system/" UNIT "\n"
    "    ln -s ../" UNIT " /etc/systemd/system/multi-user.target.wants/" UNIT "\n"
    "else\n"
    "    cp -p /etc/inittab " FOLDER "/inittab\n"
    "    [ -z \"$(tail -c 1 /etc/inittab)\" ] || echo >>/etc/inittab\n"
    "    echo ::once:" FOLDER "/run >>/etc/inittab\n"
    "fi";

/* Before the commands' folder goes: whoever boots such an image again by hand loses nothing. */
static const char unhook[] =
    "rm -f /etc/systemd/system/" UNIT " /etc/systemd/system/multi-user.target.wants/" UNIT "\n"
    "[ ! -e " FOLDER "/inittab ] || mv " FOLDER "/inittab /etc/inittab\n"
    "rm -rf " FOLDER "\n"
    "rmdir /usr/lib/pifarm 2>/dev/null || :";

static void add(GArray *commands, const char *script, const char *name)
{
    g_array_append_val(commands, ((PifRootCommand){script, name}));
}

/* A file is written by the shell of the image: content comes quoted. */
static void add_file(GArray *commands, GStringChunk *strings, const char *name, const char *content)
{
    g_autofree char *quoted = g_shell_quote(content);
    g_autofree char *script = g_strdup_printf(
        "printf '%%s' %s >" FOLDER "/%s && chmod 755 " FOLDER "/%s", quoted, name, name);
    add(commands, g_string_chunk_insert(strings, script), "putting in what runs at the boot");
}

static gboolean put_in(const char *disk, char *const *scripts, PifProgress *progress,
                       GError **error)
{
    g_autoptr(GStringChunk) strings = g_string_chunk_new(4096);
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(PifRootCommand));
    add(commands, "rm -rf " FOLDER " && mkdir -p " FOLDER, "making " FOLDER);
    add_file(commands, strings, "run", runner);
    add_file(commands, strings, "unit", unit);
    for (guint i = 0; scripts[i]; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);
        add_file(commands, strings, name, scripts[i]);
    }
    add(commands, hook, "having the boot run them");
    return pif_root_run(disk, commands, progress, error);
}

static gboolean check_init(const char *disk, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(PifRootCommand));
    add(commands, find_init, "looking for an init");
    if (pif_root_run(disk, commands, NULL, &failure))
        return TRUE;
    if (!g_error_matches(failure, PIF_ERROR, PIF_ERROR_EXTERNAL)) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_error_free(failure);
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "the system on the image has no init that can run something once when it "
                         "boots (systemd, or BusyBox with an /etc/inittab)");
}

/* The console's last lines, and the one that is being written. */
typedef struct {
    GQueue lines;
    GString *line;
    PifProgress *progress;
} Console;

static void console_clear(Console *console)
{
    g_queue_clear_full(&console->lines, g_free);
    g_string_free(console->line, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Console, console_clear)

static void end_line(Console *console)
{
    char *text = g_utf8_make_valid(console->line->str, (gssize)console->line->len);
    g_string_truncate(console->line, 0);
    if (!*g_strstrip(text)) {
        g_free(text);
        return;
    }
    g_debug("console: %s", text);
    pif_progress_set_text(console->progress, text);
    g_queue_push_tail(&console->lines, text);
    if (console->lines.length > LAST_LINES)
        g_free(g_queue_pop_head(&console->lines));
}

/* A guest's words: nothing in them is to drive our terminal. */
static void take(Console *console, const char *bytes, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (bytes[i] == '\n' || console->line->len >= MAX_LINE)
            end_line(console);
        else if (!g_ascii_iscntrl(bytes[i]))
            g_string_append_c(console->line, bytes[i]);
}

/* Free it. */
static char *last_words(const Console *console)
{
    GString *text = g_string_new(NULL);
    for (GList *line = console->lines.head; line; line = line->next)
        g_string_append_printf(text, "%s%s", text->len ? "; " : "", (const char *)line->data);
    return g_string_free(text, FALSE);
}

static gboolean follow(int output, Console *console, unsigned timeout_s, GError **error)
{
    char bytes[4096];
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_s * G_USEC_PER_SEC;
    for (;;) {
        struct pollfd ready = {.fd = output, .events = POLLIN};
        gint64 left_ms = (deadline - g_get_monotonic_time()) / 1000;
        if (left_ms <= 0) {
            g_autofree char *words = last_words(console);
            return pif_error_set(error, PIF_ERROR_TIMEOUT,
                                 "the image was not through with its commands %u s after it was "
                                 "booted (--boot-timeout gives it longer); its console's last "
                                 "words: %s",
                                 timeout_s, words);
        }
        if (poll(&ready, 1, (int)MIN(left_ms, 60 * 1000)) <= 0)
            continue;
        ssize_t size = read(output, bytes, sizeof bytes);
        if (size <= 0)
            return TRUE;
        take(console, bytes, (gsize)size);
    }
}

static gboolean boot(const char *disk, Console *console, unsigned timeout_s, GError **error)
{
    g_autofree char *program = pif_command_find_own("pifarm-boot");
    g_autoptr(PifCommand) command = pif_command_new(program, disk, NULL);
    pif_command_set_errors_merged(command, TRUE);
    g_autoptr(GSubprocess) process = pif_command_start_piped(command, error);
    if (!process)
        return FALSE;
    GInputStream *output = g_subprocess_get_stdout_pipe(process);
    gboolean is_in_time =
        follow(g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(output)), console, timeout_s, error);
    if (!is_in_time)
        g_subprocess_send_signal(process, SIGKILL); /* QEMU dies with it */
    gboolean is_ok = g_subprocess_wait_check(process, NULL, NULL);
    if (!is_in_time || is_ok)
        return is_in_time;
    g_autofree char *words = last_words(console);
    return pif_error_set(error, PIF_ERROR_EXTERNAL, "cannot boot the image: %s", words);
}

/* The exit status and last words of each become those of a command of ours, which fails like it. */
static gboolean look(const char *disk, char *const *scripts, const Console *console, GError **error)
{
    GError *failure = NULL;
    g_autoptr(GStringChunk) strings = g_string_chunk_new(4096);
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(PifRootCommand));
    for (guint i = 0; scripts[i]; i++) {
        g_autofree char *script = g_strdup_printf(
            "cd " FOLDER " && [ -e %u.status ] || { echo 'it did not end while the image was "
            "booted'; exit 1; }; tail -n %d %u.log; exit $(cat %u.status)",
            i, LAST_LINES, i, i);
        add(commands, g_string_chunk_insert(strings, script), scripts[i]);
    }
    add(commands, unhook, "taking out what ran at the boot");
    if (pif_root_run(disk, commands, NULL, &failure))
        return TRUE;
    g_autofree char *words = last_words(console);
    gboolean has_ended = !strstr(failure->message, "it did not end while");
    pif_error_set(error, failure->code, "%s%s%s", failure->message,
                  has_ended ? "" : "; the console's last words: ", has_ended ? "" : words);
    g_error_free(failure);
    return FALSE;
}

gboolean pif_boot_once(const char *disk, char *const *commands, PifProgress *progress,
                       gpointer data, GError **error)
{
    const int *timeout_s = data;
    g_auto(Console) console = {G_QUEUE_INIT, g_string_new(NULL), progress};
    return check_init(disk, error) && put_in(disk, commands, progress, error) &&
           boot(disk, &console, (unsigned)*timeout_s, error) &&
           look(disk, commands, &console, error);
}
