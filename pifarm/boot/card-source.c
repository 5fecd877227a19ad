// SPDX-License-Identifier: MIT
// Files out of a FAT, by mtools, on their way through the folder that the partition copies into.
#include "pifarm/boot/card-source.h"

#include "pifarm/base/error.h"
#include "pifarm/base/file.h"

#include <unistd.h>

typedef struct {
    const PifCard *card;
    PifBootPartition *boot;
} CardSource;

static char *find(gpointer data, const char *path, GError **error)
{
    (void)error;
    const CardSource *source = data;
    return g_strdup(pif_boot_partition_find(source->boot, path));
}

static GBytes *read_file(gpointer data, const char *path, gsize max_size, GError **error)
{
    const CardSource *source = data;
    g_autofree char *copy = NULL;
    char *content = NULL;
    gsize size = 0;
    if (!pif_boot_partition_copy(source->boot, path, "firmware.part", &copy, error))
        return NULL;
    gboolean is_read = pif_file_read(copy, max_size, &content, &size, error);
    unlink(copy);
    return is_read ? g_bytes_new_take(content, size) : NULL;
}

/* One without a start.elf is none to boot from. */
static gboolean choose_partition(gpointer data, unsigned number, GError **error)
{
    (void)error;
    const CardSource *source = data;
    PifBootPartition other = {0};
    if (!pif_boot_partition_open_number(source->card, source->boot->directory, number, &other,
                                        NULL))
        return FALSE;
    gboolean is_bootable = pif_boot_partition_find(&other, "start.elf") != NULL;
    if (is_bootable) {
        PifBootPartition before = *source->boot;
        *source->boot = other;
        other = before;
    }
    pif_boot_partition_clear(&other);
    return is_bootable;
}

static const PifBootSourceKind card_kind = {
    .find = find,
    .read = read_file,
    .choose_partition = choose_partition,
    .free = g_free,
};

PifBootSource *pif_boot_source_new_card(const PifCard *card, PifBootPartition *boot)
{
    CardSource *source = g_new(CardSource, 1);
    *source = (CardSource){card, boot};
    return pif_boot_source_new(&card_kind, source, "on the boot partition");
}
