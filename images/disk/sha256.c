// SPDX-License-Identifier: MIT
// Hashes as the 64 hex digits by which images are known.
#include "images/disk/sha256.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void pif_sha256_add_zeros(PifSha256 *hash, guint64 count)
{
    static const guint8 zeros[64 * 1024];
    for (; count > sizeof zeros; count -= sizeof zeros)
        pif_sha256_add(hash, zeros, sizeof zeros);
    pif_sha256_add(hash, zeros, (gsize)count);
}

char *pif_sha256_finish(PifSha256 *hash)
{
    guint8 digest[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof digest, digest);
    char *text = g_malloc(2 * sizeof digest + 1);
    for (size_t i = 0; i < sizeof digest; i++) {
        text[2 * i] = hex_digits[digest[i] >> 4];
        text[2 * i + 1] = hex_digits[digest[i] & 0xf];
    }
    text[2 * sizeof digest] = '\0';
    return text;
}

char *pif_sha256_of_string(const char *text)
{
    PifSha256 hash;
    pif_sha256_init(&hash);
    pif_sha256_add(&hash, text, strlen(text));
    return pif_sha256_finish(&hash);
}

gboolean pif_sha256_is_valid(const char *digits)
{
    return digits && strlen(digits) == 2 * SHA256_DIGEST_SIZE &&
           strspn(digits, hex_digits) == 2 * SHA256_DIGEST_SIZE;
}
