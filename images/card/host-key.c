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
static const char magic[] = "openssh-key-v1";
static const char begin_line[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
static const char end_line[] = "-----END OPENSSH PRIVATE KEY-----\n";

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
    GString *text = g_string_new(begin_line);
    for (const char *line = base64; *line; line += strnlen(line, LINE_LENGTH))
        g_string_append_printf(text, "%.*s\n", LINE_LENGTH, line);
    g_string_append(text, end_line);
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

/* RFC 4251, section 5: string */
static const guint8 *read_string(PifReader *reader, gsize *ret_size)
{
    *ret_size = pif_reader_be32(reader);
    return pif_reader_bytes(reader, *ret_size);
}

static gboolean is_text(PifReader *reader, const char *text)
{
    gsize size;
    const guint8 *bytes = read_string(reader, &size);
    return bytes && size == strlen(text) && memcmp(bytes, text, size) == 0;
}

/* The secret and the public half of put_file's key, one behind the other, or NULL. */
static const guint8 *find_halves(const guint8 *file, gsize size)
{
    PifReader reader;
    gsize length = 0;
    pif_reader_init(&reader, file, size);
    const guint8 *begin = pif_reader_bytes(&reader, sizeof magic);
    if (!begin || memcmp(begin, magic, sizeof magic) != 0 || !is_text(&reader, "none") ||
        !is_text(&reader, "none") || !is_text(&reader, "") || pif_reader_be32(&reader) != 1)
        return NULL;
    read_string(&reader, &length);                  /* the public key */
    pif_reader_skip(&reader, 3 * sizeof(uint32_t)); /* length of what follows, check twice */
    if (!is_text(&reader, type))
        return NULL;
    read_string(&reader, &length);
    const guint8 *halves = read_string(&reader, &length);
    return length == 2 * KEY_SIZE ? halves : NULL;
}

/* dropbear's ed25519.c, buf_put_ed25519_priv_key: type, then both halves as one string */
GBytes *pif_identity_to_dropbear(const char *private_key)
{
    guint8 bytes[MAX_BLOB_SIZE];
    gsize size = 0;
    PifWriter writer;
    if (!g_str_has_prefix(private_key, begin_line) || !g_str_has_suffix(private_key, end_line))
        return NULL;
    const char *base64 = private_key + sizeof begin_line - 1;
    g_autofree char *body = g_strndup(base64, strlen(base64) - sizeof end_line + 1);
    g_autofree guint8 *file = g_base64_decode(body, &size);
    const guint8 *halves = find_halves(file, size);
    pif_writer_init(&writer, bytes, sizeof bytes);
    put_text(&writer, type);
    if (halves)
        put_string(&writer, halves, 2 * KEY_SIZE);
    GBytes *key = halves ? g_bytes_new(bytes, writer.position) : NULL;
    explicit_bzero(bytes, sizeof bytes);
    return key;
}
