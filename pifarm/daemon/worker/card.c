// SPDX-License-Identifier: MIT
// pifarm-card: readies one node's card for a start. Makes the clone with its identity when there is
// none, and copies the boot files out. A process of its own, because it takes a tenth of a second
// that the daemon has not got.
//
// Reads one JSON object from standard input, writes one to standard output:
//   {"store", "image" (SHA-256), "clone", "size", "boot" (folder) with "board": {"serial", "mac":
//   [6 bytes]} (both or neither), "hostname", "node_env", "lan": {"address": "10.77.0.11/24",
//   "gateway", "mac"} (or left out)}
//   -> {"kernel", "initramfs", "device_tree", "command_line", "is_new", "notes"} or {"error":
//   {"code", "message"}}
#include "images/card/identity.h"
#include "images/clone/refresh.h"
#include "images/store/clone-note.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/json.h"
#include "pifarm/base/log.h"
#include "pifarm/boot/boot-files.h"

#include <stdio.h>

typedef struct {
    const char *store;
    const char *image;
    const char *clone;
    const char *boot; /* NULL: only the card is to be made */
    json_int_t size;
    json_int_t serial; /* of the board */
    int mac[6];
    PifStaticAddress lan;
    PifIdentity identity; /* what farm.yaml says of it */
} Job;

static gboolean parse_job(json_t *root, Job *job, GError **error)
{
    json_error_t problem;
    int *mac = job->mac;
    if (json_unpack_ex(root, &problem, 0,
                       "{s:s, s:s, s:s, s:I, s?:s, s?{s:I, s:[iiiiii!]}, s:s, s:s, "
                       "s?{s:s, s:s, s:s}}",
                       "store", &job->store, "image", &job->image, "clone", &job->clone, "size",
                       &job->size, "boot", &job->boot, "board", "serial", &job->serial, "mac", mac,
                       mac + 1, mac + 2, mac + 3, mac + 4, mac + 5, "hostname",
                       &job->identity.hostname, "node_env", &job->identity.node_env, "lan",
                       "address", &job->lan.address, "gateway", &job->lan.gateway, "mac",
                       &job->lan.mac) < 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "pifarm-card: bad job: %s", problem.text);
    job->identity.address = job->lan.address ? &job->lan : NULL;
    return TRUE;
}

/* All that is written on a card because farm.yaml says so. Free it. */
static char *format_note(const Job *job)
{
    const PifStaticAddress *lan = job->identity.address;
    g_autofree char *text =
        g_strdup_printf("HOSTNAME=%s\n%s", job->identity.hostname, job->identity.node_env);
    if (!lan)
        return g_steal_pointer(&text);
    return g_strdup_printf("%sSTATIC=%s %s %s\n", text, lan->address, lan->gateway, lan->mac);
}

static gboolean read_boot_files(const Job *job, PifCard *card, PifBootFiles **ret_files,
                                GError **error)
{
    PifBoard board = pif_board_new((guint32)job->serial);
    for (size_t i = 0; i < G_N_ELEMENTS(board.mac); i++)
        board.mac[i] = (guint8)job->mac[i];
    return !job->boot || (pif_dir_make(job->boot, 0755, error) &&
                          pif_boot_files_read(card, &board, job->boot, ret_files, error));
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
        !pif_card_give_identity(card, &job->identity, &public_key, error) ||
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
    g_autofree char *note = format_note(job);
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
        return pif_clone_write_note(job->clone, note, error);
    pif_clone_remove(store, unfinished, NULL);
    return FALSE;
}

/* A card that cannot be changed starts as it is, and says so. */
static void refresh(const Job *job, PifStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *note = format_note(job);
    if (pif_clone_has_note(job->clone, note))
        return;
    char *said = NULL;
    if (pif_clone_refresh(store, job->clone, &job->identity, &error) &&
        pif_clone_write_note(job->clone, note, &error))
        said = g_strdup("rewritten as farm.yaml says now");
    else
        said = g_strdup_printf("not as farm.yaml says now: %s", error->message);
    g_ptr_array_add(job->identity.notes, said);
}

static gboolean read_clone(const Job *job, PifBootFiles **ret_files, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    g_autoptr(PifStore) store = pif_store_open(job->store, error);
    if (!store || !pif_clone_check_base(store, job->clone, error))
        return FALSE;
    refresh(job, store);
    return pif_card_open(job->clone, FALSE, &card, error) &&
           read_boot_files(job, card, ret_files, error) && pif_card_close(card, error);
}

static gboolean run_job(const Job *job, json_t **ret_answer, GError **error)
{
    g_autoptr(PifBootFiles) files = NULL;
    gboolean is_new = !g_file_test(job->clone, G_FILE_TEST_EXISTS);
    if (!(is_new ? make_clone(job, &files, error) : read_clone(job, &files, error)))
        return FALSE;
    g_ptr_array_add(job->identity.notes, NULL);
    *ret_answer = json_pack("{s:b, s:o}", "is_new", (int)is_new, "notes",
                            pif_json_from_strings((const char *const *)job->identity.notes->pdata));
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
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    Job job = {.identity.notes = notes};
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
