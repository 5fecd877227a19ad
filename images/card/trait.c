// SPDX-License-Identifier: MIT
// Reads the files of the table in trait-file.c from a card.
#include "images/card/trait.h"

#include "images/card/card-root.h"
#include "images/card/node-values.h"
#include "images/card/template.h"
#include "images/card/trait-file.h"
#include "pifarm/base/error.h"
#include "pifarm/base/wire.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_VALUES = 32, MAX_VALUE_LENGTH = 128, HASH_DIGITS = 16 };

void pif_trait_free(PifTrait *trait)
{
    if (!trait)
        return;
    g_free(trait->value);
    g_free(trait->path);
    g_free(trait);
}

/* "SHA256:" and base64 without padding, as OpenSSH prints it. */
static char *format_fingerprint(const char *type, const guint8 *blob, gsize size)
{
    guint8 digest[32];
    gsize digest_size = sizeof digest;
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(hash, blob, (gssize)size);
    g_checksum_get_digest(hash, digest, &digest_size);
    g_autofree char *base64 = g_base64_encode(digest, digest_size);
    base64[strcspn(base64, "=")] = '\0';
    return g_strdup_printf("%s SHA256:%s", type, base64);
}

/* RFC 4251, section 5: string */
static const guint8 *read_string(PifReader *reader, gsize *ret_size)
{
    *ret_size = pif_reader_be32(reader);
    return pif_reader_bytes(reader, *ret_size);
}

/* RFC 4253, section 6.6: a public key begins with its type. */
static char *format_key_blob(const guint8 *blob, gsize size)
{
    PifReader reader;
    gsize type_size;
    pif_reader_init(&reader, blob, size);
    const guint8 *type = read_string(&reader, &type_size);
    if (!type || !type_size || type_size > MAX_VALUE_LENGTH)
        return NULL;
    g_autofree char *name = g_strndup((const char *)type, type_size);
    return format_fingerprint(name, blob, size);
}

char *pif_trait_ssh_public_key(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    gsize size = 0;
    if (g_strv_length(words) < 2)
        return NULL;
    g_autofree guint8 *blob = g_base64_decode(words[1], &size);
    return format_key_blob(blob, size);
}

/* PROTOCOL.key of OpenSSH: magic, cipher, KDF, its options, number of keys, public key, ... */
static char *format_openssh_key(const guint8 *bytes, gsize size)
{
    static const char magic[] = "openssh-key-v1";
    PifReader reader;
    gsize blob_size;
    pif_reader_init(&reader, bytes, size);
    const guint8 *begin = pif_reader_bytes(&reader, sizeof magic);
    if (!begin || memcmp(begin, magic, sizeof magic) != 0)
        return NULL;
    for (int i = 0; i < 3; i++)
        read_string(&reader, &blob_size);
    pif_reader_skip(&reader, sizeof(uint32_t));
    const guint8 *blob = read_string(&reader, &blob_size);
    return blob ? format_key_blob(blob, blob_size) : NULL;
}

static char *format_hash(const char *bytes, gsize size)
{
    g_autofree char *digits =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
    return g_strdup_printf("sha256:%.*s", HASH_DIGITS, digits);
}

char *pif_trait_ssh_private_key(const char *text, gsize size)
{
    static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
    g_autofree char *copy = g_strndup(text, size);
    if (g_str_has_prefix(copy, begin)) {
        char *end = strstr(copy, "-----END");
        gsize blob_size = 0;
        if (end)
            *end = '\0';
        g_autofree guint8 *blob = g_base64_decode(copy + strlen(begin), &blob_size);
        char *formatted = format_openssh_key(blob, blob_size);
        if (formatted)
            return formatted;
    }
    return format_hash(text, size);
}

