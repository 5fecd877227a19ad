// SPDX-License-Identifier: MIT
// Packages and commands: what is run in the image, in which order.
#include "images/prepare/prepare-root.h"

#include "images/root/root.h"
#include "pifarm/base/error.h"

/* As steps machine-id and host-keys do it (images/prepare/worker/generic.c): a package or a boot
 * may have made them again. */
static const char clean_up[] =
    "rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/dropbear/dropbear_*_host_key "
    "/var/lib/systemd/random-seed\n"
    "[ ! -s /etc/machine-id ] || : >/etc/machine-id\n"
    "[ ! -f /var/lib/dbus/machine-id ] || [ -h /var/lib/dbus/machine-id ] || "
    "ln -sf /etc/machine-id /var/lib/dbus/machine-id\n";

static gboolean has(char *const *list)
{
    return list && *list;
}

gboolean pif_prepare_check_commands(const PifPrepareSpec *spec, const PifPrepareOptions *options,
                                    GError **error)
{
    if (!has(spec->packages) && !has(spec->runs) && !has(spec->booted_runs))
        return TRUE;
    if (has(spec->booted_runs) && !(options && options->boot))
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "commands that want the image booted (run-booted) run only in `pifarm "
                             "image prepare`; prepare the image with it first");
    return pif_root_check_host(error);
}

/* The names of pif_root_install_commands' packages; LINES have comments and empty ones, which the
 * plan has not. */
static char **split(char *const *texts)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    for (; texts && *texts; texts++) {
        g_auto(GStrv) lines = g_strsplit(*texts, "\n", -1);
        for (char **line = lines; *line; line++)
            if (*g_strstrip(*line) && **line != '#')
                g_strv_builder_add(words, *line);
    }
    return g_strv_builder_end(words);
}

static const PifRootCommand cleaning = {clean_up, "removing host keys and machine ID"};

static gboolean run_unbooted(const PifPrepareSpec *spec, const char *disk, PifProgress *progress,
                             GError **error)
{
    g_auto(GStrv) packages = split(spec->packages);
    g_autoptr(GStringChunk) strings = g_string_chunk_new(1024);
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(PifRootCommand));
    pif_root_add_packages(commands, strings, packages);
    for (char *const *run = spec->runs; run && *run; run++)
        g_array_append_val(commands, ((PifRootCommand){*run, NULL}));
    g_array_append_val(commands, cleaning);
    return pif_root_run(disk, commands, progress, error);
}

static gboolean run_booted(const PifPrepareSpec *spec, const char *disk,
                           const PifPrepareOptions *options, GError **error)
{
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(PifRootCommand));
    g_array_append_val(commands, cleaning);
    return options->boot(disk, spec->booted_runs, options->progress, options->boot_data, error) &&
           pif_root_run(disk, commands, options->progress, error);
}

gboolean pif_prepare_run_commands(const PifPrepareSpec *spec, const char *disk,
                                  const PifPrepareOptions *options, GError **error)
{
    PifProgress *progress = options ? options->progress : NULL;
    if ((has(spec->packages) || has(spec->runs)) && !run_unbooted(spec, disk, progress, error))
        return FALSE;
    if (!has(spec->booted_runs))
        return TRUE;
    g_assert(options && options->boot); /* checked before the image was copied */
    return run_booted(spec, disk, options, error);
}

void pif_prepare_list_commands(const PifPrepareSpec *spec, GPtrArray *steps)
{
    const struct {
        char *const *list;
        const char *name;
        const char *text;
    } parts[] = {
        {spec->packages, "packages", "installing packages"},
        {spec->runs, "run", "running commands"},
        {spec->booted_runs, "run-booted", "booting the image and running commands in it"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        if (has(parts[i].list)) {
            g_ptr_array_add(steps, g_strdup(parts[i].name));
            g_ptr_array_add(steps, g_strdup(parts[i].text));
        }
}
