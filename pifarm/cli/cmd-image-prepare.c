// SPDX-License-Identifier: MIT
// pifarm image prepare: options into a recipe.
#include "images/prepare/prepare.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/cli/password.h"
#include "pifarm/model/ssh-key.h"

typedef struct {
    char *name;
    char *size;
    char *hostname;
    char *user;
    char *password_hash;
    char **key_files;
    gboolean is_password_on_stdin;
    gboolean has_no_ssh;
} PrepareOptions;

static void prepare_options_clear(PrepareOptions *options)
{
    g_free(options->name);
    g_free(options->size);
    g_free(options->hostname);
    g_free(options->user);
    g_free(options->password_hash);
    g_strfreev(options->key_files);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrepareOptions, prepare_options_clear)

/* What must be refused before a password is asked for; the rest is pif_image_prepare's. */
static gboolean check_options(const PrepareOptions *options, GError **error)
{
    if (options->name && !pif_image_check_name(options->name, error))
        return FALSE;
    if (options->password_hash && options->is_password_on_stdin)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "--password-hash and --password-stdin both set the password");
    if (options->is_password_on_stdin && !options->user)
        return pif_error_set(error, PIF_ERROR_USAGE, "--password-stdin needs --user: whose is it?");
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

static gboolean prepare(const char *base_name, const PifPrepareSpec *spec, const char *name,
                        GError **error)
{
    g_autoptr(PifStore) store = pif_image_open_store(error);
    g_autoptr(PifImage) base = NULL;
    g_autoptr(PifImage) image = NULL;
    if (!store || !pif_store_find(store, base_name, &base, error))
        return FALSE;
    g_autofree char *title = g_strdup_printf("preparing %s", name ? name : base_name);
    g_autoptr(PifProgress) progress = pif_progress_new(title, 0);
    const PifPrepareOptions options = {.progress = progress, .name = name};
    if (!pif_image_prepare(store, base, spec, &options, &image, error))
        return FALSE;
    g_clear_pointer(&progress, pif_progress_free);
    const char *shown = name ? name : image->names[0];
    pif_image_print_result(image, shown ? shown : "-");
    return TRUE;
}

static gboolean run(const char *base_name, PrepareOptions *options, GError **error)
{
    g_auto(GStrv) keys = NULL;
    guint64 size = 0;
    if (!check_options(options, error) ||
        !pif_image_parse_size("--size", options->size, &size, error) ||
        !read_keys(options->key_files, &keys, error))
        return FALSE;
    if (options->is_password_on_stdin && !pif_password_read_hash(&options->password_hash, error))
        return FALSE;
    const PifPrepareSpec spec = {
        .size = size,
        .hostname = options->hostname,
        .user = options->user,
        .password_hash = options->password_hash,
        .ssh_keys = keys,
        .enable_ssh = !options->has_no_ssh,
    };
    return prepare(base_name, &spec, options->name, error);
}

gboolean pif_image_cmd_prepare(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)cli, (void)ret_status;
    g_auto(PrepareOptions) options = {0};
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_STRING, &options.name, "the new image's name", "NEW"},
        {"size", 's', 0, G_OPTION_ARG_STRING, &options.size,
         "grow to this, or to the next power of two above it", "SIZE"},
        {"hostname", 0, 0, G_OPTION_ARG_STRING, &options.hostname, "the host name on it", "NAME"},
        {"user", 'u', 0, G_OPTION_ARG_STRING, &options.user, "who may log in; made when missing",
         "USER"},
        {"password-hash", 0, 0, G_OPTION_ARG_STRING, &options.password_hash,
         "USER's password, as openssl passwd -6 prints it", "HASH"},
        {"password-stdin", 0, 0, G_OPTION_ARG_NONE, &options.is_password_on_stdin,
         "USER's password is the first line of standard input", NULL},
        {"ssh-key", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.key_files,
         "public key that logs USER in; may be repeated", "FILE"},
        {"no-ssh", 0, 0, G_OPTION_ARG_NONE, &options.has_no_ssh,
         "leave the SSH server as it is instead of enabling it", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Makes a new image; IMAGE stays as it is. Card, partition and file system are grown,\n"
        "the machine ID and the SSH host keys removed, for each node gets its own. The same\n"
        "IMAGE with the same options is prepared once. Without --name: IMAGE and 8 digits.\n"
        "\n"
        "`pifarm up` prepares the images that farm.yaml names by itself.\n"
        "\n"
        "Example:\n"
        "  pifarm image prepare debian --name lab -s 4GiB -u pi -k ~/.ssh/id_ed25519.pub";
    return pif_image_parse(entries, description, &argc, &argv, error) &&
           run(argv[1], &options, error);
}