/* The card's words are a stranger's. */
static char *make_printable(const char *bytes, gsize size)
{
    char *text = g_utf8_make_valid(bytes, (gssize)MIN(size, MAX_VALUE_LENGTH));
    for (char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return text;
}

/* Takes value. */
static void add(GPtrArray *traits, const char *what, const char *path, char *value)
{
    PifTrait *trait = g_new0(PifTrait, 1);
    trait->what = what;
    trait->value = value;
    trait->path = g_strdup(path);
    g_ptr_array_add(traits, trait);
}

static void add_matches(GPtrArray *traits, const PifTraitFile *file, const char *path,
                        const char *bytes, gsize size)
{
    g_autoptr(GRegex) regex =
        g_regex_new(file->pattern, G_REGEX_RAW | G_REGEX_MULTILINE, G_REGEX_MATCH_DEFAULT, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_regex_match_full(regex, bytes, (gssize)size, 0, G_REGEX_MATCH_DEFAULT, &match, NULL);
    for (int i = 0; i < MAX_VALUES && g_match_info_matches(match); i++) {
        int start = 0, end = 0;
        g_match_info_fetch_pos(match, 1, &start, &end);
        add(traits, file->what, path, make_printable(bytes + start, (gsize)(end - start)));
        g_match_info_next(match, NULL);
    }
}

static void add_file(GPtrArray *traits, const PifTraitFile *file, const char *path, GBytes *content)
{
    gsize size;
    const char *bytes = g_bytes_get_data(content, &size);
    if (size == 0)
        return;
    switch (file->form) {
    case PIF_TRAIT_MATCH:
        add_matches(traits, file, path, bytes, size);
        break;
    case PIF_TRAIT_HASH:
        add(traits, file->what, path, format_hash(bytes, size));
        break;
    case PIF_TRAIT_SSH_KEY:
        add(traits, file->what, path, pif_trait_ssh_private_key(bytes, size));
        break;
    }
}

/* A file may have a row for each thing in it. */
static void add_file_of_rows(GPtrArray *traits, const char *path, GBytes *content)
{
    const PifTraitFile *file = pif_trait_file_find(path, 0);
    while (file) {
        add_file(traits, file, path, content);
        file = pif_trait_file_find(path, (gsize)(file - pif_trait_files) + 1);
    }
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the files, not the links: those lead to another row or to nowhere; and the list of templates.
 * NULL-terminated. */
static GPtrArray *find_paths(GHashTable *entries)
{
    GPtrArray *paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;
    gpointer entry;
    g_hash_table_iter_init(&iter, entries);
    while (g_hash_table_iter_next(&iter, &path, &entry))
        if (S_ISREG(((PifCardEntry *)entry)->mode) && pif_trait_file_find(path, 0))
            g_ptr_array_add(paths, path);
    g_ptr_array_sort(paths, compare_paths);
    g_ptr_array_add(paths, (gpointer)PIF_TEMPLATE_LIST);
    g_ptr_array_add(paths, NULL);
    return paths;
}

/* What was made of templates that no two nodes can make the same of. */
static gboolean add_templates(GPtrArray *traits, PifCardRoot *root, GBytes *list, GError **error)
{
    gsize size;
    g_auto(PifTemplates) templates = {0};
    if (!pif_templates_read(root, list, &templates, error))
        return FALSE;
    for (guint i = 0; templates.templates && i < templates.templates->len; i++) {
        const PifTemplate *template = templates.templates->pdata[i];
        const char *bytes = template->content ? g_bytes_get_data(template->content, &size) : NULL;
        if (!bytes || !pif_node_values_distinguish(template->text))
            continue;
        g_autofree char *hash = format_hash(bytes, size);
        add(traits, PIF_TRAIT_TEMPLATE, template->path,
            g_strdup_printf("%s %s", template->path, hash));
    }
    return TRUE;
}

static gboolean read_traits(PifCard *card, GPtrArray *traits, GError **error)
{
    g_autofree const char **folders = pif_trait_folders();
    g_autoptr(PifCardRoot) root = NULL;
    g_autoptr(GHashTable) entries = NULL;
    g_autoptr(GHashTable) unused = NULL;
    g_autoptr(GHashTable) contents = NULL;
    if (!pif_card_root_open_unclean(card, &root, error) ||
        !pif_card_root_list(root, folders, &entries, error))
        return FALSE;
    g_autoptr(GPtrArray) paths = find_paths(entries);
    if (!pif_card_root_survey(root, (const char *const[]){NULL}, (const char *const *)paths->pdata,
                              &unused, &contents, error))
        return FALSE;
    for (guint i = 0; i + 2 < paths->len; i++) {
        GBytes *content = g_hash_table_lookup(contents, paths->pdata[i]);
        if (content)
            add_file_of_rows(traits, paths->pdata[i], content);
    }
    return add_templates(traits, root, g_hash_table_lookup(contents, PIF_TEMPLATE_LIST), error);
}

gboolean pif_card_read_traits(PifCard *card, GPtrArray **ret_traits, GError **error)
{
    g_autoptr(GPtrArray) traits = g_ptr_array_new_with_free_func((GDestroyNotify)pif_trait_free);
    GError *failure = NULL;
    if (!read_traits(card, traits, &failure))
        return pif_error_take(error, failure, "card %s", pif_card_path(card));
    *ret_traits = g_steal_pointer(&traits);
    return TRUE;
}
