// SPDX-License-Identifier: MIT
// What crosses a link, frame by frame.
#pragma once

#include "netsetup/pcapng.h"

typedef struct PifCapture PifCapture;

/* DENIED without CAP_NET_RAW, NOT_FOUND without such a link. */
PifCapture *pif_capture_open(const char *link, GError **error);
void pif_capture_free(PifCapture *capture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifCapture, pif_capture_free)

/* Readable when there is a frame. */
int pif_capture_fd(const PifCapture *capture);
/* The next frame, valid until the next call; *ret_has_frame is false when there is none yet.
 * NOT_FOUND when the link is gone. */
gboolean pif_capture_read(PifCapture *capture, PifFrame *ret_frame, gboolean *ret_has_frame,
                          GError **error);
