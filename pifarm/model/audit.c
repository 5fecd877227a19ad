// SPDX-License-Identifier: MIT
// The comparison behind `pifarm audit`.
#include "pifarm/model/audit.h"

#include "images/card/trait.h"
#include "pifarm/model/node-env.h"

#include <string.h>

static const char node_env_path[] = "/etc/pifarm/node.env";

/* "machine-id\n0123..." -> the names (a set in order) that have it. */
typedef struct {
    const PifFarm *farm;
    GHashTable *owners; /* key -> GPtrArray* of const char* */
    GPtrArray *keys;    /* in the order they were met */
} Census;

static void census_clear(Census *census)
{
    g_hash_table_unref(census->owners);
    g_ptr_array_unref(census->keys);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Census, census_clear)

void pif_audit_finding_free(PifAuditFinding *finding)
{
    if (!finding)
        return;
    g_free(finding->what);
    g_free(finding->value);
    g_strfreev(finding->names);
    g_free(finding);
}

static void add_finding(GPtrArray *findings, const char *problem, const char *what,
                        const char *value, const char *const *names)
{
    PifAuditFinding *finding = g_new0(PifAuditFinding, 1);
    finding->problem = problem;
    finding->what = g_strdup(what);
    finding->value = g_strdup(value);
    finding->names = g_strdupv((char **)names);
    g_ptr_array_add(findings, finding);
}

/* On another network two nodes may well have the same address. */
static gboolean is_in_lan(const PifFarm *farm, const char *text)
{
    uint32_t address;
    uint32_t mask = farm->lan.prefix_length ? ~(uint32_t)0 << (32 - farm->lan.prefix_length) : 0;
    return pif_ipv4_parse(text, &address) && (address & mask) == farm->lan.network;
}

static void count(Census *census, const char *what, const char *value, const char *name)
{
    if (g_str_equal(what, "address") && !is_in_lan(census->farm, value))
        return;
    g_autofree char *folded = g_ascii_strdown(value, -1);
    gboolean is_mac = g_str_equal(what, "MAC"); /* in capitals it is the same */
    g_autofree char *key = g_strconcat(what, "\n", is_mac ? folded : value, NULL);
    GPtrArray *owners = g_hash_table_lookup(census->owners, key);
    if (!owners) {
        owners = g_ptr_array_new();
        g_ptr_array_add(census->keys, key);
        g_hash_table_insert(census->owners, g_steal_pointer(&key), owners);
    }
    if (!g_ptr_array_find_with_equal_func(owners, name, g_str_equal, NULL))
        g_ptr_array_add(owners, (gpointer)name);
}

/* The values that farm.yaml gives the node, by their names in node.env. */
static const struct {
    const char *what;
    const char *variable;
} given[] = {{"node", "NODE="},
             {"node ID", "ID="},
             {"address", "ADDRESS="},
             {"MAC", "MAC="},
             {"serial number", "SERIAL="}};

static char *find_given(const PifFarm *farm, const PifNode *node, const char *what)
{
    g_autofree char *env = pif_node_format_env(farm, node);
    g_auto(GStrv) lines = g_strsplit(env, "\n", -1);
    for (gsize i = 0; i < G_N_ELEMENTS(given); i++)
        for (char **line = lines; *line && g_str_equal(given[i].what, what); line++)
            if (g_str_has_prefix(*line, given[i].variable))
                return g_strdup(*line + strlen(given[i].variable));
    return NULL;
}

static void count_farm(Census *census)
{
    for (guint i = 0; i < census->farm->nodes->len; i++) {
        const PifNode *node = g_ptr_array_index(census->farm->nodes, i);
        for (gsize j = 0; j < G_N_ELEMENTS(given); j++) {
            g_autofree char *value = find_given(census->farm, node, given[j].what);
            count(census, given[j].what, value, node->name);
        }
    }
}

static void count_cards(Census *census, const GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        const PifAuditSubject *subject = g_ptr_array_index(nodes, i);
        for (guint j = 0; j < subject->traits->len; j++) {
            const PifTrait *trait = g_ptr_array_index(subject->traits, j);
            count(census, trait->what, trait->value, subject->name);
        }
    }
}

