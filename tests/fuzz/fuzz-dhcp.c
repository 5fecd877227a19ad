// SPDX-License-Identifier: MIT
// Fuzz target: any bytes as messages to a DHCP server, whose answers are messages, and whose leases
// stay in order.
#include "hw/netboot/dhcp/dhcp-decide.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    SERVER = 0x0a4d0001,
    FIRST = 0x0a4d0064,
    LAST = 0x0a4d0067,
    PLACE = 0x0a4d000d,
    LEASE_S = 3600
};

static void check_message(const PifDhcpMessage *message)
{
    for (unsigned code = 0; code < 256; code++) {
        size_t size = 0;
        const uint8_t *bytes = pif_dhcp_get(message, (PifDhcpCode)code, &size);
        if (bytes)
            g_assert_true(bytes + size <= message->bytes + sizeof message->bytes);
    }
}

static void check_answer(const PifDhcpPool *pool, const PifDhcpReply *reply)
{
    PifDhcpMessage answer;
    if (reply->destination == PIF_DHCP_TO_NOBODY)
        return;
    g_assert_cmpuint(reply->size, >=, PIF_DHCP_MIN_REPLY);
    g_assert_true(pif_dhcp_parse(reply->bytes, reply->size, &answer));
    uint32_t yiaddr = answer.header.yiaddr;
    g_assert_true(yiaddr == 0 || yiaddr == PLACE || (yiaddr >= FIRST && yiaddr <= LAST));
    const PifDhcpLease *lease = yiaddr ? pif_dhcp_pool_find(pool, yiaddr) : NULL;
    g_assert_true(yiaddr == 0 || memcmp(lease->mac, reply->mac, sizeof reply->mac) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const PifDhcpBootFile boot_files[] = {{0, "bios.0"}, {7, "x64.efi"}};
    static const PifDhcpOption options[] = {
        {.code = PIF_DHCP_TFTP_SERVER, .size = 3, .bytes = "lab"},
        {.is_forced = true, .code = 224, .size = 255},
    };
    static PifDhcpConfig config = {.server = SERVER,
                                   .netmask = 0xffffff00,
                                   .lease_s = LEASE_S,
                                   .domain = "lab",
                                   .boot_file = "pxelinux.0",
                                   .boot_files = boot_files,
                                   .n_boot_files = G_N_ELEMENTS(boot_files),
                                   .options = options,
                                   .n_options = G_N_ELEMENTS(options)};
    static PifDhcpHosts *hosts;
    enum { PART = 400 };
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    if (!hosts) {
        hosts = pif_dhcp_hosts_new();
        pif_dhcp_hosts_add(hosts, "id:1", PLACE, NULL);
        pif_dhcp_hosts_add(hosts, "port:1", PLACE, NULL);
        config.hosts = hosts;
    }
    g_assert_true(pif_dhcp_pool_add_place(pool, PLACE, NULL, NULL));
    for (size_t at = 0; at < size; at += PART) {
        PifDhcpMessage message;
        PifDhcpReply reply;
        size_t part = MIN(size - at, PART);
        g_autofree uint8_t *copy = g_memdup2(data + at, part);
        if (!pif_dhcp_parse(copy, part, &message))
            continue;
        check_message(&message);
        pif_dhcp_decide(&config, pool, &message, NULL, (int64_t)at, &reply);
        check_answer(pool, &reply);
    }
    return 0;
}
