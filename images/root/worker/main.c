// SPDX-License-Identifier: MIT
// pifarm-chroot: runs commands in the system of a card image; a job as JSON in descriptor 3, the
// result in 4.
#include "images/root/root.h"
#include "images/root/worker/boot-folder.h"
#include "images/root/worker/namespace.h"
#include "images/root/worker/place.h"
#include "pifarm/base/error.h"
#include "pifarm/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

enum { MAX_JOB = 1024 * 1024 };

static gboolean read_job(PifRootJob **ret_job, GError **error)
{
    g_autofree char *text = g_malloc0(MAX_JOB + 1);
    if (pread(PIF_ROOT_JOB_FD, text, MAX_JOB, 0) <= 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "no job in descriptor %d", PIF_ROOT_JOB_FD);
    return pif_root_job_parse(text, ret_job, error);
}

/* What we mount is seen by us and our children only, and is gone with the last of us. */
static gboolean leave_mounts_of_host(GError **error)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return pif_error_set_errno(error, errno, "cannot make a mount namespace");
    return TRUE;
}

static gboolean run(PifRootResult *result, GError **error)
{
    g_autoptr(PifRootJob) job = NULL;
    g_auto(PifNamespace) namespace = {0, -1};
    g_auto(PifPlace) place = {.root_fd = -1};
    if (!read_job(&job, error) || !leave_mounts_of_host(error) ||
        !pif_namespace_start(&namespace, job, error))
        return FALSE;
    place.job = job;
    return pif_place_mount(&place, error) && pif_boot_folder_open(&place, error) &&
           pif_namespace_run(&namespace, result, error) &&
           (result->error ||
            (pif_boot_folder_write_back(&place, error) && pif_place_unmount(&place, error)));
}

static void tell(const PifRootResult *result)
{
    g_autofree char *text = pif_root_result_format(result);
    if (write(PIF_ROOT_RESULT_FD, text, strlen(text)) < 0)
        g_warning("nobody hears us: %s", text);
}

int main(int argc, char **argv)
{
    g_auto(PifRootResult) result = {0};
    GError *error = NULL;
    pif_log_init("pifarm-chroot", 0);
    if (argc > 1) {
        fprintf(stderr, "pifarm-chroot: '%s': no arguments; pifarm runs it\n", argv[1]);
        return PIF_ERROR_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    for (int fd = PIF_ROOT_JOB_FD; fd <= PIF_ROOT_INPUT_FD; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!run(&result, &error)) {
        g_clear_error(&result.error);
        result.error = error;
    }
    tell(&result);
    return 0;
}
