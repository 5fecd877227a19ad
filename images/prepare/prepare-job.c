// SPDX-License-Identifier: MIT
// A preparation as JSON, and back.
#include "images/prepare/prepare-job.h"

#include "pifarm/base/error.h"
#include "pifarm/base/json.h"

char *pif_prepare_job_format(const PifPrepareJob *job)
{
    return pif_json_dump(json_pack("{ss* sb sb sO}", "disk", job->disk, "accelerated",
                                   job->is_accelerated, "must-grow", job->must_grow, "plan",
                                   job->plan));
}

gboolean pif_prepare_job_parse(const char *text, PifPrepareJob **ret_job, GError **error)
{
    json_error_t failure;
    const char *disk = NULL;
    json_t *plan = NULL;
    int is_accelerated, must_grow;
    json_t *object = json_loads(text, 0, &failure);
    if (!object ||
        json_unpack_ex(object, &failure, 0, "{s?s sb sb so}", "disk", &disk, "accelerated",
                       &is_accelerated, "must-grow", &must_grow, "plan", &plan) < 0) {
        json_decref(object);
        return pif_error_set(error, PIF_ERROR_USAGE, "the job is not as expected: %s",
                             failure.text);
    }
    PifPrepareJob *job = g_new0(PifPrepareJob, 1);
    job->disk = g_strdup(disk);
    job->is_accelerated = is_accelerated;
    job->must_grow = must_grow;
    job->plan = json_incref(plan);
    json_decref(object);
    *ret_job = job;
    return TRUE;
}

void pif_prepare_job_free(PifPrepareJob *job)
{
    if (!job)
        return;
    g_free(job->disk);
    json_decref(job->plan);
    g_free(job);
}

gboolean pif_prepare_job_has(const PifPrepareJob *job, const char *key)
{
    return json_object_get(job->plan, key) != NULL;
}

const char *pif_prepare_job_text(const PifPrepareJob *job, const char *key)
{
    return json_string_value(json_object_get(job->plan, key));
}

char **pif_prepare_job_lines(const PifPrepareJob *job, const char *key)
{
    return pif_json_to_strings(json_object_get(job->plan, key));
}

static const char *get(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

GArray *pif_prepare_job_items(const PifPrepareJob *job, const char *key)
{
    gsize i;
    json_t *element;
    GArray *items = g_array_new(FALSE, FALSE, sizeof(PifPrepareItem));
    json_array_foreach(json_object_get(job->plan, key), i, element)
    {
        PifPrepareItem item = {get(element, "name"), get(element, "text"), get(element, "from"),
                               get(element, "sha256")};
        g_array_append_val(items, item);
    }
    return items;
}

char *pif_prepare_line_format(const PifPrepareLine *line)
{
    switch (line->says) {
    case PIF_PREPARE_STEP:
        return pif_json_dump(json_pack("{ss ss}", "step", line->step, "text", line->text));
    case PIF_PREPARE_NOTE:
        return pif_json_dump(json_pack("{ss}", "note", line->text));
    case PIF_PREPARE_DONE:
        return pif_json_dump(json_pack("{sb}", "done", TRUE));
    case PIF_PREPARE_ERROR:
        break;
    }
    return pif_json_dump(json_pack("{ss ss}", "error", pif_error_code_name(line->error->code),
                                   "message", line->error->message));
}

gboolean pif_prepare_line_parse(const char *text, PifPrepareLine *ret_line, GError **error)
{
    json_t *object = json_loads(text, 0, NULL);
    PifErrorCode code = get(object, "error") ? pif_error_code_parse(get(object, "error")) : 0;
    PifPrepareLine line = {.says = PIF_PREPARE_STEP};
    if (code && get(object, "message")) {
        line.says = PIF_PREPARE_ERROR;
        pif_error_set(&line.error, code, "%s", get(object, "message"));
    } else if (json_is_true(json_object_get(object, "done"))) {
        line.says = PIF_PREPARE_DONE;
    } else if (get(object, "note")) {
        line.says = PIF_PREPARE_NOTE;
        line.text = g_strdup(get(object, "note"));
    } else if (get(object, "step") && get(object, "text")) {
        line.step = g_strdup(get(object, "step"));
        line.text = g_strdup(get(object, "text"));
    } else {
        json_decref(object);
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "pifarm-prepare says '%s'", text);
    }
    json_decref(object);
    *ret_line = line;
    return TRUE;
}

void pif_prepare_line_clear(PifPrepareLine *line)
{
    g_free(line->step);
    g_free(line->text);
    g_clear_error(&line->error);
}
