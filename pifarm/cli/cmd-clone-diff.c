// SPDX-License-Identifier: MIT
// pifarm clone diff.
#include "images/clone/diff.h"
#include "images/clone/overlay.h"
#include "images/clone/qemu-img.h"
#include "images/store/backing.h"
#include "pifarm/base/error.h"
#include "pifarm/cli/cmd-clone.h"
#include "pifarm/cli/cmd-image.h"

enum { CHANGE, SIZE, WAS, PARTITION, FILE_PATH };

static const PifColumn columns[] = {
    [CHANGE] = {"CHANGE", "change", PIF_COLUMN_TEXT},
    [SIZE] = {"SIZE", "size", PIF_COLUMN_NUMBER},
    [WAS] = {"WAS", "old_size", PIF_COLUMN_NUMBER},
    [PARTITION] = {"PARTITION", "partition", PIF_COLUMN_TEXT},
    [FILE_PATH] = {"PATH", "path", PIF_COLUMN_TEXT},
};

static gboolean print(const GPtrArray *changes, gboolean is_json, GError **error)
{
    g_autoptr(PifTable) table = pif_table_new("changes", columns, G_N_ELEMENTS(columns));
    if (changes->len == 0 && !is_json)
        return TRUE;
    for (guint i = 0; i < changes->len; i++) {
        const PifFileChange *change = g_ptr_array_index(changes, i);
        g_autofree char *kinds = pif_change_format(change->kinds);
        g_autofree char *path = g_utf8_make_valid(change->path, -1);
        pif_table_add_row(table);
        pif_table_set(table, CHANGE, kinds);
        if (!(change->kinds & PIF_CHANGE_REMOVED))
            pif_table_set_number(table, SIZE, (gint64)change->new_size);
        if (!(change->kinds & PIF_CHANGE_ADDED))
            pif_table_set_number(table, WAS, (gint64)change->old_size);
        pif_table_set(table, PARTITION, change->is_boot ? "boot" : "root");
        pif_table_set(table, FILE_PATH, path);
    }
    return pif_table_print(table, is_json ? PIF_TABLE_JSON : PIF_TABLE_TEXT, stdout, error);
}

/* The image under the card. */
static gboolean open_base(PifStore *store, const PifClonedCard *card, PifCard **ret_base,
                          GError **error)
{
    g_autofree char *sha256 = NULL;
    g_autoptr(PifImage) image = NULL;
    if (!pif_clone_base(card->path, &sha256, error))
        return FALSE;
    if (!sha256)
        return pif_error_set(error, PIF_ERROR_NOT_FOUND,
                             "the card of node '%s' was flattened and has no image under it; name "
                             "a second node to compare it with",
                             card->node->name);
    return pif_store_find(store, sha256, &image, error) &&
           pif_card_open(image->path, FALSE, ret_base, error);
}

static gboolean open_overlay(PifStore *store, const PifClonedCard *card, PifOverlay *ret_overlay,
                             GError **error)
{
    const PifOverlayOptions options = {.is_in_use = card->is_in_use};
    GError *failure = NULL;
    if (!card->is_in_use)
        return pif_overlay_open(store, card->path, &options, ret_overlay, error);
    return pif_overlay_open(store, card->path, &options, ret_overlay, &failure) ||
           pif_error_take(error, failure, "%s is on and was writing, try again", card->node->name);
}

static GPtrArray *compare_with_base(PifStore *store, const PifClonedCard *card, GError **error)
{
    g_autoptr(PifCard) base = NULL;
    g_auto(PifOverlay) overlay = {0};
    if (!open_base(store, card, &base, error))
        return NULL;
    g_autoptr(GArray) written = pif_qemu_img_map(card->path, card->is_in_use, error);
    if (!written || !open_overlay(store, card, &overlay, error))
        return NULL;
    return pif_card_diff(base, overlay.card, written, error);
}

