// SPDX-License-Identifier: MIT
// A job of pifarm-chroot as JSON, and back.
#include "images/root/root-job.h"

#include "pifarm/base/error.h"
#include "pifarm/base/json.h"

char *pif_root_job_format(const PifRootJob *job)
{
    json_t *commands = json_array();
    for (guint i = 0; i < job->commands->len; i++)
        json_array_append_new(commands, pif_json_from_strings(job->commands->pdata[i]));
    return pif_json_dump(json_pack("{ss ss ss* so sb sb}", "disk", job->disk, "folder", job->folder,
                                   "apt-settings", job->apt_settings, "commands", commands, "shell",
                                   job->is_shell, "terminal", job->has_terminal));
}

gboolean pif_root_job_parse(const char *text, PifRootJob **ret_job, GError **error)
{
    json_error_t failure;
    const char *disk, *folder, *apt_settings = NULL;
    json_t *commands;
    int is_shell, has_terminal;
    json_t *object = json_loads(text, 0, &failure);
    if (!object || json_unpack_ex(object, &failure, 0, "{ss ss s?s so sb sb}", "disk", &disk,
                                  "folder", &folder, "apt-settings", &apt_settings, "commands",
                                  &commands, "shell", &is_shell, "terminal", &has_terminal) < 0) {
        json_decref(object);
        return pif_error_set(error, PIF_ERROR_USAGE, "the job is not as expected: %s",
                             failure.text);
    }
    PifRootJob *job = g_new0(PifRootJob, 1);
    job->disk = g_strdup(disk);
    job->folder = g_strdup(folder);
    job->apt_settings = g_strdup(apt_settings);
    job->commands = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (gsize i = 0; i < json_array_size(commands); i++)
        g_ptr_array_add(job->commands, pif_json_to_strings(json_array_get(commands, i)));
    job->is_shell = is_shell;
    job->has_terminal = has_terminal;
    json_decref(object);
    *ret_job = job;
    return TRUE;
}

void pif_root_job_free(PifRootJob *job)
{
    if (!job)
        return;
    g_free(job->disk);
    g_free(job->folder);
    g_free(job->apt_settings);
    g_clear_pointer(&job->commands, g_ptr_array_unref);
    g_free(job);
}

char *pif_root_result_format(const PifRootResult *result)
{
    const GError *error = result->error;
    return pif_json_dump(json_pack(
        "{si si ss* ss*}", "command", (int)result->command, "status", result->status, "error",
        error ? pif_error_code_name(error->code) : NULL, "message", error ? error->message : NULL));
}

gboolean pif_root_result_parse(const char *text, PifRootResult *ret_result, GError **error)
{
    json_error_t failure;
    int command, status;
    const char *name = NULL, *message = NULL;
    json_t *object = json_loads(text, 0, &failure);
    if (!object || json_unpack_ex(object, &failure, 0, "{si si s?s s?s}", "command", &command,
                                  "status", &status, "error", &name, "message", &message) < 0) {
        json_decref(object);
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "pifarm-chroot says '%s'", text);
    }
    PifRootResult result = {.command = (guint)command, .status = status};
    PifErrorCode code = name ? pif_error_code_parse(name) : 0;
    if (name)
        pif_error_set(&result.error, code ? code : PIF_ERROR_EXTERNAL, "%s", message);
    json_decref(object);
    *ret_result = result;
    return TRUE;
}

void pif_root_result_clear(PifRootResult *result)
{
    g_clear_error(&result->error);
}
