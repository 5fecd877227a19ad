// SPDX-License-Identifier: MIT
// Transfers into a partial file until it is whole.
#include "images/fetch/download.h"

#include "images/fetch/transfer.h"
#include "images/fetch/url.h"
#include "pifarm/base/error.h"

enum {
    MAX_POOR_TRIES = 5,           /* that were cut after little progress; without any: none */
    LITTLE_PROGRESS = 1 << 20,    /* bytes */
    MAX_AGE_S = 7 * 24 * 60 * 60, /* of unfinished downloads */
};

static const guint64 max_kept_bytes = (guint64)32 << 30;

/* One download on its way. */
typedef struct {
    const PifDownload *download;
    PifPartial *partial;
    char *title;
} Work;

static gboolean begin(gpointer data, const PifAnswer *answer, GError **error)
{
    Work *work = data;
    if (!pif_partial_begin(work->partial, answer->offset, answer->total, answer->validator, error))
        return FALSE;
    pif_progress_restart(work->download->progress, work->title, answer->offset, answer->total);
    return TRUE;
}

static gboolean add(gpointer data, const void *bytes, gsize size, GError **error)
{
    Work *work = data;
    if (!pif_partial_add(work->partial, bytes, size, error))
        return FALSE;
    pif_progress_set_bytes(work->download->progress, pif_partial_size(work->partial));
    return TRUE;
}

static gboolean try_once(Work *work, PifTransfer *transfer, GError **error)
{
    const PifDownload *download = work->download;
    guint64 size = pif_partial_size(work->partial);
    const char *validator = pif_partial_validator(work->partial);
    g_autofree char *same = g_strdup(validator); /* begin may replace it */
    *transfer = (PifTransfer){
        .url = download->url,
        .max_bytes = download->max_bytes,
        .stall_timeout_s = download->stall_timeout_s,
        .may_downgrade = download->may_downgrade,
        .offset = validator ? size : 0,
        .validator = same,
        .known = download->known,
        .begin = begin,
        .add = add,
        .data = work,
    };
    gboolean is_ok = pif_transfer_run(transfer, error);
    transfer->validator = NULL;
    return is_ok;
}

static gboolean set_unfinished_error(const Work *work, GError *failure, GError **error)
{
    guint64 size = pif_partial_size(work->partial);
    if (size == 0 || !pif_partial_validator(work->partial)) {
        pif_partial_discard(work->partial);
        g_propagate_error(error, failure);
        return FALSE;
    }
    g_autofree char *there = g_format_size_full(size, G_FORMAT_SIZE_IEC_UNITS);
    pif_error_set(error, (PifErrorCode)failure->code, "%s; the next try goes on after %s",
                  failure->message, there);
    g_error_free(failure);
    return FALSE;
}

static gboolean run(Work *work, gboolean *ret_is_unchanged, GError **error)
{
    for (int poor = 0;;) {
        PifTransfer transfer;
        GError *failure = NULL;
        guint64 before = pif_partial_size(work->partial);
        if (try_once(work, &transfer, &failure)) {
            *ret_is_unchanged = transfer.is_unchanged;
            return TRUE;
        }
        guint64 now = pif_partial_size(work->partial);
        poor += now < before + LITTLE_PROGRESS;
        if (!transfer.is_cut || now <= before || poor >= MAX_POOR_TRIES)
            return set_unfinished_error(work, failure, error);
        g_info("%s; going on", failure->message);
        g_error_free(failure);
    }
}

gboolean pif_download(const char *folder, const PifDownload *download, PifPartial **ret_partial,
                      gboolean *ret_is_unchanged, GError **error)
{
    g_autoptr(PifPartial) partial = NULL;
    g_autofree char *name = pif_url_file_name(download->url);
    g_autofree char *title = g_strdup_printf("downloading %s", name);
    *ret_is_unchanged = FALSE;
    if (!pif_url_check_http(download->url, error) ||
        !pif_partial_open(folder, download->url, &partial, error))
        return FALSE;
    pif_partial_sweep(folder, MAX_AGE_S, max_kept_bytes);
    Work work = {download, partial, title};
    if (!run(&work, ret_is_unchanged, error))
        return FALSE;
    if (*ret_is_unchanged)
        pif_partial_discard(partial);
    *ret_partial = g_steal_pointer(&partial);
    return TRUE;
}
