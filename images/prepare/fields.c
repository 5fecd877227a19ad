// SPDX-License-Identifier: MIT
// The rows, and what can be done with a value by knowing its row.
#include "images/prepare/fields.h"

#include "images/disk/sha256.h"
#include "images/prepare/tree.h"
#include "images/prepare/unit-file.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>

enum { MAX_FILE_SIZE = 256 * 1024 };

#define AT(member) G_STRUCT_OFFSET(PifPrepareSpec, member)

/* The name of a file, which becomes one on the card: no option, no hidden file, no folder. */
#define PLAIN_NAME "[A-Za-z0-9_][A-Za-z0-9_.@:\\\\-]{0,200}"

/* Several lines, too. */
#define COMMAND "^(?s).*[^\\s].*\\z"

/* A hash may be of any method of crypt(5), or "!" or "*" for no password. IEEE 802.11: an SSID has
 * 32 bytes, a passphrase 8 to 63 printable ASCII characters. */
const PifPrepareField pif_prepare_fields[] = {
    {"hostname", PIF_PREPARE_TEXT, AT(hostname), "host name",
     "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z", "letters a-z, digits and dashes, at most 63", NULL},
    {"user", PIF_PREPARE_TEXT, AT(user), "user name", "^[a-z_][a-z0-9_-]{0,31}\\z",
     "a letter a-z, then letters, digits, - and _, at most 32", NULL},
    {"password-hash", PIF_PREPARE_TEXT, AT(password_hash), "password hash",
     "^([!*]|\\$[!-9;-~]+)\\z", "a hash as `openssl passwd -6` prints it, not the password", "user",
     TRUE},
    {"ssh-keys", PIF_PREPARE_LINES, AT(ssh_keys), "SSH public key",
     "^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +[A-Za-z0-9+/=]+( [^[:cntrl:]]*)?\\z",
     "ssh-ed25519 AAAA... comment", "user"},
    {"ssh-enable", PIF_PREPARE_TRUTH, AT(enable_ssh), NULL, NULL, NULL, NULL},
    {"wifi", PIF_PREPARE_TEXT, AT(wifi), "name of a wireless network", "^[^[:cntrl:]]{1,32}\\z",
     "1 to 32 characters, none of them a control character", NULL},
    {"wifi-psk", PIF_PREPARE_TEXT, AT(wifi_psk), "passphrase of a wireless network",
     "^([ -~]{8,63}|[0-9a-fA-F]{64})\\z", "8 to 63 ASCII characters, or 64 hex digits", "wifi",
     TRUE},
    {"wifi-country", PIF_PREPARE_TEXT, AT(wifi_country), "country code", "^[A-Z]{2}\\z",
     "two capital letters, as DE", "wifi"},
    {"locale", PIF_PREPARE_TEXT, AT(locale), "locale",
     "^(C|POSIX|[a-z]{2,3}(_[A-Z]{2})?)(\\.[A-Za-z0-9-]{1,20})?(@[a-z]{1,20})?\\z",
     "as de_DE.UTF-8", NULL},
    {"timezone", PIF_PREPARE_TEXT, AT(timezone), "time zone",
     "^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}\\z", "as Europe/Berlin", NULL},
    {"keyboard", PIF_PREPARE_TEXT, AT(keyboard), "keyboard layout",
     "^[a-z]{2,12}(:[a-z][a-z0-9_-]{0,30})?\\z", "as de, or with a variant as de:nodeadkeys", NULL},
    {"copy", PIF_PREPARE_TREES, AT(copies), NULL, NULL, NULL, NULL},
    {"expand", PIF_PREPARE_TREES, AT(expansions), NULL, NULL, NULL, NULL},
    {"unit", PIF_PREPARE_FILES, AT(units), "name of a systemd unit",
     "^" PLAIN_NAME "\\.(service|socket|timer|path|mount|automount|swap|target|slice)\\z",
     "as hello.service, of letters, digits and : _ . @ -", NULL, FALSE, pif_unit_file_check},
    {"firstboot", PIF_PREPARE_FILES, AT(firstboots), "name of a script", "^" PLAIN_NAME "\\z",
     "letters, digits and : _ . @ -, beginning with a letter or digit", NULL},
    {"packages", PIF_PREPARE_LINES, AT(packages), "Debian package",
     "^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~-]+|/[A-Za-z0-9.-]+)?\\z",
     "a name, as htop, or with a version as htop=3.2.2-2", NULL},
    {"run", PIF_PREPARE_SCRIPTS, AT(runs), "command", COMMAND, "a text that is not empty", NULL},
    {"run-booted", PIF_PREPARE_SCRIPTS, AT(booted_runs), "command", COMMAND,
     "a text that is not empty", NULL},
    {NULL},
};

