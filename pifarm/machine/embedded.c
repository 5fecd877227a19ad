// SPDX-License-Identifier: MIT
// The folder in which libvirt's embedded driver keeps everything, made ready for it.
#include "pifarm/machine/embedded.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/machine/last_words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

/* The longest socket libvirt makes in its root: a domain's ID and 20 letters of its name. */
static const char longest_socket[] = "/lib/qemu/domain-99999-abcdefghijklmnopqrst/monitor.sock";

enum { MAX_LOG_SIZE = 1024 * 1024, KEPT_LOG_SIZE = MAX_LOG_SIZE / 4 };
enum { MAX_ROOT_LENGTH = sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof longest_socket };

/* A short name for a long path: a symbolic link in the runtime folder. It must be the same for
 * every daemon of the farm, as libvirt writes it into the state of running domains. */
static gboolean shorten(const char *directory, char **ret_root, GError **error)
{
    g_autofree char *runtime = pif_paths_runtime_dir();
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, directory, -1);
    g_autofree char *link = g_strdup_printf("%s/%.8s", runtime, hash);
    g_autofree char *target = g_file_read_link(link, NULL);
    if (strlen(link) > MAX_ROOT_LENGTH)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the path %s is too long for libvirt's sockets (at most %d bytes), "
                             "and so is %s; try a shorter PIFARM_STATE_DIR or PIFARM_RUNTIME_DIR",
                             directory, MAX_ROOT_LENGTH, link);
    if (!pif_dir_make(runtime, 0755, error))
        return FALSE;
    if (g_strcmp0(target, directory) != 0 &&
        ((unlink(link) < 0 && errno != ENOENT) || symlink(directory, link) < 0))
        return pif_error_set_errno(error, errno, "cannot make the symbolic link %s", link);
    *ret_root = g_steal_pointer(&link);
    return TRUE;
}

/* Writes only what differs: rewriting the emulator would make libvirt ask it anew what it can do.
 */
static gboolean write_if_other(const char *path, const char *data, gsize size, mode_t mode,
                               GError **error)
{
    g_autofree char *old = NULL;
    gsize old_size = 0;
    if (pif_file_read(path, 1 << 24, &old, &old_size, NULL) && old_size == size &&
        memcmp(old, data, size) == 0)
        return TRUE;
    return pif_file_write(path, data, (gssize)size, mode, error);
}

/* dynamic_ownership, remember_owner: files are used the way they lie, see write_security() in
 * domain.c; what libvirt remembers needs rights over the host.
 * stdio_handler: without virtlogd. security_driver: AppArmor's profiles do not know our paths.
 * cgroup_controllers, namespaces: they would cost each start more than the rest of libvirt. */
static gboolean write_settings(const char *root, const PifQemuUser *user, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "etc", NULL);
    g_autofree char *path = g_build_filename(folder, "qemu.conf", NULL);
    g_autofree char *text = g_strdup_printf("# Written by pifarm at each start of its daemon.\n"
                                            "user = \"+%u\"\n"
                                            "group = \"+%u\"\n"
                                            "dynamic_ownership = 0\n"
                                            "remember_owner = 0\n"
                                            "stdio_handler = \"file\"\n"
                                            "security_driver = \"none\"\n"
                                            "cgroup_controllers = []\n"
                                            "namespaces = []\n",
                                            (unsigned)user->uid, (unsigned)user->gid);
    return pif_dir_make(folder, 0755, error) &&
           write_if_other(path, text, strlen(text), 0644, error);
}

/* QEMU's user cannot run programs in our build folder when that lies in a home directory. */
static gboolean install_emulator(const char *root, char **ret_path, GError **error)
{
    g_autofree char *own = pif_command_find_own("pifarm-qemu");
    g_autofree char *folder = g_build_filename(root, "bin", NULL);
    g_autofree char *path = g_build_filename(folder, "pifarm-qemu", NULL);
    g_autofree char *program = NULL;
    gsize size = 0;
    if (!pif_file_read(own, 1 << 24, &program, &size, error) ||
        !pif_dir_make(folder, 0755, error) || !write_if_other(path, program, size, 0755, error))
        return FALSE;
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

/* libvirt remembers what an emulator can do until that file changes, but ours stays the same when
 * the QEMU behind it is another. */
static gboolean forget_other_qemu(const char *root, GError **error)
{
    g_autofree char *cache = g_build_filename(root, "cache", "qemu", "capabilities", NULL);
    g_autofree char *qemu = g_find_program_in_path("qemu-system-aarch64");
    struct stat cached, installed;
    if (!qemu)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "the program 'qemu-system-aarch64' is not installed; try: apt install "
                             "qemu-system-arm");
    if (stat(cache, &cached) < 0 || stat(qemu, &installed) < 0 ||
        installed.st_ctime < cached.st_mtime)
        return TRUE;
    return pif_dir_remove(cache, error);
}

