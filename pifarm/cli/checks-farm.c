// SPDX-License-Identifier: MIT
// Checks of the farm: its file, its images, who can log in, and its daemon.
#include "images/fetch/url.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/cli/checks.h"
#include "pifarm/model/farm-image.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

PifFinding pif_check_farm_file(const PifDoctor *doctor)
{
    const PifFarm *farm = doctor->farm;
    if (farm)
        return pif_finding_ok("%s: farm '%s', %u node%s", farm->path, farm->name, farm->nodes->len,
                              farm->nodes->len == 1 ? "" : "s");
    if (!doctor->farm_path)
        return pif_finding_ok("none here; `pifarm init` writes one");
    const char *message = doctor->farm_error->message; /* several lines, of several mistakes */
    return pif_finding_fail("pifarm check", "%.*s", (int)strcspn(message, "\n"), message);
}

static gboolean is_prepared(PifStore *store, const PifImageSpec *spec)
{
    g_autoptr(PifImage) image = NULL;
    return store && pif_farm_image_find(store, spec, &image, NULL);
}

/* Opening makes a store's folder; looking must not. */
static PifStore *open_existing_store(void)
{
    g_autofree char *directory = pif_paths_store_dir();
    return g_file_test(directory, G_FILE_TEST_IS_DIR) ? pif_store_open(directory, NULL) : NULL;
}

PifFinding pif_check_images(const PifDoctor *doctor)
{
    g_autoptr(PifStore) store = open_existing_store();
    g_autoptr(GString) to_prepare = g_string_new(NULL);
    for (guint i = 0; i < doctor->farm->images->len; i++) {
        const PifImageSpec *spec = g_ptr_array_index(doctor->farm->images, i);
        if (is_prepared(store, spec))
            continue;
        if (spec->source && !pif_url_is_http(spec->source) &&
            !g_file_test(spec->source, G_FILE_TEST_EXISTS))
            return pif_finding_fail("correct `source` in farm.yaml, or fetch the file",
                                    "image '%s': there is no %s", spec->name, spec->source);
        g_string_append_printf(to_prepare, "%s%s", to_prepare->len ? ", " : "", spec->name);
    }
    if (to_prepare->len)
        return pif_finding_ok("not prepared yet, `pifarm up` will: %s", to_prepare->str);
    return pif_finding_ok("prepared");
}

/* How somebody gets in to the nodes with this image; NULL: nobody does. */
static const char *problem_of_login(const PifImageSpec *spec)
{
    gboolean has_key = spec->enrol.ssh_keys && spec->enrol.ssh_keys[0];
    if (!spec->enrol.user)
        return "has no `user` in `enrol`: only who is on it already can log in";
    if (!has_key && !spec->enrol.password_hash)
        return "has neither `ssh-key` nor `password-hash` in `enrol`: its user cannot log in";
    if (!has_key)
        return "has no `ssh-key` in `enrol`: `pifarm run` and `pifarm cp`, which cannot ask for "
               "a password, will fail";
    return NULL;
}

PifFinding pif_check_logins(const PifDoctor *doctor)
{
    for (guint i = 0; i < doctor->farm->images->len; i++) {
        const PifImageSpec *spec = g_ptr_array_index(doctor->farm->images, i);
        const char *problem = problem_of_login(spec);
        if (problem)
            return pif_finding_warn("add to farm.yaml: enrol: { user: pi, ssh-key: "
                                    "~/.ssh/id_ed25519.pub }",
                                    "image '%s' %s", spec->name, problem);
    }
    return pif_finding_ok("every image has a user and a key");
}

/* The process that holds a lock on the file, told by /proc/locks so that we need not touch it:
 * "1: FLOCK  ADVISORY  WRITE 812 fe:01:1234 0 EOF". 0: none. */
static int find_lock_owner(const char *path)
{
    enum { MAX_LOCKS = 1 << 20 };
    struct stat status;
    g_autofree char *text = NULL;
    if (stat(path, &status) < 0 || !pif_file_read("/proc/locks", MAX_LOCKS, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        int pid = 0;
        unsigned major_number = 0, minor_number = 0;
        unsigned long long inode = 0;
        if (sscanf(*line, "%*s FLOCK %*s %*s %d %x:%x:%llu", &pid, &major_number, &minor_number,
                   &inode) == 4 &&
            inode == status.st_ino && makedev(major_number, minor_number) == status.st_dev)
            return pid;
    }
    return 0;
}

PifFinding pif_check_daemon(const PifDoctor *doctor)
{
    const PifFarm *farm = doctor->farm;
    if (doctor->client_error)
        return pif_finding_fail(NULL, "%s", doctor->client_error->message);
    g_autofree char *directory = pif_paths_farm_dir(farm->name);
    g_autofree char *log = g_build_filename(directory, "logs", "pifarmd.log", NULL);
    g_autofree char *socket = pif_paths_farm_socket(farm->name);
    g_autofree char *lock = pif_paths_farm_lock(farm->name);
    int pid = find_lock_owner(lock);
    g_autofree char *kill = g_strdup_printf("sudo kill -KILL %d (nodes stay on)", pid);
    const char *has_log = g_file_test(log, G_FILE_TEST_EXISTS) ? "its log: " : "no log yet: ";
    if (doctor->client)
        return pif_finding_ok("runs as process %d; its log: %s", pid, log);
    if (pid)
        return pif_finding_fail(kill, "process %d has farm '%s' but does not answer at %s; %s%s",
                                pid, farm->name, socket, has_log, log);
    if (g_file_test(socket, G_FILE_TEST_EXISTS))
        return pif_finding_warn("pifarm list (starts another, which finds the nodes that are on)",
                                "died without saying goodbye; its log: %s", log);
    return pif_finding_ok("not running, starts when needed; %s%s", has_log, log);
}
