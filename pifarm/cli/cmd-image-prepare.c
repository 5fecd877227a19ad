// SPDX-License-Identifier: MIT
// pifarm image prepare: a recipe and options into a preparation.
#include "images/prepare/recipe.h"
#include "images/prepare/ssh-key.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/boot-once.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/cli/password.h"

#include <stdio.h>

typedef struct {
    char *name;
    char *size;
    char *recipe;
    char **key_files;
    PifPrepareSpec spec; /* what the options say; owns its strings */
    gboolean is_password_on_stdin;
    gboolean has_no_ssh;
    gboolean is_dry_run;
    gboolean is_again;
    char **packages; /* as given, several in one */
    int boot_timeout_s;
} PrepareOptions;

static void prepare_options_clear(PrepareOptions *options)
{
    g_free(options->name);
    g_free(options->size);
    g_free(options->recipe);
    g_strfreev(options->key_files);
    g_strfreev(options->packages);
    pif_prepare_spec_clear(&options->spec);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrepareOptions, prepare_options_clear)

/* What must be refused before a password is asked for; the rest is pif_image_prepare's. */
static gboolean check_options(const PrepareOptions *options, const PifPrepareSpec *spec,
                              GError **error)
{
    if (options->name && !pif_image_check_name(options->name, error))
        return FALSE;
    if (options->spec.password_hash && options->is_password_on_stdin)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--password-hash and --password-stdin both set the password");
    if (options->is_password_on_stdin && !spec->user)
        return pif_error_set(error, PIF_ERROR_USAGE, "--password-stdin needs --user: whose is it?");
    if (options->boot_timeout_s < 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "--boot-timeout wants seconds, not %d",
                             options->boot_timeout_s);
    return TRUE;
}

static gboolean read_keys(char **files, char ***ret_keys, GError **error)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    for (; files && *files; files++)
        if (!pif_ssh_key_read_file(*files, keys, error))
            return FALSE;
    *ret_keys = g_strv_builder_end(keys);
    return TRUE;
}

/* --install "htop vim" is the same as --install htop --install vim. */
static char **split_packages(char *const *texts)
{
    g_autoptr(GStrvBuilder) packages = g_strv_builder_new();
    for (; texts && *texts; texts++) {
        g_auto(GStrv) words = g_strsplit_set(*texts, " ,\n", -1);
        for (char **word = words; *word; word++)
            if (**word)
                g_strv_builder_add(packages, *word);
    }
    return g_strv_builder_end(packages);
}

/* Paths on the command line begin here, not where a worker may be. */
static void make_absolute(char **paths)
{
    for (; paths && *paths; paths++) {
        char *path = g_canonicalize_filename(*paths, NULL);
        g_free(*paths);
        *paths = path;
    }
}

/* The recipe's steps, changed and added to by the options. */
static gboolean make_spec(PrepareOptions *options, PifPrepareSpec *spec, GError **error)
{
    g_autoptr(PifRecipe) recipe = options->recipe ? pif_recipe_load(options->recipe, error) : NULL;
    if ((options->recipe && !recipe) ||
        !pif_image_parse_size("--size", options->size, &options->spec.size, error) ||
        !read_keys(options->key_files, &options->spec.ssh_keys, error))
        return FALSE;
    options->spec.packages = split_packages(options->packages);
    make_absolute(options->spec.copies);
    make_absolute(options->spec.expansions);
    make_absolute(options->spec.units);
    make_absolute(options->spec.firstboots);
    if (recipe)
        pif_prepare_spec_merge(spec, &recipe->spec);
    else
        spec->enable_ssh = TRUE;
    pif_prepare_spec_merge(spec, &options->spec);
    if (options->has_no_ssh)
        spec->enable_ssh = FALSE;
    return check_options(options, spec, error);
}

static gboolean print_steps(const PifPrepareSpec *spec, GError **error)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(g_free);
    if (!pif_prepare_list_steps(spec, steps, error))
        return FALSE;
    for (guint i = 0; i < steps->len; i += 2)
        printf("%-12s %s\n", (const char *)steps->pdata[i], (const char *)steps->pdata[i + 1]);
    return TRUE;
}

static const char *title_of(const PifImage *base)
{
    return base->names && *base->names ? *base->names : "the image";
}

static gboolean prepare(PifStore *store, const PifImage *base, const PifPrepareSpec *spec,
                        PrepareOptions *given, GError **error)
{
    const char *name = given->name;
    g_autoptr(PifImage) image = NULL;
    g_autofree char *title = g_strdup_printf("preparing %s", name ? name : title_of(base));
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    const PifPrepareOptions options = {
        .progress = progress,
        .name = name,
        .is_again = given->is_again,
        .boot = pif_boot_once,
        .boot_data = &given->boot_timeout_s,
    };
    if (!pif_image_prepare(store, base, spec, &options, &image, error))
        return FALSE;
    g_clear_pointer(&progress, pif_progress_free);
    const char *shown = name ? name : image->names[0];
    pif_image_print_result(image, shown ? shown : "-");
    return TRUE;
}

