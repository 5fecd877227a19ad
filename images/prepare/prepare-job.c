// SPDX-License-Identifier: MIT
// A preparation as JSON, and back.
#include "images/prepare/prepare-job.h"

#include "pifarm/base/error.h"

#include <string.h>

/* What each value must look like, and the words for it. A hash may be of any method of crypt(5), or
 * "!" or "*" for no password. */
static const struct {
    gsize offset;
    const char *what;
    const char *pattern;
    const char *rule;
} rules[] = {
    {G_STRUCT_OFFSET(PifPrepareSpec, hostname), "host name",
     "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z", "letters a-z, digits and dashes, at most 63"},
    {G_STRUCT_OFFSET(PifPrepareSpec, user), "user name", "^[a-z_][a-z0-9_-]{0,31}\\z",
     "a letter a-z, then letters, digits, - and _, at most 32"},
    {G_STRUCT_OFFSET(PifPrepareSpec, password_hash), "password hash", "^([!*]|\\$[!-9;-~]+)\\z",
     "a hash as `openssl passwd -6` prints it, not the password"},
};

static const char ssh_key_pattern[] =
    "^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +[A-Za-z0-9+/=]+( [^\\n]*)?\\z";

static gboolean matches(const char *pattern, const char *text)
{
    return g_regex_match_simple(pattern, text, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
}

/* The keys, one line each: a text may be a file of several, with comments. */
static char **split_keys(char *const *texts)
{
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    for (; texts && *texts; texts++) {
        g_auto(GStrv) lines = g_strsplit(*texts, "\n", -1);
        for (char **line = lines; *line; line++)
            if (*g_strstrip(*line) && **line != '#')
                g_strv_builder_add(keys, *line);
    }
    return g_strv_builder_end(keys);
}

static gboolean check_keys(const PifPrepareSpec *spec, GError **error)
{
    g_auto(GStrv) keys = split_keys(spec->ssh_keys);
    if (*keys && !spec->user)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "an SSH key is of no use without a user to log in as");
    for (char **key = keys; *key; key++)
        if (!matches(ssh_key_pattern, *key))
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "'%.40s' is no SSH public key (ssh-ed25519 AAAA... comment)",
                                 *key);
    return TRUE;
}

gboolean pif_prepare_spec_check(const PifPrepareSpec *spec, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        const char *value = G_STRUCT_MEMBER(const char *, spec, rules[i].offset);
        if (value && !matches(rules[i].pattern, value))
            return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no %s: %s", value, rules[i].what,
                                 rules[i].rule);
    }
    if (spec->password_hash && !spec->user)
        return pif_error_set(error, PIF_ERROR_USAGE,
                             "a password is of no use without a user to log in as");
    return check_keys(spec, error);
}

json_t *pif_prepare_spec_to_json(const PifPrepareSpec *spec)
{
    json_t *list = json_array();
    g_auto(GStrv) keys = split_keys(spec->ssh_keys);
    for (char **key = keys; *key; key++)
        json_array_append_new(list, json_string(*key));
    return json_pack("{ss* ss* ss* so sb}", "hostname", spec->hostname, "user", spec->user,
                     "password-hash", spec->password_hash, "ssh-keys", list, "enable-ssh",
                     spec->enable_ssh);
}

/* Takes object. The result is GLib's to free. */
static char *dump(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    char *copy = g_strdup(text);
    free(text);
    json_decref(object);
    return copy;
}

char *pif_prepare_job_format(const PifPrepareSpec *spec, const char *disk, gboolean is_accelerated)
{
    json_t *object = pif_prepare_spec_to_json(spec);
    json_object_set_new(object, "disk", json_string(disk));
    json_object_set_new(object, "accelerated", json_boolean(is_accelerated));
    return dump(object);
}

static char **strings_of(const json_t *list)
{
    gsize i;
    json_t *element;
    g_autoptr(GStrvBuilder) strings = g_strv_builder_new();
    json_array_foreach(list, i, element) if (json_is_string(element))
        g_strv_builder_add(strings, json_string_value(element));
    return g_strv_builder_end(strings);
}

gboolean pif_prepare_job_parse(const char *text, PifPrepareJob **ret_job, GError **error)
{
    json_error_t failure;
    const char *disk, *hostname = NULL, *user = NULL, *password_hash = NULL;
    json_t *keys;
    int enable_ssh, is_accelerated;
    json_t *object = json_loads(text, 0, &failure);
    if (!object ||
        json_unpack_ex(object, &failure, 0, "{ss s?s s?s s?s so sb sb}", "disk", &disk, "hostname",
                       &hostname, "user", &user, "password-hash", &password_hash, "ssh-keys", &keys,
                       "enable-ssh", &enable_ssh, "accelerated", &is_accelerated) < 0) {
        json_decref(object);
        return pif_error_set(error, PIF_ERROR_USAGE, "the job is not as expected: %s",
                             failure.text);
    }
    PifPrepareJob *job = g_new0(PifPrepareJob, 1);
    job->disk = g_strdup(disk);
    job->hostname = g_strdup(hostname);
    job->user = g_strdup(user);
    job->password_hash = g_strdup(password_hash);
    job->ssh_keys = strings_of(keys);
    job->enable_ssh = enable_ssh;
    job->is_accelerated = is_accelerated;
    json_decref(object);
    *ret_job = job;
    return TRUE;
}

void pif_prepare_job_free(PifPrepareJob *job)
{
    if (!job)
        return;
    g_free(job->disk);
    g_free(job->hostname);
    g_free(job->user);
    g_free(job->password_hash);
    g_strfreev(job->ssh_keys);
    g_free(job);
}

char *pif_prepare_line_format(const PifPrepareLine *line)
{
    switch (line->says) {
    case PIF_PREPARE_STEP:
        return dump(json_pack("{ss ss}", "step", line->step, "text", line->text));
    case PIF_PREPARE_DONE:
        return dump(json_pack("{sb}", "done", TRUE));
    case PIF_PREPARE_ERROR:
        break;
    }
    return dump(json_pack("{ss ss}", "error", pif_error_code_name(line->error->code), "message",
                          line->error->message));
}

static const char *get(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
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
