// SPDX-License-Identifier: MIT
// Edits that leave alone what they are not about.
#include "images/prepare/settings.h"

#include "pifarm/base/error.h"

#include <string.h>

/* So that a line can follow. */
static void end_line(GString *text)
{
    if (text->len && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
}

/* The lines of text, and the newline of each: the last has none if the text ends without. */
static char **split_keeping_ends(const char *text)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    while (text && *text) {
        const char *newline = strchr(text, '\n');
        gsize length = newline ? (gsize)(newline - text) + 1 : strlen(text);
        g_autofree char *line = g_strndup(text, length);
        g_strv_builder_add(lines, line);
        text += length;
    }
    return g_strv_builder_end(lines);
}

char *pif_settings_set(const char *text, const char *name, const char *value)
{
    gboolean is_done = FALSE;
    GString *edited = g_string_new(NULL);
    g_autofree char *prefix = g_strconcat(name, "=", NULL);
    g_auto(GStrv) lines = split_keeping_ends(text);
    for (char **line = lines; *line; line++) {
        gboolean is_it = g_str_has_prefix(*line, prefix);
        if (is_it && !is_done)
            g_string_append_printf(edited, "%s%s\n", prefix, value);
        else if (!is_it)
            g_string_append(edited, *line);
        is_done = is_done || is_it;
    }
    if (!is_done) {
        end_line(edited);
        g_string_append_printf(edited, "%s%s\n", prefix, value);
    }
    return g_string_free(edited, FALSE);
}

/* "de_DE.UTF-8 UTF-8"; without a character set in its name a locale has ISO-8859-1. Free it. */
static char *locale_line(const char *locale)
{
    const char *dot = strchr(locale, '.');
    gsize length = dot ? strcspn(dot + 1, "@") : 0;
    g_autofree char *charset = dot ? g_strndup(dot + 1, length) : g_strdup("ISO-8859-1");
    return g_strdup_printf("%s %s", locale, charset);
}

char *pif_settings_enable_locale(const char *text, const char *locale)
{
    GString *edited = g_string_new(NULL);
    g_autofree char *wanted = locale_line(locale);
    g_auto(GStrv) lines = split_keeping_ends(text);
    for (char **line = lines; *line; line++) {
        g_autofree char *bare = g_strdup(*line + strspn(*line, "# "));
        if (!g_str_equal(g_strchomp(bare), wanted))
            g_string_append(edited, *line);
    }
    end_line(edited);
    g_string_append_printf(edited, "%s\n", wanted);
    return g_string_free(edited, FALSE);
}

/* Both programs take other names than these as a list of bytes. */
static gboolean is_plain(const char *ssid)
{
    return g_regex_match_simple("^[A-Za-z][A-Za-z0-9_.-]*\\z", ssid, G_REGEX_DEFAULT,
                                G_REGEX_MATCH_DEFAULT);
}

/* NetworkManager's nm-settings-keyfile(5): an SSID is a string, or bytes with semicolons. */
static void set_ssid(GKeyFile *file, const char *ssid)
{
    int bytes[64];
    gsize length = MIN(strlen(ssid), G_N_ELEMENTS(bytes));
    for (gsize i = 0; i < length; i++)
        bytes[i] = (guchar)ssid[i];
    if (is_plain(ssid))
        g_key_file_set_string(file, "wifi", "ssid", ssid);
    else
        g_key_file_set_integer_list(file, "wifi", "ssid", bytes, length);
}

char *pif_settings_format_networkmanager(const char *ssid, const char *psk)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_string(file, "connection", "id", "pifarm-wifi");
    g_key_file_set_string(file, "connection", "type", "wifi");
    g_key_file_set_string(file, "wifi", "mode", "infrastructure");
    set_ssid(file, ssid);
    if (psk) {
        g_key_file_set_string(file, "wifi-security", "key-mgmt", "wpa-psk");
        g_key_file_set_string(file, "wifi-security", "psk", psk);
    }
    g_key_file_set_string(file, "ipv4", "method", "auto");
    g_key_file_set_string(file, "ipv6", "method", "auto");
    return g_key_file_to_data(file, NULL, NULL);
}

/* wpa_supplicant.conf(5): an SSID in quotes, or as hex digits; a passphrase in quotes, which may
 * have quotes in it; a key as 64 hex digits without. */
char *pif_settings_format_wpa_supplicant(const char *ssid, const char *psk, const char *country)
{
    GString *text = g_string_new("ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev\n"
                                 "update_config=1\n");
    if (country)
        g_string_append_printf(text, "country=%s\n", country);
    g_string_append(text, "\nnetwork={\n\tssid=");
    if (is_plain(ssid))
        g_string_append_printf(text, "\"%s\"", ssid);
    else
        for (const char *at = ssid; *at; at++)
            g_string_append_printf(text, "%02x", (guchar)*at);
    if (!psk)
        g_string_append(text, "\n\tkey_mgmt=NONE\n}\n");
    else if (strlen(psk) == 64)
        g_string_append_printf(text, "\n\tpsk=%s\n}\n", psk);
    else
        g_string_append_printf(text, "\n\tpsk=\"%s\"\n}\n", psk);
    return g_string_free(text, FALSE);
}

/* Of a line at the left margin: `hostname: x` and `"hostname": x`. */
static gboolean is_key(const char *line, const char *const *keys)
{
    gsize quote = *line == '"' || *line == '\'';
    gsize length = strcspn(line + quote, "\"': \t\n");
    g_autofree char *key = g_strndup(line + quote, length);
    return g_strv_contains(keys, key);
}

/* Belongs to the key above it: more to the right, an item of a list, or empty. */
static gboolean continues(const char *line)
{
    return strchr(" \t\n\r-", *line) != NULL && !g_str_has_prefix(line, "---");
}

static gboolean is_blank(const char *text)
{
    return !text || !text[strspn(text, " \t\r\n")];
}

char *pif_settings_edit_cloud_config(const char *text, const char *const *dropped,
                                     const char *added, GError **error)
{
    gboolean is_dropped = FALSE;
    g_autoptr(GString) edited = g_string_new(is_blank(text) ? "#cloud-config\n" : NULL);
    g_auto(GStrv) lines = split_keeping_ends(is_blank(text) ? NULL : text);
    if (*lines && !g_str_has_prefix(*lines, "#cloud-config")) {
        pif_error_set(error, PIF_ERROR_CONFIG,
                      "cloud-init's user-data begins with '%.40s', not #cloud-config, and would "
                      "undo this on the first boot; remove it",
                      g_strchomp(*lines));
        return NULL;
    }
    for (char **line = lines; *line; line++) {
        if (**line == '{') {
            pif_error_set(error, PIF_ERROR_CONFIG,
                          "cloud-init's user-data is in braces; write it as `key: value` lines");
            return NULL;
        }
        if (!continues(*line))
            is_dropped = is_key(*line, dropped);
        if (!is_dropped)
            g_string_append(edited, *line);
    }
    end_line(edited);
    g_string_append(edited, added);
    return g_string_free(g_steal_pointer(&edited), FALSE);
}
