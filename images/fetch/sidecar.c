// SPDX-License-Identifier: MIT
// Lines of checksums; where they are found.
#include "images/fetch/sidecar.h"

#include "images/disk/sha256.h"
#include "images/fetch/transfer.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <string.h>
#include <sys/stat.h>

enum {
    MAX_BYTES = 64 * 1024,
    MAX_LINES = 1000,
    HASH_DIGITS = 64,
};

static gboolean parse_hash(const char *text, char **ret_sha256)
{
    g_autofree char *digits = g_ascii_strdown(text, HASH_DIGITS);
    if (!pif_sha256_is_valid(digits))
        return FALSE;
    *ret_sha256 = g_steal_pointer(&digits);
    return TRUE;
}

/* sha256sum(1): two spaces, or a space and a star for binary mode. */
static gboolean parse_plain(const char *line, char **ret_sha256, char **ret_name)
{
    if (strlen(line) < HASH_DIGITS || !parse_hash(line, ret_sha256))
        return FALSE;
    const char *rest = line + HASH_DIGITS;
    if (*rest && *rest != ' ' && *rest != '\t') {
        g_clear_pointer(ret_sha256, g_free);
        return FALSE;
    }
    while (*rest == ' ' || *rest == '\t')
        rest++;
    *ret_name = g_strdup(*rest == '*' ? rest + 1 : rest);
    return TRUE;
}

/* sha256sum --tag, and BSD: "SHA256 (name) = HEX" */
static gboolean parse_tagged(const char *line, char **ret_sha256, char **ret_name)
{
    static const char head[] = "SHA256 (";
    static const char middle[] = ") = ";
    const char *end = g_strrstr(line, middle);
    if (!g_str_has_prefix(line, head) || !end || strlen(end + strlen(middle)) != HASH_DIGITS ||
        !parse_hash(end + strlen(middle), ret_sha256))
        return FALSE;
    *ret_name = g_strndup(line + strlen(head), (gsize)(end - line) - strlen(head));
    return TRUE;
}

/* Of several lines only that with the name counts. */
static gboolean choose(char **lines, const char *name, char **ret_sha256)
{
    guint count = 0;
    gboolean is_named = FALSE;
    g_autofree char *chosen = NULL;
    for (; *lines && !is_named; lines++) {
        g_autofree char *sha256 = NULL;
        g_autofree char *its_name = NULL;
        char *line = g_strstrip(*lines);
        if (!parse_plain(line, &sha256, &its_name) && !parse_tagged(line, &sha256, &its_name))
            continue;
        g_autofree char *base = g_path_get_basename(its_name);
        is_named = g_str_equal(base, name);
        if (is_named || ++count == 1) {
            g_free(chosen);
            chosen = g_steal_pointer(&sha256);
        }
    }
    if (!is_named && count != 1)
        return FALSE;
    *ret_sha256 = g_steal_pointer(&chosen);
    return TRUE;
}

gboolean pif_sidecar_parse(const char *text, gsize size, const char *name, char **ret_sha256,
                           GError **error)
{
    if (size > MAX_BYTES || memchr(text, '\0', size))
        return pif_error_set(error, PIF_ERROR_PROTOCOL, "it is no file of checksums");
    g_autofree char *copy = g_strndup(text, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", MAX_LINES);
    return choose(lines, name, ret_sha256) ||
           pif_error_set(error, PIF_ERROR_PROTOCOL, "it has no SHA-256 of '%s'", name);
}

/* Takes failure. Where the server has no say in it, doing without helps. */
static gboolean set_useless(GError *failure, GError **error)
{
    gboolean helps = g_error_matches(failure, PIF_ERROR, PIF_ERROR_PROTOCOL) ||
                     g_error_matches(failure, PIF_ERROR, PIF_ERROR_BUSY);
    pif_error_set(error, (PifErrorCode)pif_error_exit_status(failure), "%s%s", failure->message,
                  helps ? "; --no-sidecar does without it, --sha256 is better" : "");
    g_error_free(failure);
    return FALSE;
}

static gboolean use(const char *text, gsize size, const char *name, const char *where,
                    char **ret_sha256, char **ret_where, GError **error)
{
    GError *failure = NULL;
    GError *described = NULL;
    if (!pif_sidecar_parse(text, size, name, ret_sha256, &failure)) {
        pif_error_take(&described, failure, "cannot use the checksum file %s", where);
        return set_useless(described, error);
    }
    *ret_where = g_strdup(where);
    return TRUE;
}

/* Stores without a listing answer 403 for what is not there. */
static gboolean means_absent(int status)
{
    return status == 401 || status == 403 || status == 404 || status == 410;
}

gboolean pif_sidecar_fetch(const char *url, guint stall_timeout_s, char **ret_sha256,
                           char **ret_where, GError **error)
{
    gsize size = 0;
    GError *failure = NULL;
    g_autofree char *text = NULL;
    g_autofree char *beside = pif_url_add_suffix(url, ".sha256");
    g_autofree char *name = pif_url_file_name(url);
    *ret_sha256 = *ret_where = NULL;
    if (!pif_url_check_http(url, error))
        return FALSE;
    g_autofree char *where = pif_url_redact(beside);
    PifTransfer transfer = {
        .url = beside,
        .on_behalf_of = url, /* where there is no server or network, that cannot be had either */
        .max_bytes = MAX_BYTES,
        .stall_timeout_s = stall_timeout_s,
    };
    if (pif_transfer_read(&transfer, &text, &size, &failure))
        return use(text, size, name, where, ret_sha256, ret_where, error);
    if (!transfer.status) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    if (!means_absent(transfer.status))
        return set_useless(failure, error);
    g_error_free(failure);
    return TRUE;
}

gboolean pif_sidecar_read(const char *file, char **ret_sha256, char **ret_where, GError **error)
{
    struct stat status;
    gsize size = 0;
    g_autofree char *text = NULL;
    g_autofree char *beside = g_strconcat(file, ".sha256", NULL);
    g_autofree char *name = g_path_get_basename(file);
    *ret_sha256 = *ret_where = NULL;
    if (stat(beside, &status) < 0 || !S_ISREG(status.st_mode))
        return TRUE;
    return pif_file_read(beside, MAX_BYTES, &text, &size, error) &&
           use(text, size, name, beside, ret_sha256, ret_where, error);
}
