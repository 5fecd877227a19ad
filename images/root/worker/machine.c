// SPDX-License-Identifier: MIT
// Programs of another processor: qemu-user, by an entry in binfmt_misc.
#include "images/root/worker/namespace.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
    HEADER_SIZE = 20, /* ELF: what all machines have in common */
    MACHINE_OFFSET = 18,
    MAX_ENTRY = 4096,
    SHELL_EXIT = 42, /* of the shell that is tried, to be told from everything else */
};

/* ELF's numbers of the machines that a Pi can be. */
static const struct {
    guint16 number;
    const char *name; /* as Debian's */
    const char *qemu;
} machines[] = {{183, "arm64", "aarch64"}, {40, "armhf", "arm"}};

static gboolean read_machine(const char *root, guint16 *ret_machine, GError **error)
{
    guint8 header[HEADER_SIZE] = {0};
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    g_auto(PifFd) root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_auto(PifFd) fd = (int)syscall(SYS_openat2, root_fd, "/bin/sh", &how, sizeof how);
    if (fd < 0)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the image has no /bin/sh: no commands can be run in it");
    PifReader reader;
    if (read(fd, header, sizeof header) != sizeof header || memcmp(header,
                                                                   "\x7f"
                                                                   "ELF",
                                                                   4) != 0)
        return pif_error_set(error, PIF_ERROR_CONFIG, "/bin/sh of the image is no program (ELF)");
    pif_reader_init(&reader, header, sizeof header);
    pif_reader_seek(&reader, MACHINE_OFFSET);
    *ret_machine = pif_reader_le16(&reader);
    return TRUE;
}

/* What became of /bin/sh in the image: 0 it ran, else an errno, or minus its status. */
static int try_shell(const char *root)
{
    int ends[2], err = 0, status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    pid_t pid = fork();
    if (pid == 0) {
        char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"exit 42", NULL};
        char *const environment[] = {NULL};
        if (chroot(root) == 0 && chdir("/") == 0)
            execve("/bin/sh", argv, environment);
        err = errno;
        _exit(write(ends[1], &err, sizeof err) != sizeof err);
    }
    close(ends[1]);
    if (read(ends[0], &err, sizeof err) != sizeof err)
        err = 0;
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return errno;
    if (err)
        return err;
    return WIFEXITED(status) && WEXITSTATUS(status) == SHELL_EXIT ? 0 : -status;
}

/* The line for binfmt_misc as the package of qemu-user has it. Free it; NULL: there is none. */
static char *read_entry(const char *qemu)
{
    static const char *const patterns[] = {"/usr/lib/binfmt.d/qemu-%s.conf",
                                           "/usr/lib/binfmt.d/qemu-%s-static.conf"};
    for (size_t i = 0; i < G_N_ELEMENTS(patterns); i++) {
        char *line = NULL;
        g_auto(GStrv) parts = g_strsplit(patterns[i], "%s", 2);
        g_autofree char *path = g_strjoinv(qemu, parts);
        if (pif_file_read(path, MAX_ENTRY, &line, NULL, NULL))
            return line;
    }
    return NULL;
}

/* Since Linux 6.7 a user namespace has its own, so the host's stays as it is. Flag F (in the entry)
 * opens qemu now, while the host's files are in reach. */
static gboolean register_entry(const char *root, const char *entry)
{
    g_autofree char *folder = g_build_filename(root, "proc/sys/fs/binfmt_misc", NULL);
    g_autofree char *path = g_build_filename(folder, "register", NULL);
    if (mount("binfmt_misc", folder, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return FALSE;
    g_auto(PifFd) fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, entry, strlen(entry)) == (ssize_t)strlen(entry);
}

static gboolean make_runnable(const char *root, const char *name, const char *qemu, GError **error)
{
    g_autofree char *entry = read_entry(qemu);
    if (!entry)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "this host runs no %s programs, which the image has; try: apt "
                             "install qemu-user-static",
                             name);
    if (!register_entry(root, entry))
        return pif_error_set_errno(error, errno,
                                   "this host runs no %s programs, and its kernel (before Linux "
                                   "6.7?) does not let us see to it; try: apt install "
                                   "qemu-user-static binfmt-support",
                                   name);
    return TRUE;
}

static gboolean set_shell_error(int result, GError **error)
{
    if (result > 0)
        return pif_error_set_errno(error, result, "cannot run /bin/sh of the image");
    return pif_error_set(error, PIF_ERROR_CONFIG,
                         "/bin/sh of the image does not work (wait status 0x%x)", (guint)-result);
}

gboolean pif_machine_prepare(const char *root, GError **error)
{
    guint16 number = 0;
    if (!read_machine(root, &number, error))
        return FALSE;
    int result = try_shell(root);
    /* ENOENT: there is an entry, but without the flag F */
    if (result == ENOEXEC || result == ENOENT)
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
            if (machines[i].number != number)
                continue;
            if (!make_runnable(root, machines[i].name, machines[i].qemu, error))
                return FALSE;
            result = try_shell(root);
        }
    if (result == ENOEXEC)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the image's programs are of a machine (ELF number %u) that nothing "
                             "here can run",
                             number);
    return result == 0 || set_shell_error(result, error);
}
