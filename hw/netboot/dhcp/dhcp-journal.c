// SPDX-License-Identifier: MIT
// A line a lease: "1795248000 b8:27:eb:12:34:56 10.77.0.11", 0 for one that was given back,
// 9223372036854775807 for one that was adopted.
#include "hw/netboot/dhcp/dhcp-journal.h"

#include "pifarm/base/error.h"
#include "pifarm/base/fd.h"
#include "pifarm/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SIZE = 256 << 20 };

struct PifDhcpJournal {
    char *path;
    PifFd fd;
    GString *pending;
};

static void format_lease(GString *text, int64_t expires_s, const uint8_t *mac, uint32_t address)
{
    g_string_append_printf(text, "%" PRId64 " %02x:%02x:%02x:%02x:%02x:%02x %u.%u.%u.%u\n",
                           expires_s, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], address >> 24,
                           address >> 16 & 255, address >> 8 & 255, address & 255);
}

static gboolean parse_lease(const char *line, int64_t *ret_expires_s, uint8_t *mac,
                            uint32_t *ret_address)
{
    uint8_t part[4];
    int end = 0;
    if (sscanf(line,
               "%" SCNd64 " %2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8 ":%2" SCNx8
               " %3" SCNu8 ".%3" SCNu8 ".%3" SCNu8 ".%3" SCNu8 "%n",
               ret_expires_s, &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &part[0],
               &part[1], &part[2], &part[3], &end) != 11 ||
        line[end] != '\0')
        return FALSE;
    *ret_address =
        (uint32_t)part[0] << 24 | (uint32_t)part[1] << 16 | (uint32_t)part[2] << 8 | part[3];
    return TRUE;
}

/* Bound to the pool, or to an array: whoever wants the leases of a file, oldest first. */
typedef void (*LeaseFunc)(const PifDhcpLease *lease, int64_t now_s, gpointer data);

static void replay_into_pool(const PifDhcpLease *lease, int64_t now_s, gpointer pool)
{
    int64_t left_s = lease->expires_s - now_s;
    const PifDhcpLease *known = pif_dhcp_pool_find(pool, lease->address);
    if (known && known->is_place)
        pif_dhcp_pool_bind(pool, lease->mac, lease->address);
    if (left_s > 0 && pif_dhcp_pool_take(pool, lease->mac, lease->address, now_s, left_s) &&
        lease->expires_s == INT64_MAX)
        pif_dhcp_pool_adopt(pool, lease->mac);
    if (left_s <= 0)
        pif_dhcp_pool_release(pool, lease->mac, lease->address);
}

/* What is behind the last newline was never promised. */
static void replay(char *text, int64_t now_s, LeaseFunc take, gpointer data)
{
    char *end = strrchr(text, '\n');
    if (!end)
        return;
    *end = '\0';
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        PifDhcpLease lease = {.state = PIF_DHCP_LEASED};
        if (parse_lease(*line, &lease.expires_s, lease.mac, &lease.address))
            take(&lease, now_s, data);
    }
}

static gboolean read_leases(const char *path, int64_t now_s, LeaseFunc take, gpointer data,
                            GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) failure = NULL;
    if (pif_file_read(path, MAX_SIZE, &text, NULL, &failure)) {
        replay(text, now_s, take, data);
        return TRUE;
    }
    if (g_error_matches(failure, PIF_ERROR, PIF_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

/* A client has one lease, and an address one client: the last word counts. */
static void replay_into_array(const PifDhcpLease *lease, int64_t now_s, gpointer data)
{
    GArray *leases = data;
    for (guint i = leases->len; i > 0; i--) {
        const PifDhcpLease *known = &g_array_index(leases, PifDhcpLease, i - 1);
        if (known->address == lease->address ||
            memcmp(known->mac, lease->mac, sizeof lease->mac) == 0)
            g_array_remove_index(leases, i - 1);
    }
    if (lease->expires_s > now_s)
        g_array_append_vals(leases, lease, 1);
}

static gint compare_addresses(gconstpointer a, gconstpointer b)
{
    const PifDhcpLease *left = a, *right = b;
    return left->address < right->address ? -1 : left->address > right->address;
}

GArray *pif_dhcp_journal_read(const char *path, int64_t now_s, GError **error)
{
    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(PifDhcpLease));
    if (!read_leases(path, now_s, replay_into_array, leases, error))
        return NULL;
    g_array_sort(leases, compare_addresses);
    return g_steal_pointer(&leases);
}

static void add_line(const PifDhcpLease *lease, gpointer text)
{
    if (lease->state == PIF_DHCP_LEASED || lease->is_adopted)
        format_lease(text, lease->expires_s, lease->mac, lease->address);
}

PifDhcpJournal *pif_dhcp_journal_open(const char *path, PifDhcpPool *pool, int64_t now_s,
                                      GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (!read_leases(path, now_s, replay_into_pool, pool, error))
        return NULL;
    pif_dhcp_pool_foreach(pool, add_line, text);
    if (!pif_file_write(path, text->str, (gssize)text->len, 0644, error))
        return NULL;
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        pif_error_set_errno(error, errno, "cannot write leases to %s", path);
        return NULL;
    }
    PifDhcpJournal *journal = g_new(PifDhcpJournal, 1);
    *journal = (PifDhcpJournal){g_strdup(path), fd, g_string_new(NULL)};
    return journal;
}

void pif_dhcp_journal_free(PifDhcpJournal *journal)
{
    if (!journal)
        return;
    g_string_free(journal->pending, TRUE);
    pif_fd_clear(&journal->fd);
    g_free(journal->path);
    g_free(journal);
}

void pif_dhcp_journal_add(PifDhcpJournal *journal, const PifDhcpLease *lease)
{
    int64_t expires_s = lease->state == PIF_DHCP_LEASED || lease->is_adopted ? lease->expires_s : 0;
    format_lease(journal->pending, expires_s, lease->mac, lease->address);
}

gboolean pif_dhcp_journal_commit(PifDhcpJournal *journal, GError **error)
{
    ssize_t size = (ssize_t)journal->pending->len;
    if (size == 0)
        return TRUE;
    ssize_t written = write(journal->fd, journal->pending->str, (size_t)size);
    int err = written < 0 ? errno : ENOSPC;
    g_string_truncate(journal->pending, 0);
    if (written != size)
        return pif_error_set_errno(error, err, "cannot write leases to %s", journal->path);
    if (fdatasync(journal->fd) < 0)
        return pif_error_set_errno(error, errno, "cannot keep leases in %s", journal->path);
    return TRUE;
}
