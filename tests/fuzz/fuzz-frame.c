// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as a frame that is heard, and as a packet between server and HTTP client.
#include "hw/netboot/ask/ask-packet.h"
#include "hw/netboot/dhcp/dhcp-arp.h"
#include "hw/netboot/dhcp/dhcp-frame.h"
#include "hw/netboot/dhcp/dhcp-rivals.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_question(const uint8_t *bytes, size_t size)
{
    uint8_t again[PIF_ASK_MAX_PACKET];
    PifAskQuestion question;
    PifAskAnswer answer;
    if (pif_ask_parse_question(bytes, size, &question) && strlen(question.text) < PIF_ASK_MAX_TEXT)
        g_assert_cmpmem(again, pif_ask_format_question(&question, again, sizeof again), bytes,
                        size);
    if (pif_ask_parse_answer(bytes, size, &answer) && strlen(answer.text) < PIF_ASK_MAX_TEXT)
        g_assert_cmpmem(again, pif_ask_format_answer(&answer, again, sizeof again), bytes, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *copy = g_memdup2(data, size);
    PifFramePath path;
    PifArpSender sender;
    size_t payload_size = 0;
    const uint8_t *payload = pif_frame_parse(copy, size, &path, &payload_size);
    if (payload)
        g_assert_true(payload >= copy + PIF_FRAME_HEADS && payload + payload_size <= copy + size);
    pif_arp_parse(copy, size, &sender);
    pif_dhcp_rival_parse(copy, size);
    check_question(copy, size);
    return 0;
}
