// SPDX-License-Identifier: MIT
// pifarm-card: readies one node's card for a start. Makes the clone with its identity when there is
// none, and copies the boot files out. A process of its own, because it takes a tenth of a second
// that the daemon has not got.
//
// Reads one JSON object from standard input, writes one to standard output:
//   {"store", "image" (SHA-256), "clone", "size", "boot" (folder, or left out), "hostname",
//   "node_env"}
//   -> {"kernel", "initramfs", "device_tree", "command_line", "is_new"} or {"error": {"code",
//   "message"}}
#include "images/card/card.h"
#include "images/card/identity.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/log.h"

#include <jansson.h>
#include <stdio.h>

typedef struct {
    const char *store;
    const char *image;
    const char *clone;
    const char *boot; /* NULL: only the card is to be made */
    const char *hostname;
    const char *node_env;
    json_int_t size;
} Job;

static gboolean parse_job(json_t *root, Job *ret_job, GError **error)
{
    json_error_t problem;
    if (json_unpack_ex(root, &problem, 0, "{s:s, s:s, s:s, s:I, s?:s, s:s, s:s}", "store",
                       &ret_job->store, "image", &ret_job->image, "clone", &ret_job->clone, "size",
                       &ret_job->size, "boot", &ret_job->boot, "hostname", &ret_job->hostname,
                       "node_env", &ret_job->node_env) < 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "pifarm-card: bad job: %s", problem.text);
    return TRUE;
}

static gboolean read_boot_files(const Job *job, PifCard *card, PifBootFiles **ret_files,
                                GError **error)
{
    return !job->boot || (pif_dir_make(job->boot, 0755, error) &&
                          pif_card_read_boot_files(card, job->boot, ret_files, error));
}

/* The public key lies beside the clone, for known_hosts. The boot files are read while the card is
 * open anyway. */
static gboolean write_identity(const Job *job, const char *clone, const char *public_key_path,
                               PifBootFiles **ret_files, GError **error)
{
    g_autofree char *public_key = NULL;
    g_autoptr(PifCard) card = NULL;
    g_autoptr(PifBootFiles) files = NULL;
    if (!pif_card_open_new(clone, &card, error) ||
        !pif_card_give_identity(card, job->hostname, job->node_env, &public_key, error) ||
        !read_boot_files(job, card, &files, error) || !pif_card_close(card, error) ||
        !pif_file_write(public_key_path, public_key, -1, 0644, error))
        return FALSE;
    *ret_files = g_steal_pointer(&files);
    return TRUE;
}

/* Under another name until all of it is there, so that a clone without identity is never booted. */
static gboolean make_clone(const Job *job, PifBootFiles **ret_files, GError **error)
{
    g_autofree char *unfinished = g_strconcat(job->clone, ".new", NULL);
    g_autofree char *public_key = g_strconcat(job->clone, ".pub", NULL);
    g_autoptr(PifStore) store = pif_store_open(job->store, error);
    g_autoptr(PifImage) image = NULL;
    if (!store || !pif_store_find(store, job->image, &image, error) ||
        !pif_store_check(store, image->sha256, error))
        return FALSE;
    remove(unfinished);
    if (!pif_clone_create(store, image, unfinished, (guint64)job->size, error))
        return FALSE;
    if (write_identity(job, unfinished, public_key, ret_files, error) &&
        pif_clone_replace(store, unfinished, job->clone, error))
        return TRUE;
    pif_clone_remove(store, unfinished, NULL);
    return FALSE;
}

static gboolean check_base(const Job *job, GError **error)
{
    g_autoptr(PifStore) store = pif_store_open(job->store, error);
    return store && pif_clone_check_base(store, job->clone, error);
}

static gboolean read_clone(const Job *job, PifBootFiles **ret_files, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    return check_base(job, error) && pif_card_open(job->clone, FALSE, &card, error) &&
           read_boot_files(job, card, ret_files, error) && pif_card_close(card, error);
}

static gboolean run_job(const Job *job, json_t **ret_answer, GError **error)
{
    g_autoptr(PifBootFiles) files = NULL;
    gboolean is_new = !g_file_test(job->clone, G_FILE_TEST_EXISTS);
    if (!(is_new ? make_clone(job, &files, error) : read_clone(job, &files, error)))
        return FALSE;
    *ret_answer = json_pack("{s:b}", "is_new", (int)is_new);
    if (!files)
        return TRUE;
    json_t *paths =
        json_pack("{s:s, s:s?, s:s, s:s}", "kernel", files->kernel, "initramfs", files->initramfs,
                  "device_tree", files->device_tree, "command_line", files->command_line);
    json_object_update(*ret_answer, paths);
    json_decref(paths);
    return TRUE;
}

int main(void)
{
    pif_log_init("pifarm-card", 0);
    g_autoptr(GError) error = NULL;
    Job job = {0};
    json_error_t problem;
    json_t *answer = NULL;
    json_t *root = json_loadf(stdin, 0, &problem);
    if (!root)
        pif_error_set(&error, PIF_ERROR_USAGE, "pifarm-card: bad job: %s", problem.text);
    else if (parse_job(root, &job, &error))
        run_job(&job, &answer, &error);
    if (error)
        answer = json_pack("{s:{s:s, s:s}}", "error", "code",
                           pif_error_code_name((PifErrorCode)pif_error_exit_status(error)),
                           "message", error->message);
    json_dumpf(answer, stdout, JSON_COMPACT);
    json_decref(answer);
    json_decref(root);
    return 0;
}