static void report_shared(const Census *census, GPtrArray *findings)
{
    for (guint i = 0; i < census->keys->len; i++) {
        const char *key = g_ptr_array_index(census->keys, i);
        const GPtrArray *owners = g_hash_table_lookup(census->owners, key);
        if (owners->len < 2)
            continue;
        g_auto(GStrv) parts = g_strsplit(key, "\n", 2);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        for (guint j = 0; j < owners->len; j++)
            g_strv_builder_add(builder, owners->pdata[j]);
        g_auto(GStrv) names = g_strv_builder_end(builder);
        add_finding(findings, "shared", parts[0], parts[1], (const char *const *)names);
    }
}

/* farm.yaml was changed after the card was made. */
static void report_stale(const PifFarm *farm, const PifAuditSubject *subject, GPtrArray *findings)
{
    const PifNode *node = pif_farm_find_node(farm, subject->name);
    for (guint i = 0; node && i < subject->traits->len; i++) {
        const PifTrait *trait = g_ptr_array_index(subject->traits, i);
        g_autofree char *value = find_given(farm, node, trait->what);
        if (g_str_equal(trait->path, node_env_path) && value && !g_str_equal(trait->value, value))
            add_finding(findings, "unlike farm.yaml", trait->what, trait->value,
                        (const char *const[]){subject->name, NULL});
    }
}

/* Clients would refuse the node, or trust another machine for it. */
static void report_unknown_key(const PifAuditSubject *subject, GPtrArray *findings)
{
    g_autofree char *recorded =
        subject->public_key ? pif_trait_ssh_public_key(subject->public_key) : NULL;
    const char *found = NULL;
    for (guint i = 0; i < subject->traits->len; i++) {
        const PifTrait *trait = g_ptr_array_index(subject->traits, i);
        if (!g_str_equal(trait->what, "SSH host key"))
            continue;
        if (g_strcmp0(trait->value, recorded) == 0)
            return;
        found = trait->value;
    }
    if (recorded)
        add_finding(findings, "unlike known_hosts", "SSH host key", found ? found : "none",
                    (const char *const[]){subject->name, NULL});
}

/* machine-id(5): an image has an empty one, or all that is flashed from it is one machine. What
 * templates are for is not there before a node has it. */
static void report_image(const PifAuditSubject *image, GPtrArray *findings)
{
    for (guint i = 0; i < image->traits->len; i++) {
        const PifTrait *trait = g_ptr_array_index(image->traits, i);
        if (g_str_equal(trait->what, "machine-id") || g_str_equal(trait->what, PIF_TRAIT_TEMPLATE))
            add_finding(findings, "in the image", trait->what, trait->value,
                        (const char *const[]){image->name, NULL});
    }
}

static int compare_findings(gconstpointer a, gconstpointer b)
{
    const PifAuditFinding *one = *(PifAuditFinding *const *)a;
    const PifAuditFinding *other = *(PifAuditFinding *const *)b;
    int order = strcmp(one->problem, other->problem);
    if (order == 0)
        order = strcmp(one->what, other->what);
    return order ? order : strcmp(one->value, other->value);
}

GPtrArray *pif_audit_compare(const PifFarm *farm, const GPtrArray *nodes, const GPtrArray *images)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func((GDestroyNotify)pif_audit_finding_free);
    g_auto(Census) census = {
        .farm = farm,
        .owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                        (GDestroyNotify)g_ptr_array_unref),
        .keys = g_ptr_array_new(),
    };
    count_farm(&census);
    count_cards(&census, nodes);
    report_shared(&census, findings);
    for (guint i = 0; i < nodes->len; i++) {
        report_stale(farm, g_ptr_array_index(nodes, i), findings);
        report_unknown_key(g_ptr_array_index(nodes, i), findings);
    }
    for (guint i = 0; i < images->len; i++)
        report_image(g_ptr_array_index(images, i), findings);
    g_ptr_array_sort(findings, compare_findings);
    return findings;
}
