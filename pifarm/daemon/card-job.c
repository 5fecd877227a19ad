// SPDX-License-Identifier: MIT
// The daemon's side of pifarm-card (worker/card.c).
#include "pifarm/daemon/card-job.h"

#include "pifarm/base/command.h"
#include "pifarm/base/error.h"
#include "pifarm/base/json.h"

#include <string.h>

/* Making a clone and reading a kernel takes a fifth of a second; copying a large card for changes,
 * a minute or two. This is for a disk that hangs. */
enum { JOB_TIMEOUT_MS = 600 * 1000 };

void pif_card_result_free(PifCardResult *result)
{
    if (!result)
        return;
    g_free(result->kernel);
    g_free(result->initramfs);
    g_free(result->device_tree);
    g_free(result->command_line);
    g_strfreev(result->notes);
    g_free(result);
}

static GBytes *format_job(const PifCardJob *job)
{
    const PifNodeIdentity *identity = job->identity;
    const guint8 *mac = job->mac;
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:I, s:s, s:{s:I, s:[iiiiii]}, s:s, s:s}", "store", job->store, "image",
        job->image, "clone", job->clone, "size", (json_int_t)job->size, "boot", job->boot, "board",
        "serial", (json_int_t)job->serial, "mac", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
        "hostname", identity->hostname, "node_env", identity->node_env);
    if (identity->is_static)
        json_object_set_new(root, "lan",
                            json_pack("{s:s, s:s, s:s}", "address", identity->address, "gateway",
                                      identity->gateway, "mac", identity->mac));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return g_bytes_new_with_free_func(text, strlen(text), free, text);
}

static PifCardResult *parse_answer(const char *text, GError **error)
{
    json_error_t problem;
    const char *code = NULL;
    const char *message = NULL;
    const char *kernel = NULL, *device_tree = NULL, *command_line = NULL;
    int is_new = 0;
    json_t *root = json_loads(text, 0, &problem);
    const char *initramfs = json_string_value(json_object_get(root, "initramfs"));
    PifCardResult *result = NULL;
    if (json_unpack(root, "{s:{s:s, s:s}}", "error", "code", &code, "message", &message) == 0) {
        pif_error_set(error, pif_error_code_parse(code), "%s", message);
    } else if (json_unpack(root, "{s:s, s:s, s:s, s:b}", "kernel", &kernel, "device_tree",
                           &device_tree, "command_line", &command_line, "is_new", &is_new) == 0) {
        result = g_new0(PifCardResult, 1);
        *result = (PifCardResult){g_strdup(kernel),
                                  g_strdup(initramfs),
                                  g_strdup(device_tree),
                                  g_strdup(command_line),
                                  is_new,
                                  pif_json_to_strings(json_object_get(root, "notes"))};
    } else {
        pif_error_set(error, PIF_ERROR_EXTERNAL, "pifarm-card gave no answer");
    }
    json_decref(root);
    return result;
}

static void on_done(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    g_autoptr(GTask) task = data;
    g_autofree char *output = NULL;
    GError *error = NULL;
    if (g_task_return_error_if_cancelled(task))
        return;
    PifCardResult *answer = NULL;
    if (pif_command_run_finish(NULL, result, &output, &error))
        answer = parse_answer(output, &error);
    if (answer)
        g_task_return_pointer(task, answer, (GDestroyNotify)pif_card_result_free);
    else
        g_task_return_error(task, error);
}

void pif_card_job_run(const PifCardJob *job, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer data)
{
    g_autofree char *program = pif_command_find_own("pifarm-card");
    g_autoptr(PifCommand) command = pif_command_new(program, NULL);
    g_autoptr(GBytes) input = format_job(job);
    pif_command_set_input(command, input);
    pif_command_set_timeout_ms(command, JOB_TIMEOUT_MS);
    GTask *task = g_task_new(NULL, cancellable, callback, data);
    pif_command_run_async(command, cancellable, on_done, task);
}

PifCardResult *pif_card_job_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
