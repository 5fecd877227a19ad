// SPDX-License-Identifier: MIT
// The OpenSSH public key format, looked at closely enough to be sure.
#include "images/prepare/ssh-key.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/wire.h"

#include <string.h>

enum { MAX_FILE_SIZE = 64 * 1024 };

/* sshd(8), AUTHORIZED_KEYS FILE FORMAT; ssh-dss is off in every release since 2015. */
static const char *const types[] = {
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    NULL,
};

gboolean pif_ssh_key_has_type(const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, " ", 2);
    return g_strv_length(fields) == 2 && g_strv_contains(types, fields[0]);
}

gboolean pif_ssh_key_is_public(const char *line)
{
    gsize size;
    PifReader reader;
    g_auto(GStrv) fields = g_strsplit(line, " ", 3);
    if (!pif_ssh_key_has_type(line) || strchr(line, '\n'))
        return FALSE;
    g_autofree guchar *data = g_base64_decode(fields[1], &size);
    pif_reader_init(&reader, data, size);
    uint32_t type_length = pif_reader_be32(&reader);
    const uint8_t *type = pif_reader_bytes(&reader, type_length);
    return type && type_length == strlen(fields[0]) && memcmp(type, fields[0], type_length) == 0 &&
           pif_reader_left(&reader) >= 32;
}

static gboolean refuse_line(const char *path, const char *text, GError **error)
{
    if (strstr(text, "PRIVATE KEY-----") || g_str_has_prefix(text, "PuTTY-User-Key-File"))
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "%s is a PRIVATE key and must stay where it is; name the public key, "
                             "%s.pub (`ssh-keygen -y -f %s` prints it)",
                             path, path, path);
    return pif_error_set(
        error, PIF_ERROR_CONFIG,
        "%s is no public SSH key (one line, beginning with ssh-ed25519 or the like)", path);
}

/* Not a device or FIFO, which would block us. */
static gboolean check_file(const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return pif_error_set(
            error, PIF_ERROR_CONFIG,
            "there is no file %s; `ssh-keygen -t ed25519` makes a key pair, or name "
            "another",
            path);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return pif_error_set(error, PIF_ERROR_CONFIG, "%s is not a file", path);
    return TRUE;
}

gboolean pif_ssh_key_read_file(const char *path, GStrvBuilder *keys, GError **error)
{
    g_autofree char *text = NULL;
    unsigned n_keys = 0;
    if (!check_file(path, error) || !pif_file_read(path, MAX_FILE_SIZE, &text, NULL, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line == '\0' || **line == '#')
            continue;
        if (!pif_ssh_key_is_public(*line))
            return refuse_line(path, text, error);
        g_strv_builder_add(keys, *line);
        n_keys++;
    }
    return n_keys > 0 || refuse_line(path, text, error);
}

char *pif_ssh_key_find_private(const char *public_path)
{
    if (!g_str_has_suffix(public_path, ".pub"))
        return NULL;
    g_autofree char *path = g_strndup(public_path, strlen(public_path) - strlen(".pub"));
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path) : NULL;
}
