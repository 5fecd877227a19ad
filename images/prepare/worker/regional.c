// SPDX-License-Identifier: MIT
// Steps for where a node's users are: locale, time zone, keyboard.
#include "images/prepare/settings.h"
#include "images/prepare/worker/steps.h"
#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"

#include <string.h>
#include <sys/mman.h>

/* As glibc writes it in the names of its compiled locales: de_DE.UTF-8 is de_DE.utf8. Free it. */
static char *normalize(const char *locale)
{
    GString *name = g_string_new(NULL);
    gboolean is_charset = FALSE;
    for (; *locale; locale++) {
        is_charset = (is_charset || *locale == '.') && *locale != '@';
        if (is_charset && *locale != '.')
            g_string_append(name,
                            g_ascii_isalnum(*locale) ? (char[]){g_ascii_tolower(*locale), 0} : "");
        else
            g_string_append_c(name, *locale);
    }
    return g_string_free(name, FALSE);
}

/* Names in the archive end with a NUL and begin behind one. */
static gboolean archive_has(const PifGuest *guest, const char *name)
{
    static const char archive[] = "/usr/lib/locale/locale-archive";
    g_auto(PifFd) file = memfd_create("locale-archive", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", file);
    if (file < 0 || !pif_guest_exists(guest, archive) ||
        guestfs_download(guest->handle, archive, path) < 0)
        return FALSE;
    g_autoptr(GMappedFile) map = g_mapped_file_new_from_fd(file, FALSE, NULL);
    gsize length = strlen(name) + 2;
    g_autofree char *needle = g_malloc0(length);
    memcpy(needle + 1, name, length - 2);
    return map && g_mapped_file_get_contents(map) &&
           memmem(g_mapped_file_get_contents(map), g_mapped_file_get_length(map), needle, length);
}

/* C and C.UTF-8 are in the C library itself. */
static gboolean has_locale(const PifGuest *guest, const char *locale)
{
    g_autofree char *name = normalize(locale);
    g_autofree char *folder = g_build_filename("/usr/lib/locale", name, NULL);
    return g_str_has_prefix(locale, "C.") || g_str_equal(locale, "C") ||
           g_str_equal(locale, "POSIX") || pif_guest_is_dir(guest, folder) ||
           archive_has(guest, name);
}

/* It takes a program of the card's own processor: the first boot runs it. */
static gboolean ask_for_locale(PifGuest *guest, const char *locale, GError **error)
{
    g_autofree char *list = NULL;
    if (!pif_guest_exists(guest, "/usr/sbin/locale-gen"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has neither the locale %s nor a locale-gen to "
                             "make it (Debian's package locales)",
                             locale);
    if (!pif_guest_read(guest, "/etc/locale.gen", &list, error))
        return FALSE;
    g_autofree char *edited = pif_settings_enable_locale(list, locale);
    guest->makes_locale = TRUE;
    pif_guest_note(guest, "the first boot makes the locale %s", locale);
    return pif_guest_put(guest, "/etc/locale.gen", edited, 0644, 0, 0, error);
}

/* Where it is: /etc/default/locale of Debian, or /etc/locale.conf, which that is a link to since
 * Debian 13. */
gboolean pif_step_locale(PifGuest *guest, GError **error)
{
    g_autofree char *before = NULL;
    const char *locale = pif_prepare_job_text(guest->job, "locale");
    gboolean is_new = guestfs_is_file(guest->handle, "/etc/locale.conf") == 1;
    const char *path = is_new ? "/etc/locale.conf" : "/etc/default/locale";
    if (!is_new && !pif_guest_is_dir(guest, "/etc/default"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has no place for a locale "
                             "(/etc/default/locale or /etc/locale.conf)");
    if ((!has_locale(guest, locale) && !ask_for_locale(guest, locale, error)) ||
        !pif_guest_read(guest, path, &before, error))
        return FALSE;
    g_autofree char *after = pif_settings_set(before, "LANG", locale);
    return pif_guest_put(guest, path, after, 0644, 0, 0, error);
}

gboolean pif_step_timezone(PifGuest *guest, GError **error)
{
    const char *zone = pif_prepare_job_text(guest->job, "timezone");
    g_autofree char *file = g_build_filename("/usr/share/zoneinfo", zone, NULL);
    g_autofree char *line = g_strconcat(zone, "\n", NULL);
    if (!pif_guest_is_dir(guest, "/usr/share/zoneinfo"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has no time zones (Debian's package tzdata)");
    if (guestfs_is_file_opts(guest->handle, file, GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 1, -1) != 1)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card knows no time zone %s", zone);
    return pif_guest_link(guest, file, "/etc/localtime", error) &&
           pif_guest_put(guest, "/etc/timezone", line, 0644, 0, 0, error);
}

static gboolean write_keyboard(const PifGuest *guest, const char *layout, const char *variant,
                               GError **error)
{
    static const char path[] = "/etc/default/keyboard";
    g_autofree char *before = NULL;
    g_autofree char *quoted_layout = g_strdup_printf("\"%s\"", layout);
    g_autofree char *quoted_variant = g_strdup_printf("\"%s\"", variant ? variant : "");
    if (!pif_guest_read(guest, path, &before, error))
        return FALSE;
    g_autofree char *with_layout = pif_settings_set(
        before ? before : "XKBMODEL=\"pc105\"\nXKBOPTIONS=\"\"\nBACKSPACE=\"guess\"\n", "XKBLAYOUT",
        quoted_layout);
    g_autofree char *after = pif_settings_set(with_layout, "XKBVARIANT", quoted_variant);
    return pif_guest_put_new(guest, path, after, 0644, error) &&
           pif_guest_remove(guest, "/etc/console-setup/cached_*", error);
}

/* Debian's console-setup has its own file; systemd without it reads vconsole.conf(5). */
gboolean pif_step_keyboard(PifGuest *guest, GError **error)
{
    static const char *const setups[] = {"/etc/default/keyboard", "/usr/bin/setupcon",
                                         "/bin/setupcon", NULL};
    g_auto(GStrv) parts = g_strsplit(pif_prepare_job_text(guest->job, "keyboard"), ":", 2);
    g_autofree char *symbols = g_build_filename("/usr/share/X11/xkb/symbols", parts[0], NULL);
    g_autofree char *map = g_strjoinv("-", parts);
    g_autofree char *console = g_strdup_printf("KEYMAP=%s\n", map);
    if (pif_guest_is_dir(guest, "/usr/share/X11/xkb/symbols") && !pif_guest_exists(guest, symbols))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card knows no keyboard layout '%s'", parts[0]);
    if (pif_guest_has_any(guest, setups))
        return write_keyboard(guest, parts[0], parts[1], error);
    if (pif_guest_exists(guest, "/etc/vconsole.conf"))
        return pif_guest_put(guest, "/etc/vconsole.conf", console, 0644, 0, 0, error);
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "the system on the card has nothing that sets a keyboard layout (Debian's "
                         "packages keyboard-configuration and console-setup)");
}
