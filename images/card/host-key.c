// SPDX-License-Identifier: MIT
// An SSH host key made here: ssh-keygen would take longer to start than all else of an identity.
#include "images/card/identity.h"
#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <errno.h>
#include <nettle/eddsa.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_SIZE = ED25519_KEY_SIZE, MAX_BLOB_SIZE = 1024, CIPHER_BLOCK = 8, LINE_LENGTH = 70 };

static const char type[] = "ssh-ed25519";

typedef struct {
    guint8 secret[KEY_SIZE]; /* RFC 8032's seed */
    guint8 public[KEY_SIZE];
    guint32 check;
} KeyPair;

static gboolean make_pair(KeyPair *pair, GError **error)
{
    if (getrandom(pair, sizeof *pair, 0) != sizeof *pair)
        return pif_error_set_errno(error, errno, "cannot get random numbers");
    ed25519_sha512_public_key(pair->public, pair->secret);
    return TRUE;
}

/* RFC 4251, section 5: string */
static void put_string(PifWriter *writer, const void *bytes, gsize size)
{
    pif_writer_be32(writer, (uint32_t)size);
    pif_writer_bytes(writer, bytes, size);
}

static void put_text(PifWriter *writer, const char *text)
{
    put_string(writer, text, strlen(text));
}

/* RFC 8709, section 4: the type, then the key */
static void put_public(PifWriter *writer, const KeyPair *pair)
{
    put_text(writer, type);
    put_string(writer, pair->public, KEY_SIZE);
}

/* PROTOCOL.key of OpenSSH, section 3: what would be encrypted; padded with 1, 2, 3, ... */
static void put_private(PifWriter *writer, const KeyPair *pair, const char *comment)
{
    pif_writer_be32(writer, pair->check);
    pif_writer_be32(writer, pair->check);
    put_public(writer, pair);
    pif_writer_be32(writer, 2 * KEY_SIZE);
    pif_writer_bytes(writer, pair->secret, KEY_SIZE);
    pif_writer_bytes(writer, pair->public, KEY_SIZE);
    put_text(writer, comment);
    for (guint8 pad = 1; writer->position % CIPHER_BLOCK && !writer->overflow; pad++)
        pif_writer_u8(writer, pad);
}

/* PROTOCOL.key of OpenSSH, section 1, with no cipher and no key derivation */
static void put_file(PifWriter *writer, const KeyPair *pair, const char *comment)
{
    static const char magic[] = "openssh-key-v1";
    guint8 bytes[MAX_BLOB_SIZE];
    PifWriter part;
    pif_writer_bytes(writer, magic, sizeof magic);
    put_text(writer, "none");
    put_text(writer, "none");
    put_text(writer, "");
    pif_writer_be32(writer, 1);
    pif_writer_init(&part, bytes, sizeof bytes);
    put_public(&part, pair);
    put_string(writer, bytes, part.position);
    pif_writer_init(&part, bytes, sizeof bytes);
    put_private(&part, pair, comment);
    put_string(writer, bytes, part.position);
    explicit_bzero(bytes, sizeof bytes);
}

static char *format_private(const guint8 *file, gsize size)
{
    g_autofree char *base64 = g_base64_encode(file, size);
    GString *text = g_string_new("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for (const char *line = base64; *line; line += strnlen(line, LINE_LENGTH))
        g_string_append_printf(text, "%.*s\n", LINE_LENGTH, line);
    g_string_append(text, "-----END OPENSSH PRIVATE KEY-----\n");
    return g_string_free(text, FALSE);
}

static char *format_public(const KeyPair *pair, const char *comment)
{
    guint8 bytes[MAX_BLOB_SIZE];
    PifWriter writer;
    pif_writer_init(&writer, bytes, sizeof bytes);
    put_public(&writer, pair);
    g_autofree char *base64 = g_base64_encode(bytes, writer.position);
    return g_strdup_printf("%s %s %s\n", type, base64, comment);
}

gboolean pif_identity_make_host_key(const char *comment, char **ret_private, char **ret_public,
                                    GError **error)
{
    KeyPair pair;
    guint8 file[MAX_BLOB_SIZE];
    PifWriter writer;
    g_return_val_if_fail(strlen(comment) <= PIF_IDENTITY_COMMENT_MAX, FALSE);
    if (!make_pair(&pair, error))
        return FALSE;
    pif_writer_init(&writer, file, sizeof file);
    put_file(&writer, &pair, comment);
    *ret_private = format_private(file, writer.position);
    *ret_public = format_public(&pair, comment);
    explicit_bzero(file, sizeof file);
    explicit_bzero(&pair, sizeof pair);
    return TRUE;
}