/* What either has written since they were the same image. *ret_written NULL: they never were. */
static gboolean find_written(const PifClonedCard *one, const PifClonedCard *two,
                             GArray **ret_written, GError **error)
{
    g_autofree char *base = NULL;
    g_autofree char *other_base = NULL;
    if (!pif_clone_base(one->path, &base, error) || !pif_clone_base(two->path, &other_base, error))
        return FALSE;
    if (!base || g_strcmp0(base, other_base) != 0)
        return TRUE;
    g_autoptr(GArray) written = pif_qemu_img_map(one->path, one->is_in_use, error);
    g_autoptr(GArray) more = written ? pif_qemu_img_map(two->path, two->is_in_use, error) : NULL;
    if (!more)
        return FALSE;
    g_array_append_vals(written, more->data, more->len);
    pif_ranges_normalize(written);
    *ret_written = g_steal_pointer(&written);
    return TRUE;
}

static GPtrArray *compare_two(PifStore *store, const PifClonedCard *one, const PifClonedCard *two,
                              GError **error)
{
    g_autoptr(GArray) written = NULL;
    g_auto(PifOverlay) before = {0};
    g_auto(PifOverlay) after = {0};
    if (!find_written(one, two, &written, error) || !open_overlay(store, one, &before, error) ||
        !open_overlay(store, two, &after, error))
        return NULL;
    return pif_card_diff(before.card, after.card, written, error);
}

/* cards: one, or two. */
static GPtrArray *compare(const GPtrArray *cards, GError **error)
{
    g_autoptr(PifProgress) progress = pif_progress_new("comparing", 0);
    g_autoptr(PifStore) store = pif_image_open_store(error);
    if (!store)
        return NULL;
    pif_progress_set_text(progress, "reading the cards");
    const PifClonedCard *first = cards->pdata[0];
    const PifClonedCard *second = cards->len > 1 ? cards->pdata[1] : NULL;
    GError *failure = NULL;
    GPtrArray *changes = second ? compare_two(store, first, second, &failure)
                                : compare_with_base(store, first, &failure);
    if (!changes)
        pif_error_take(error, failure, "cannot compare the card of %s with %s", first->node->name,
                       second ? second->node->name : "its image");
    return changes;
}

/* The nodes in the order in which they were named. */
static GPtrArray *select_nodes(PifCli *cli, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    if (!arguments[0])
        return pif_cli_select(cli, arguments, FALSE, FALSE, error); /* says what is missing */
    for (; *arguments; arguments++) {
        char *one[] = {*arguments, NULL};
        g_autoptr(GPtrArray) named = pif_cli_select(cli, one, FALSE, FALSE, error);
        if (!named)
            return NULL;
        g_ptr_array_extend(nodes, named, NULL, NULL);
    }
    if (nodes->len > 2 || (nodes->len == 2 && nodes->pdata[0] == nodes->pdata[1])) {
        pif_error_set(error, PIF_ERROR_USAGE,
                      "one node is compared with its image, or two different nodes");
        return NULL;
    }
    return g_steal_pointer(&nodes);
}

gboolean pif_clone_cmd_diff(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    (void)ret_status;
    gboolean is_json = FALSE;
    gboolean is_forced = FALSE;
    const GOptionEntry entries[] = {
        {"force", 0, 0, G_OPTION_ARG_NONE, &is_forced, "read the cards of nodes that are on", NULL},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL},
        G_OPTION_ENTRY_NULL};
    static const char description[] =
        "Lists the files that NODE has added, removed or changed since its card was made of an\n"
        "image; of two nodes, what would have to be done to the first's card to make it the\n"
        "second's. CHANGE is added, removed, type, content, mode, owner, target (of a symbolic\n"
        "link), device, or several. SIZE and WAS are bytes. Times and extended attributes are not\n"
        "compared.\n"
        "\n"
        "The card of a node that is on is read with --force as it is at the moment, and not\n"
        "written to: what the node has not written yet is missing, and a file that it is writing\n"
        "may be seen half done. `sync` in the node before it helps.\n"
        "\n"
        "Exit status: 0 also when there are differences, 7 when a node is on, without --force.";
    if (!pif_clone_parse(entries, description, &argc, &argv, error))
        return FALSE;
    g_autoptr(GPtrArray) nodes = select_nodes(cli, argv + 1, error);
    g_autoptr(GPtrArray) cards =
        nodes ? pif_cloned_cards_take(cli, nodes, is_forced ? PIF_CLAIM_ANY : PIF_CLAIM_FORCIBLE,
                                      "diff", error)
              : NULL;
    g_autoptr(GPtrArray) changes = cards ? compare(cards, error) : NULL;
    return changes && print(changes, is_json, error);
}
