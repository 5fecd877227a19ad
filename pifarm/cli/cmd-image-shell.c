// SPDX-License-Identifier: MIT
// pifarm image shell: a shell, or one command, in a copy of an image that is thrown away or kept.
#include "images/disk/copy.h"
#include "images/root/root.h"
#include "pifarm/base/error.h"
#include "pifarm/base/size.h"
#include "pifarm/cli/cmd-image.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Of the terminal, for a signal that ends us, too. */
static struct termios terminal_before;

static void on_end(int signal_number)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static gboolean make_raw(void)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &terminal_before) < 0)
        return FALSE;
    struct termios raw = terminal_before;
    signal(SIGTERM, on_end);
    signal(SIGHUP, on_end);
    cfmakeraw(&raw);
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static gboolean run_shell(const char *disk, char **command, int *ret_status, GError **error)
{
    gboolean has_terminal = make_raw();
    gboolean is_ok = pif_root_shell(disk, command, has_terminal, ret_status, error);
    if (has_terminal)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
    return is_ok;
}

static const char *title_of(const PifImage *image)
{
    return *image->names ? *image->names : image->sha256;
}

static void announce(const PifImage *base, const char *name)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return;
    if (name)
        fprintf(stderr, "This is a copy of %s; when you leave it becomes the image %s.\n",
                title_of(base), name);
    else
        fprintf(stderr,
                "This is a copy of %s; what you change is gone when you leave (--name\n"
                "keeps it).\n",
                title_of(base));
}

static gboolean keep(PifStore *store, const PifImage *base, const char *temporary, const char *name,
                     GError **error)
{
    g_autoptr(PifImage) image = NULL;
    g_autofree char *origin = g_strdup_printf("by hand from %s", title_of(base));
    if (!pif_store_adopt(store, temporary, name, origin, NULL, &image, error))
        return FALSE;
    pif_image_print_result(image, name);
    return TRUE;
}

static gboolean work(PifStore *store, const PifImage *base, const char *name, char **command,
                     int *ret_status, GError **error)
{
    g_autofree char *temporary = pif_store_new_temporary(store, error);
    if (!temporary)
        return FALSE;
    if (!pif_disk_copy(base->path, temporary, base->size, error)) {
        unlink(temporary);
        return FALSE;
    }
    announce(base, name);
    gboolean is_ok = run_shell(temporary, command, ret_status, error);
    /* A command that failed is not worth keeping; a shell's status is that of what was typed last.
     */
    if (is_ok && name && (!command || *ret_status == 0))
        return keep(store, base, temporary, name, error);
    unlink(temporary);
    return is_ok;
}

gboolean pif_image_cmd_shell(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli;
    g_autofree char *name = NULL;
    g_autoptr(PifImage) base = NULL;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &name, "keep the result as image NAME", "NAME"},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Nothing is booted: the image's programs run as root on this host, by qemu-user if need\n"
        "be, in a copy of the image, in namespaces of their own but for the network. Services\n"
        "are not started. IMAGE stays as it is. COMMAND is a program with its arguments; one\n"
        "that fails leaves no image NAME.\n"
        "\n"
        "Exit status: the command's; 6 without root.\n"
        "\n"
        "  pifarm image shell debian\n"
        "  pifarm image shell debian --name mine -- apt-get -y purge nano";
    if (!pif_image_parse(entries, description, &argc, &argv, error) || !pif_root_check_host(error))
        return FALSE;
    int first = argc > 2 && g_str_equal(argv[2], "--") ? 3 : 2;
    char **command = argc > first ? argv + first : NULL;
    g_autoptr(PifStore) store = pif_image_open_store(error);
    return store && pif_store_find(store, argv[1], &base, error) &&
           pif_store_check(store, base->sha256, error) &&
           (!name || pif_store_check_name_is_free(store, name, error)) &&
           work(store, base, name, command, ret_status, error);
}
