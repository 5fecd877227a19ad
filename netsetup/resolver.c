// SPDX-License-Identifier: MIT
// systemd-resolved by its own program, and the C library by resolv.conf(5).
#include "netsetup/resolver.h"

#include "netsetup/state.h"
#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>

enum { TIMEOUT_MS = 3 * 1000 };

/* Its socket, by which the C library asks it, and the folder of that and of its resolv.conf. */
static const char socket_path[] = "/run/systemd/resolve/io.systemd.Resolve";
static const char folder[] = "/run/systemd/resolve";
static const char settings[] = "/etc/resolv.conf";

static gboolean run(const char *verb, const char *bridge, const char *value, GError **error)
{
    g_autoptr(PifCommand) command = pif_command_new("resolvectl", verb, bridge, value, NULL);
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    return pif_command_run(command, NULL, error);
}

/* It forgets what it was told when the bridge goes. */
gboolean pif_resolver_tell(const PifNetSpec *spec, GError **error)
{
    g_autofree char *program = g_find_program_in_path("resolvectl");
    g_autofree char *address = pif_ip_format(spec->address);
    if (!program || !g_file_test(socket_path, G_FILE_TEST_EXISTS))
        return TRUE;
    return run("dns", spec->bridge, address, error) &&
           run("domain", spec->bridge, spec->farm, error) &&
           run("default-route", spec->bridge, "no", error);
}

/* What a link to a file in a hidden folder leads to. */
static gboolean make_target(GError **error)
{
    g_autofree char *target = g_file_read_link(settings, NULL);
    g_autofree char *path = target ? g_canonicalize_filename(target, "/etc") : NULL;
    g_autofree char *parent = path ? g_path_get_dirname(path) : NULL;
    if (!path || g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    return pif_dir_make(parent, 0755, error) && pif_file_write(path, "", 0, 0644, error);
}

/* A host without a resolv.conf has nothing to mount on, and its programs know no names. */
gboolean pif_resolver_replace(const PifNetSpec *spec, GError **error)
{
    static const char path[] = "/run/pifarm-resolv.conf";
    g_autofree char *address = pif_ip_format(spec->address);
    g_autofree char *text = g_strdup_printf("nameserver %s\nsearch %s\n", address, spec->farm);
    if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot hide %s", folder);
    if (!make_target(error) || !pif_file_write(path, text, -1, 0644, error))
        return FALSE;
    if (mount(path, settings, NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot replace %s", settings);
    return TRUE;
}
