// SPDX-License-Identifier: MIT
// Files that are in the image only while commands run in it.
#include "images/root/worker/namespace.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file that we have put in the place of the image's own. */
typedef struct {
    const char *path;
    char *kept; /* where the image's own is meanwhile; NULL: it has none */
    ino_t inode;
    struct timespec changed;
} Stand;

enum { MAX_STANDS = 2 };

struct PifHostFiles {
    Stand stands[MAX_STANDS];
    guint n_stands;
};

static void host_files_free(PifHostFiles *files)
{
    for (guint i = 0; i < files->n_stands; i++)
        g_free(files->stands[i].kept);
    g_free(files);
}

static gboolean put(PifHostFiles *files, const char *path, const char *content, mode_t mode,
                    GError **error)
{
    struct stat status;
    Stand *stand = &files->stands[files->n_stands];
    g_autofree char *kept = g_strconcat(path, ".pifarm-kept", NULL);
    gboolean has_own = rename(path, kept) == 0;
    if (!has_own && errno != ENOENT)
        return pif_error_set_errno(error, errno, "cannot put our %s into the image", path);
    if (!g_file_set_contents(path, content, -1, NULL) || chmod(path, mode) < 0 ||
        lstat(path, &status) < 0)
        return pif_error_set_errno(error, errno, "cannot put our %s into the image", path);
    *stand = (Stand){path, has_own ? g_steal_pointer(&kept) : NULL, status.st_ino, status.st_ctim};
    files->n_stands++;
    return TRUE;
}

/* Where a symbolic link leads into /run, which is in memory; NULL: it does not. Free it. */
static char *find_target_in_run(const char *path)
{
    g_autofree char *link = g_file_read_link(path, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *target = link ? g_canonicalize_filename(link, folder) : NULL;
    return target && g_str_has_prefix(target, "/run/") ? g_steal_pointer(&target) : NULL;
}

static gboolean put_resolv_conf(PifHostFiles *files, const char *content, GError **error)
{
    static const char path[] = "/etc/resolv.conf";
    g_autofree char *in_memory = find_target_in_run(path);
    if (!in_memory)
        return put(files, path, content, 0644, error);
    g_autofree char *folder = g_path_get_dirname(in_memory);
    return pif_dir_make(folder, 0755, error) && pif_file_write(in_memory, content, -1, 0644, error);
}

/* invoke-rc.d(8): 101 is "action forbidden by policy". */
static gboolean put_policy(PifHostFiles *files, GError **error)
{
    if (!g_file_test("/var/lib/dpkg", G_FILE_TEST_IS_DIR) ||
        !g_file_test("/usr/sbin", G_FILE_TEST_IS_DIR))
        return TRUE;
    return put(files, "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0755, error);
}

/* In memory; $APT_CONFIG names it to apt, which reads the image's own settings after it. */
static gboolean put_apt_settings(const char *settings, GError **error)
{
    return !settings || pif_file_write("/run/pifarm-apt.conf", settings, -1, 0644, error);
}

PifHostFiles *pif_host_files_put(const PifRootJob *job, const char *resolv_conf, GError **error)
{
    PifHostFiles *files = g_new0(PifHostFiles, 1);
    if ((!resolv_conf || put_resolv_conf(files, resolv_conf, error)) && put_policy(files, error) &&
        put_apt_settings(job->apt_settings, error))
        return files;
    host_files_free(files);
    return NULL;
}

static gboolean is_untouched(const Stand *stand)
{
    struct stat status;
    return lstat(stand->path, &status) == 0 && status.st_ino == stand->inode &&
           status.st_ctim.tv_sec == stand->changed.tv_sec &&
           status.st_ctim.tv_nsec == stand->changed.tv_nsec;
}

static gboolean take_back(const Stand *stand, GError **error)
{
    gboolean is_ours = is_untouched(stand);
    int result = 0;
    if (stand->kept)
        result = is_ours ? rename(stand->kept, stand->path) : unlink(stand->kept);
    else if (is_ours)
        result = unlink(stand->path);
    return result == 0 ||
           pif_error_set_errno(error, errno, "cannot take our %s out of the image", stand->path);
}

gboolean pif_host_files_take_back(PifHostFiles *files, GError **error)
{
    gboolean is_ok = TRUE;
    for (guint i = 0; is_ok && i < files->n_stands; i++)
        is_ok = take_back(&files->stands[i], error);
    host_files_free(files);
    return is_ok;
}