/* Warnings and errors of libvirt itself, which it would print on standard error. Its settings are
 * read from the environment when the library is first used. */
static gboolean set_log(const char *root, GError **error)
{
    g_autofree char *folder = g_build_filename(root, "log", NULL);
    g_autofree char *outputs = g_strdup_printf("3:file:%s/libvirt.log", folder);
    g_setenv("LIBVIRT_LOG_OUTPUTS", outputs, FALSE);
    return pif_dir_make(folder, 0755, error);
}

PifEmbedded *pif_embedded_prepare(const char *directory, const PifQemuUser *user, GError **error)
{
    g_autoptr(PifEmbedded) embedded = g_new0(PifEmbedded, 1);
    if (!pif_dir_make(directory, 0755, error))
        return NULL;
    if (strlen(directory) <= MAX_ROOT_LENGTH)
        embedded->root = g_strdup(directory);
    else if (!shorten(directory, &embedded->root, error))
        return NULL;
    if (!pif_qemu_user_check(user, embedded->root, O_PATH | O_DIRECTORY, error) ||
        !write_settings(embedded->root, user, error) ||
        !install_emulator(embedded->root, &embedded->emulator, error) ||
        !forget_other_qemu(embedded->root, error) || !set_log(embedded->root, error))
        return NULL;
    g_autofree char *escaped = g_uri_escape_string(embedded->root, "/", FALSE);
    embedded->uri = g_strdup_printf("qemu:///embed?root=%s", escaped);
    return g_steal_pointer(&embedded);
}

void pif_embedded_free(PifEmbedded *embedded)
{
    if (!embedded)
        return;
    g_free(embedded->root);
    g_free(embedded->uri);
    g_free(embedded->emulator);
    g_free(embedded);
}

gint64 pif_embedded_read_pid(const PifEmbedded *embedded, const char *domain_name)
{
    g_autofree char *path = g_strdup_printf("%s/run/qemu/%s.pid", embedded->root, domain_name);
    g_autofree char *text = NULL;
    if (!pif_file_read(path, 32, &text, NULL, NULL))
        return 0;
    return g_ascii_strtoll(text, NULL, 10);
}

char *pif_embedded_read_words(const PifEmbedded *embedded, const char *domain_name)
{
    g_autofree char *path = g_strdup_printf("%s/log/qemu/%s.log", embedded->root, domain_name);
    g_autofree char *log = pif_read_tail(path, 16384);
    const char *arguments = g_strrstr(log, " \\\n");
    return pif_qemu_words(arguments ? arguments + 3 + strcspn(arguments + 3, "\n") : log);
}

/* Cut off rather than renamed: whoever writes has it open, to append. */
static void bound_log(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0 || status.st_size <= MAX_LOG_SIZE)
        return;
    g_autofree char *old = g_strconcat(path, ".old", NULL);
    g_autofree char *tail = pif_read_tail(path, KEPT_LOG_SIZE);
    g_autoptr(GError) error = NULL;
    if (!pif_file_write(old, tail, -1, 0600, &error) || truncate(path, 0) < 0)
        g_warning("cannot shorten the log %s: %s", path,
                  error ? error->message : g_strerror(errno));
}

void pif_embedded_bound_logs(const PifEmbedded *embedded, const char *domain_name)
{
    g_autofree char *own = g_build_filename(embedded->root, "log", "libvirt.log", NULL);
    g_autofree char *of_domain = g_strdup_printf("%s/log/qemu/%s.log", embedded->root, domain_name);
    bound_log(own);
    bound_log(of_domain);
}