static gboolean run(const char *base_name, PrepareOptions *options, GError **error)
{
    g_auto(PifPrepareSpec) spec = {0};
    g_autoptr(PifImage) base = NULL;
    if (!make_spec(options, &spec, error))
        return FALSE;
    if (options->is_password_on_stdin) {
        g_free((gpointer)spec.password_hash);
        spec.password_hash = NULL;
        if (!pif_password_read_hash((char **)&spec.password_hash, error))
            return FALSE;
    }
    g_autoptr(PifStore) store = pif_image_open_store(error);
    if (!store || !pif_store_find(store, base_name, &base, error))
        return FALSE;
    return options->is_dry_run ? print_steps(&spec, error)
                               : prepare(store, base, &spec, options, error);
}

gboolean pif_image_cmd_prepare(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    g_auto(PrepareOptions) options = {.boot_timeout_s = PIF_BOOT_ONCE_TIMEOUT_S};
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &options.name, "the new image's name", "NEW"},
        {"recipe", 'r', 0, G_OPTION_ARG_FILENAME, &options.recipe,
         "steps in YAML; options change and add to them", "FILE"},
        {"size", 's', 0, G_OPTION_ARG_STRING, &options.size,
         "grow to this, or to the next power of two above it", "SIZE"},
        {"hostname", 0, 0, G_OPTION_ARG_STRING, &options.spec.hostname, "the host name on it",
         "NAME"},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &options.spec.user,
         "who may log in; made when missing", "USER"},
        {"password-hash", 0, 0, G_OPTION_ARG_STRING, &options.spec.password_hash,
         "USER's password, as openssl passwd -6 prints it", "HASH"},
        {"password-stdin", 0, 0, G_OPTION_ARG_NONE, &options.is_password_on_stdin,
         "USER's password is the first line of standard input", NULL},
        {"ssh-key", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.key_files,
         "public key that logs USER in; may be repeated", "FILE"},
        {"no-ssh", 0, 0, G_OPTION_ARG_NONE, &options.has_no_ssh, "leave the SSH server as it is",
         NULL},
        {"wifi", 0, 0, G_OPTION_ARG_STRING, &options.spec.wifi, "wireless network to join", "SSID"},
        {"wifi-psk", 0, 0, G_OPTION_ARG_STRING, &options.spec.wifi_psk,
         "its passphrase (ps shows it; recipes do not)", "PSK"},
        {"wifi-country", 0, 0, G_OPTION_ARG_STRING, &options.spec.wifi_country,
         "where the radio is, as DE", "CC"},
        {"locale", 0, 0, G_OPTION_ARG_STRING, &options.spec.locale, "as de_DE.UTF-8", "LOCALE"},
        {"timezone", 0, 0, G_OPTION_ARG_STRING, &options.spec.timezone, "as Europe/Berlin", "ZONE"},
        {"keyboard", 0, 0, G_OPTION_ARG_STRING, &options.spec.keyboard,
         "layout, as de or de:nodeadkeys", "LAYOUT"},
        {"copy", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.spec.copies,
         "put what is in DIR into the root folder", "DIR"},
        {"expand", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.spec.expansions,
         "the same; {node} and such in texts are each node's", "DIR"},
        {"unit", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.spec.units,
         "systemd unit to install and enable", "FILE"},
        {"firstboot", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.spec.firstboots,
         "script that runs once, at the first boot", "FILE"},
        {"install", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.packages,
         "Debian packages to install, as of today", "PKG"},
        {"run", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.spec.runs,
         "then a command as root on it, without a boot", "CMD"},
        {"run-booted", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.spec.booted_runs,
         "then boot it for this command, and shut it down", "CMD"},
        {"boot-timeout", 0, 0, G_OPTION_ARG_INT, &options.boot_timeout_s,
         "how long that may take (600)", "SECONDS"},
        {"again", 0, 0, G_OPTION_ARG_NONE, &options.is_again, "though it has been made before",
         NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options.is_dry_run, "print the steps, and do nothing",
         NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Makes a new image; IMAGE stays as it is. Machine ID and SSH host keys go, for each node\n"
        "gets its own. The same IMAGE, options and files are prepared once. FILE, DIR, PKG and\n"
        "CMD may be repeated. -v says what is found and done. pifarm-recipe(5) tells more.\n"
        "`pifarm up` prepares images by itself.\n"
        "\n"
        "Example:\n"
        "  pifarm image prepare debian --name lab -s 4GiB -u pi -k ~/.ssh/id_ed25519.pub";
    return pif_image_parse(entries, description, &argc, &argv, error) &&
           run(argv[1], &options, error);
}