const PifPrepareField *pif_prepare_field_find(const char *key)
{
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++)
        if (g_str_equal(field->key, key))
            return field;
    return NULL;
}

/* For a message: long values cut, and nothing in them that a terminal would obey. Free it. */
static char *quote(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    GString *text = g_string_new(NULL);
    for (const char *at = valid; *at && text->len < 60; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        g_string_append_unichar(text, g_unichar_isprint(letter) ? letter : '?');
    }
    return g_string_free(text, FALSE);
}

gboolean pif_prepare_field_check(const PifPrepareField *field, const char *value, GError **error)
{
    gboolean is_path = field->kind == PIF_PREPARE_FILES;
    g_autofree char *name = is_path ? g_path_get_basename(value) : g_strdup(value);
    if (!field->pattern ||
        (g_utf8_validate(name, -1, NULL) &&
         g_regex_match_simple(field->pattern, name, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT)))
        return TRUE;
    g_autofree char *shown = quote(name);
    if (field->is_secret)
        return pif_error_set(error, PIF_ERROR_USAGE, "that is no %s (it is not shown here): %s",
                             field->what, field->rule);
    return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is no %s: %s", shown, field->what,
                         field->rule);
}

static const char *get_text(const PifPrepareField *field, const PifPrepareSpec *spec)
{
    return G_STRUCT_MEMBER(const char *, spec, field->offset);
}

static char **get_list(const PifPrepareField *field, const PifPrepareSpec *spec)
{
    return G_STRUCT_MEMBER(char **, spec, field->offset);
}

/* The texts' lines without comments and empty ones. */
static char **split_lines(char *const *texts)
{
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
    for (; texts && *texts; texts++) {
        g_auto(GStrv) lines = g_strsplit(*texts, "\n", -1);
        for (char **line = lines; *line; line++)
            if (*g_strstrip(*line) && **line != '#')
                g_strv_builder_add(kept, *line);
    }
    return g_strv_builder_end(kept);
}

/* The single values of a field of any kind. */
static char **values_of(const PifPrepareField *field, const PifPrepareSpec *spec)
{
    const char *text[] = {NULL, NULL};
    switch (field->kind) {
    case PIF_PREPARE_TRUTH:
        break;
    case PIF_PREPARE_TEXT:
        text[0] = get_text(field, spec);
        break;
    case PIF_PREPARE_LINES:
        return split_lines(get_list(field, spec));
    case PIF_PREPARE_SCRIPTS:
    case PIF_PREPARE_FILES:
    case PIF_PREPARE_TREES:
        return g_strdupv(get_list(field, spec) ? get_list(field, spec) : (char **)text);
    }
    return g_strdupv((char **)text);
}

static gboolean is_set(const PifPrepareField *field, const PifPrepareSpec *spec)
{
    if (field->kind == PIF_PREPARE_TRUTH)
        return G_STRUCT_MEMBER(gboolean, spec, field->offset);
    g_auto(GStrv) values = values_of(field, spec);
    return *values != NULL;
}

static gboolean check_field(const PifPrepareField *field, const PifPrepareSpec *spec,
                            GError **error)
{
    g_auto(GStrv) values = values_of(field, spec);
    for (char **value = values; *value; value++)
        if (!pif_prepare_field_check(field, *value, error))
            return FALSE;
    if (!*values || !field->needs || is_set(pif_prepare_field_find(field->needs), spec))
        return TRUE;
    return pif_error_set(error, PIF_ERROR_USAGE, "'%s' is of no use without '%s'", field->key,
                         field->needs);
}

gboolean pif_prepare_spec_check(const PifPrepareSpec *spec, GError **error)
{
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++)
        if (!check_field(field, spec, error))
            return FALSE;
    return TRUE;
}

