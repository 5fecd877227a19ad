// SPDX-License-Identifier: MIT
// pifarm audit.
#include "images/card/trait.h"
#include "images/store/clone.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/base/paths.h"
#include "pifarm/base/progress.h"
#include "pifarm/cli/cli.h"
#include "pifarm/cli/cmd-image.h"
#include "pifarm/model/audit.h"
#include "pifarm/model/farm-image.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { KNOWN_HOSTS_MAX = 4 * 1024 * 1024, EXIT_FOUND = 1 };

/* What has been read, and what could not be. */
typedef struct {
    const PifFarm *farm;
    GHashTable *known_hosts; /* node -> key */
    GPtrArray *nodes;        /* PifAuditSubject* */
    GPtrArray *images;       /* PifAuditSubject* */
    GPtrArray *known_images; /* PifImage* */
    GPtrArray *failures;     /* char* */
    char **without_card;     /* names */
} Audit;

static void subject_free(gpointer data)
{
    PifAuditSubject *subject = data;
    g_clear_pointer(&subject->traits, g_ptr_array_unref);
    g_free(subject);
}

static void audit_clear(Audit *audit)
{
    g_clear_pointer(&audit->known_hosts, g_hash_table_unref);
    g_clear_pointer(&audit->nodes, g_ptr_array_unref);
    g_clear_pointer(&audit->images, g_ptr_array_unref);
    g_clear_pointer(&audit->known_images, g_ptr_array_unref);
    g_clear_pointer(&audit->failures, g_ptr_array_unref);
    g_strfreev(audit->without_card);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Audit, audit_clear)

/* "n1,10.77.0.11,[127.0.0.1]:5701 ssh-ed25519 AAAA...", as the daemon writes it */
static GHashTable *read_known_hosts(const char *farm)
{
    GHashTable *keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *directory = pif_paths_farm_dir(farm);
    g_autofree char *path = g_build_filename(directory, "known_hosts", NULL);
    g_autofree char *text = NULL;
    if (!pif_file_read(path, KNOWN_HOSTS_MAX, &text, NULL, NULL))
        return keys;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        gsize name_length = strcspn(*line, ", ");
        const char *key = strchr(*line, ' ');
        if (key)
            g_hash_table_replace(keys, g_strndup(*line, name_length), g_strdup(key + 1));
    }
    return keys;
}

/* In use or not: looking must not keep a node from starting. */
static gboolean read_card(const char *path, GPtrArray **ret_traits, GError **error)
{
    g_autoptr(PifCard) card = NULL;
    return pif_card_open_in_use(path, &card, error) &&
           pif_card_read_traits(card, ret_traits, error);
}

static void add_subject(GPtrArray *subjects, const char *name, GPtrArray *traits,
                        const char *public_key)
{
    PifAuditSubject *subject = g_new0(PifAuditSubject, 1);
    *subject = (PifAuditSubject){name, traits, public_key};
    g_ptr_array_add(subjects, subject);
}

static void add_failure(Audit *audit, const char *name, const GError *failure)
{
    g_ptr_array_add(audit->failures, g_strdup_printf("%s: %s", name, failure->message));
}

static gboolean audit_node(Audit *audit, const PifNode *node, GStrvBuilder *without, GError **error)
{
    g_autofree char *path = pif_paths_card(audit->farm->name, node->name);
    g_autoptr(GError) failure = NULL;
    GPtrArray *traits = NULL;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        g_strv_builder_add(without, node->name);
    else if (read_card(path, &traits, &failure))
        add_subject(audit->nodes, node->name, traits,
                    g_hash_table_lookup(audit->known_hosts, node->name));
    else if (g_error_matches(failure, PIF_ERROR, PIF_ERROR_DENIED))
        return pif_error_take(error, g_steal_pointer(&failure), "node '%s'", node->name);
    else
        add_failure(audit, node->name, failure);
    return TRUE;
}

static gboolean audit_nodes(Audit *audit, const GPtrArray *nodes, GError **error)
{
    g_autoptr(GStrvBuilder) without = g_strv_builder_new();
    g_autoptr(PifProgress) progress = pif_progress_new("audit", 0);
    for (guint i = 0; i < nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(nodes, i);
        g_autofree char *text = g_strdup_printf("audit: reading the card of %s", node->name);
        pif_progress_set_text(progress, text);
        if (!audit_node(audit, node, without, error))
            return FALSE;
    }
    audit->without_card = g_strv_builder_end(without);
    return TRUE;
}

/* The image under the node's card, or what its card would be made on. NULL: none. */
static PifImage *find_image(PifStore *store, const PifFarm *farm, const PifNode *node)
{
    g_auto(PifCloneInfo) info = {0};
    PifImage *image = NULL;
    g_autofree char *path = pif_paths_card(farm->name, node->name);
    if (pif_clone_read_info(path, &info, NULL)) {
        if (info.base)
            pif_store_find(store, info.base, &image, NULL);
    } else {
        pif_farm_image_find(store, node->image, &image, NULL);
    }
    return image;
}

/* An image that is not made yet, or has no root that could be read, has nothing to share. */
static gboolean audit_images(Audit *audit, const GPtrArray *nodes, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    if (!store)
        return FALSE;
    for (guint i = 0; i < nodes->len; i++) {
        GPtrArray *traits = NULL;
        PifImage *image = find_image(store, audit->farm, nodes->pdata[i]);
        if (!image)
            continue;
        g_ptr_array_add(audit->known_images, image);
        if (g_hash_table_add(seen, image->sha256) && read_card(image->path, &traits, NULL))
            add_subject(audit->images, image->names[0] ? image->names[0] : image->sha256, traits,
                        NULL);
    }
    return TRUE;
}

