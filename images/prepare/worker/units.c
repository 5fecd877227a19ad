// SPDX-License-Identifier: MIT
// Steps that make things run on the node: systemd units, and scripts at the first boot.
#include "images/prepare/booted.h"
#include "images/prepare/unit-file.h"
#include "images/prepare/worker/steps.h"
#include "images/prepare/worker/templates.h"
#include "pifarm/base/error.h"

#include <string.h>

#define UNITS "/etc/systemd/system/"
#define RUNNER "/usr/lib/pifarm/firstboot"

/* What an init starts at the first boot, and does nothing at later ones. A script that was cut off
 * runs again; one that failed does not. */
static const char runner[] =
    "#!/bin/sh\n"
    "# Runs each script in " RUNNER ".d once, in their order, with the node's own values from\n"
    "# /etc/pifarm/node.env. In /var/lib/pifarm/firstboot: NAME has its exit status, NAME.log its "
    "words.\n"
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    "state=/var/lib/pifarm/firstboot failed=0\n"
    "[ ! -e $state/done ] || exit 0\n"
    "[ ! -e " PIF_BOOTED_FOLDER " ] || exit 0\n"
    "mkdir -p $state\n"
    "[ ! -r /etc/pifarm/node.env ] || { set -a; . /etc/pifarm/node.env; set +a; }\n"
    "for script in " RUNNER ".d/*; do\n"
    "    name=${script##*/}\n"
    "    [ ! -e $state/$name ] || continue\n"
    "    status=0\n"
    "    $script >$state/$name.log 2>&1 </dev/null || status=$?\n"
    "    [ $status -eq 0 ] || { failed=1; echo \"pifarm firstboot: $name failed with status "
    "$status\" >&2; }\n"
    "    echo $status >$state/$name\n"
    "    sync\n"
    "done\n"
    ": >$state/done\n"
    "sync\n"
    "exit $failed\n";

static const char runner_unit[] = "[Unit]\n"
                                  "Description=Scripts for the first boot of this card\n"
                                  "ConditionPathExists=!/var/lib/pifarm/firstboot/done\n"
                                  "ConditionPathExists=!" PIF_BOOTED_FOLDER "\n"
                                  "Wants=network-online.target\n"
                                  "After=network-online.target\n"
                                  "\n"
                                  "[Service]\n"
                                  "Type=oneshot\n"
                                  "RemainAfterExit=yes\n"
                                  "ExecStart=" RUNNER "\n"
                                  "TimeoutStartSec=infinity\n"
                                  "\n"
                                  "[Install]\n"
                                  "WantedBy=multi-user.target\n";

static const char locale_script[] = "#!/bin/sh\nexec /usr/sbin/locale-gen\n";

static gboolean runs_systemd(const PifGuest *guest)
{
    static const char *const inits[] = {"/lib/systemd/systemd", "/usr/lib/systemd/systemd", NULL};
    return pif_guest_has_any(guest, inits);
}

static gboolean install_unit(const PifGuest *guest, const char *name, const char *text,
                             GError **error)
{
    GHashTableIter iterator;
    gpointer link, target;
    g_autofree char *path = g_strconcat(UNITS, name, NULL);
    g_autoptr(GHashTable) links = pif_unit_file_links(name, text, error);
    if (!links || !pif_guest_remove(guest, path, error) || /* it may be masked */
        !pif_guest_put_text(guest, path, text, 0644, error))
        return FALSE;
    g_hash_table_iter_init(&iterator, links);
    while (g_hash_table_iter_next(&iterator, &link, &target)) {
        g_autofree char *link_path = g_strconcat(UNITS, link, NULL);
        if (!pif_guest_link(guest, target, link_path, error))
            return FALSE;
    }
    if (!g_hash_table_size(links))
        pif_guest_note(guest, "unit %s has no [Install] to be enabled by: others start it", name);
    return TRUE;
}

gboolean pif_step_unit(PifGuest *guest, GError **error)
{
    g_autoptr(GArray) units = pif_prepare_job_items(guest->job, "unit");
    if (!runs_systemd(guest))
        return pif_error_set(error, PIF_ERROR_CONFIG, "the system on the card has no systemd");
    for (guint i = 0; i < units->len; i++) {
        const PifPrepareItem *unit = &g_array_index(units, PifPrepareItem, i);
        if (!install_unit(guest, unit->name, unit->text, error))
            return FALSE;
    }
    return TRUE;
}

/* BusyBox' init: an action `once`, done when sysinit is. Lines of sysvinit's begin with an ID and a
 * runlevel, which BusyBox would not understand either. */
static gboolean start_by_inittab(const PifGuest *guest, GError **error)
{
    static const char line[] = "::once:" RUNNER "\n";
    g_autofree char *before = NULL;
    if (!pif_guest_read(guest, "/etc/inittab", &before, error))
        return FALSE;
    if (!before || !strstr(before, "::sysinit:"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has no init that can run something once "
                             "(systemd, or BusyBox with an /etc/inittab)");
    if (strstr(before, line))
        return TRUE;
    pif_guest_note(guest, "firstboot: started by BusyBox' init");
    gboolean ends = g_str_has_suffix(before, "\n");
    g_autofree char *after = g_strconcat(before, ends ? "" : "\n", line, NULL);
    return pif_guest_write(guest, "/etc/inittab", after, error);
}

static guint count_matches(const PifGuest *guest, const char *pattern)
{
    char **paths = guestfs_glob_expand(guest->handle, pattern);
    guint count = paths ? g_strv_length(paths) : 0;
    for (char **path = paths; path && *path; path++)
        free(*path);
    free(paths);
    return count;
}

/* What an image was prepared with before ran or runs there too: the numbers go on. */
static gboolean put_scripts(const PifGuest *guest, GError **error)
{
    g_autoptr(GArray) scripts = pif_prepare_job_items(guest->job, "firstboot");
    PifPrepareItem locale = {.name = "locale-gen", .text = locale_script};
    g_autofree char *templates = pif_guest_template_place(RUNNER ".d/*");
    guint number = count_matches(guest, RUNNER ".d/*") + count_matches(guest, templates) + 1;
    if (guest->makes_locale)
        g_array_prepend_val(scripts, locale);
    for (guint i = 0; i < scripts->len; i++) {
        const PifPrepareItem *script = &g_array_index(scripts, PifPrepareItem, i);
        g_autofree char *path = g_strdup_printf(RUNNER ".d/%02u-%s", number + i, script->name);
        if (!pif_guest_put_text(guest, path, script->text, 0755, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pif_step_firstboot(PifGuest *guest, GError **error)
{
    if (!put_scripts(guest, error) || !pif_guest_put_new(guest, RUNNER, runner, 0755, error) ||
        !pif_guest_remove(guest, "/var/lib/pifarm/firstboot/done", error))
        return FALSE;
    return runs_systemd(guest) ? install_unit(guest, "pifarm-firstboot.service", runner_unit, error)
                               : start_by_inittab(guest, error);
}