static json_t *plan_file(const PifPrepareField *field, const char *path, GError **error)
{
    gsize size;
    g_autofree char *text = NULL;
    g_autofree char *name = g_path_get_basename(path);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        pif_error_set(error, PIF_ERROR_NOT_FOUND, "there is no file %s", path);
    else if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        pif_error_set(error, PIF_ERROR_USAGE, "%s is not a file", path);
    else if (!pif_file_read(path, MAX_FILE_SIZE, &text, &size, error))
        return NULL;
    else if (strlen(text) != size || !g_utf8_validate(text, (gssize)size, NULL))
        pif_error_set(error, PIF_ERROR_USAGE,
                      "%s is not a text in UTF-8; programs go into a folder that is copied", path);
    else if (!field->check_file || field->check_file(name, text, error))
        return json_pack("{ss ss}", "name", name, "text", text);
    return NULL;
}

static json_t *plan_tree(const char *path, GError **error)
{
    g_autoptr(PifTree) tree = pif_tree_open(path, error);
    return tree ? json_pack("{ss ss}", "from", path, "sha256", tree->sha256) : NULL;
}

static json_t *plan_value(const PifPrepareField *field, const char *value, GError **error)
{
    if (field->kind == PIF_PREPARE_FILES)
        return plan_file(field, value, error);
    if (field->kind == PIF_PREPARE_TREES)
        return plan_tree(value, error);
    json_t *text = json_string(value);
    if (!text)
        pif_error_set(error, PIF_ERROR_USAGE, "the %s is not in UTF-8", field->what);
    return text;
}

static json_t *plan_field(const PifPrepareField *field, const PifPrepareSpec *spec, GError **error)
{
    g_auto(GStrv) values = values_of(field, spec);
    if (field->kind == PIF_PREPARE_TRUTH)
        return json_true();
    if (field->kind == PIF_PREPARE_TEXT)
        return plan_value(field, *values, error);
    json_t *list = json_array();
    for (char **value = values; *value; value++) {
        json_t *element = plan_value(field, *value, error);
        if (!element) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, element);
    }
    return list;
}

json_t *pif_prepare_plan(const PifPrepareSpec *spec, GError **error)
{
    json_t *plan = json_object();
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++) {
        if (!is_set(field, spec))
            continue;
        json_t *value = plan_field(field, spec, error);
        if (!value) {
            json_decref(plan);
            return NULL;
        }
        json_object_set_new(plan, field->key, value);
    }
    return plan;
}

/* Where folders are is not what they are. */
static void forget_places(json_t *plan)
{
    gsize i;
    json_t *element;
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++)
        if (field->kind == PIF_PREPARE_TREES)
            json_array_foreach(json_object_get(plan, field->key), i, element)
                json_object_del(element, "from");
}

char *pif_prepare_plan_hash(const json_t *plan)
{
    json_t *contents = json_deep_copy(plan);
    forget_places(contents);
    char *text = json_dumps(contents, JSON_COMPACT | JSON_SORT_KEYS);
    char *hash = pif_sha256_of_string(text);
    free(text);
    json_decref(contents);
    return hash;
}

static void append(char ***list, char *const *more)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_strv_builder_addv(all, (const char **)(*list ? *list : (char *[]){NULL}));
    g_strv_builder_addv(all, (const char **)more);
    g_strfreev(*list);
    *list = g_strv_builder_end(all);
}

void pif_prepare_spec_merge(PifPrepareSpec *spec, const PifPrepareSpec *over)
{
    if (over->size)
        spec->size = over->size;
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++) {
        gpointer member = G_STRUCT_MEMBER_P(spec, field->offset);
        if (field->kind == PIF_PREPARE_TRUTH && is_set(field, over)) {
            *(gboolean *)member = TRUE;
        } else if (field->kind == PIF_PREPARE_TEXT && get_text(field, over)) {
            g_free(*(char **)member);
            *(char **)member = g_strdup(get_text(field, over));
        } else if (field->kind != PIF_PREPARE_TRUTH && field->kind != PIF_PREPARE_TEXT &&
                   get_list(field, over)) {
            append(member, get_list(field, over));
        }
    }
}

void pif_prepare_spec_clear(PifPrepareSpec *spec)
{
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++) {
        if (field->kind == PIF_PREPARE_TEXT)
            g_free((gpointer)get_text(field, spec));
        else if (field->kind != PIF_PREPARE_TRUTH)
            g_strfreev(get_list(field, spec));
    }
    *spec = (PifPrepareSpec){0};
}