/* Without root there would seem to be no cards at all. */
static gboolean check_owner(const PifFarm *farm, GError **error)
{
    g_autofree char *own = pif_paths_farm_dir(farm->name);
    g_autofree char *roots = pif_paths_roots_farm_dir(farm->name);
    if (!roots || access(roots, F_OK) < 0 || access(own, F_OK) == 0)
        return TRUE;
    return pif_error_set(error, PIF_ERROR_DENIED, "the cards of farm '%s' are root's", farm->name);
}

enum { PROBLEM, WHAT, VALUE, NODES };

static const PifColumn columns[] = {
    [PROBLEM] = {"PROBLEM", "problem", PIF_COLUMN_TEXT},
    [WHAT] = {"WHAT", "what", PIF_COLUMN_TEXT},
    [VALUE] = {"VALUE", "value", PIF_COLUMN_TEXT},
    [NODES] = {"NODES", "nodes", PIF_COLUMN_TEXT},
};

static gboolean print_text(const Audit *audit, const GPtrArray *findings, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("findings", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < findings->len; i++) {
        const PifAuditFinding *finding = g_ptr_array_index(findings, i);
        g_autofree char *names = g_strjoinv(", ", finding->names);
        pif_table_add_row(table);
        pif_table_set(table, PROBLEM, finding->problem);
        pif_table_set(table, WHAT, finding->what);
        pif_table_set(table, VALUE, finding->value);
        pif_table_set(table, NODES, names);
    }
    if (findings->len && !pif_table_print(table, PIF_TABLE_TEXT, stdout, error))
        return FALSE;
    if (!findings->len && !audit->failures->len)
        printf("%u card%s read: nothing is shared\n", audit->nodes->len,
               audit->nodes->len == 1 ? "" : "s");
    for (guint i = 0; i < audit->failures->len; i++)
        fprintf(stderr, "pifarm: %s\n", (char *)audit->failures->pdata[i]);
    return TRUE;
}

static json_t *strings_to_json(char **strings, guint count)
{
    json_t *array = json_array();
    for (guint i = 0; i < count; i++)
        json_array_append_new(array, json_string(strings[i]));
    return array;
}

static void print_json(const Audit *audit, const GPtrArray *findings)
{
    json_t *array = json_array();
    json_t *read = json_array();
    for (guint i = 0; i < findings->len; i++) {
        const PifAuditFinding *finding = g_ptr_array_index(findings, i);
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:o}", "problem", finding->problem, "what",
                             finding->what, "value", finding->value, "nodes",
                             strings_to_json(finding->names, g_strv_length(finding->names))));
    }
    for (guint i = 0; i < audit->nodes->len; i++)
        json_array_append_new(read, json_string(((PifAuditSubject *)audit->nodes->pdata[i])->name));
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:o}", "findings", array, "read", read, "without_card",
        strings_to_json(audit->without_card, g_strv_length(audit->without_card)), "unreadable",
        strings_to_json((char **)audit->failures->pdata, audit->failures->len));
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

static gboolean run(const GPtrArray *nodes, const PifFarm *farm, gboolean is_json, int *ret_status,
                    GError **error)
{
    g_auto(Audit) audit = {
        .farm = farm,
        .known_hosts = read_known_hosts(farm->name),
        .nodes = g_ptr_array_new_with_free_func(subject_free),
        .images = g_ptr_array_new_with_free_func(subject_free),
        .known_images = g_ptr_array_new_with_free_func((GDestroyNotify)pif_image_free),
        .failures = g_ptr_array_new_with_free_func(g_free),
    };
    if (!check_owner(farm, error) || !audit_nodes(&audit, nodes, error) ||
        !audit_images(&audit, nodes, error))
        return FALSE;
    g_autoptr(GPtrArray) findings = pif_audit_compare(farm, audit.nodes, audit.images);
    *ret_status = findings->len || audit.failures->len ? EXIT_FOUND : 0;
    if (!is_json)
        return print_text(&audit, findings, error);
    print_json(&audit, findings);
    return TRUE;
}

gboolean pif_cmd_audit(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    gboolean is_json = FALSE;
    gboolean is_all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 'a', 0, G_OPTION_ARG_NONE, &is_all, "every node of the farm", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        .command = pif_cli_find_command("audit"),
        .options = entries,
        .description =
            "Reads the nodes' cards, of stopped nodes and of running ones as far as it is written, "
            "and names what two of them share and must not: host name, machine-id, SSH host keys, "
            "random seed, DHCP DUID, addresses, MACs, serial numbers and a few more. Also: what "
            "/etc/pifarm/node.env has unlike farm.yaml, a host key unlike known_hosts, and a "
            "machine-id in an image. Without NODE: all nodes.\n"
            "\n"
            "What was made before farm.yaml changed is mended by pifarm clone reset NODE.\n"
            "\n"
            "Exit status: 1 when there is any of that, or a card cannot be read.",
    };
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return *error == NULL;
    g_autoptr(GPtrArray) nodes = pif_cli_select(cli, argv + 1, is_all, TRUE, error);
    return nodes && run(nodes, cli->farm, is_json, ret_status, error);
}
