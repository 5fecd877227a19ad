// SPDX-License-Identifier: MIT
// DHCP: golden bytes, the pool, and what is answered to whom.
#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/dhcp/dhcp-frame.h"
#include "hw/netboot/dhcp/dhcp-journal.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

enum {
    SERVER = 0x0a4d0001, /* 10.77.0.1 */
    FIRST = 0x0a4d0064,
    LAST = 0x0a4d0067,
    NETMASK = 0xffffff00,
    NOW = 1000000,
    LEASE = 3600
};

static const uint8_t pi_mac[] = {0xb8, 0x27, 0xeb, 0x64, 0x24, 0x7d};
static const PifDhcpConfig config = {.server = SERVER, .netmask = NETMASK, .lease_s = LEASE};

/* The boot ROM's DISCOVER, byte by byte (NETBOOT.md 1.1), of serial 5564247d. */
static size_t make_rom_discover(uint8_t *bytes)
{
    static const uint8_t head[] = {1, 1, 6, 0, 0x26, 0xf3, 0x03, 0x39};
    static const char options[] = "\x63\x82\x53\x63"
                                  "\x35\x01\x01"
                                  "\x37\x0e\x2b\x3c\x43\x80\x81\x82\x83\x84\x85\x86\x87\x42\x01\x03"
                                  "\x5d\x02\x00\x00"
                                  "\x5e\x03\x01\x02\x01"
                                  "\x61\x11\x00\x7d\x24\x64\x55\x7d\x24\x64\x55\x7d\x24\x64\x55"
                                  "\x7d\x24\x64\x55"
                                  "\x3c\x20PXEClient:Arch:00000:UNDI:002001"
                                  "\xff";
    memset(bytes, 0, 236);
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + 28, pi_mac, sizeof pi_mac);
    memcpy(bytes + 236, options, sizeof options - 1);
    return 236 + sizeof options - 1;
}

static void parse(const uint8_t *bytes, size_t size, PifDhcpMessage *message)
{
    g_assert_true(pif_dhcp_parse(bytes, size, message));
}

static void the_roms_discover_is_322_bytes_and_read_in_full(void)
{
    uint8_t bytes[400];
    PifDhcpMessage message;
    uint8_t type = 0;
    uint16_t arch = 1;
    uint32_t serial = 0;
    size_t size = make_rom_discover(bytes);
    g_assert_cmpuint(size, ==, 322);
    parse(bytes, size, &message);
    g_assert_cmphex(message.header.xid, ==, 0x26f30339);
    g_assert_cmpmem(message.header.chaddr, 6, pi_mac, 6);
    g_assert_true(pif_dhcp_get_u8(&message, PIF_DHCP_TYPE, &type));
    g_assert_cmpuint(type, ==, PIF_DHCP_DISCOVER);
    g_assert_true(pif_dhcp_get_u16(&message, PIF_DHCP_ARCH, &arch));
    g_assert_cmpuint(arch, ==, 0);
    g_assert_cmpstr(pif_dhcp_profile_of(&message)->name, ==, "pi-3b-plus");
    g_assert_true(pif_dhcp_serial_of(&message, &serial));
    g_assert_cmphex(serial, ==, 0x5564247d);
}

static void every_cut_of_the_discover_is_read_or_refused(void)
{
    uint8_t bytes[400];
    size_t size = make_rom_discover(bytes);
    for (size_t cut = 0; cut <= size; cut++) {
        PifDhcpMessage message;
        g_autofree uint8_t *copy = g_memdup2(bytes, cut);
        g_assert_cmpint(pif_dhcp_parse(copy, cut, &message), ==, cut >= 240);
    }
}

static void the_roms_offer_is_this(void)
{
    static const char options[] = "\x63\x82\x53\x63"
                                  "\x35\x01\x02"
                                  "\x36\x04\x0a\x4d\x00\x01"
                                  "\x33\x04\x00\x00\x0e\x10"
                                  "\x01\x04\xff\xff\xff\x00"
                                  "\x3c\x09PXEClient"
                                  "\x61\x11\x00\x7d\x24\x64\x55\x7d\x24\x64\x55\x7d\x24\x64\x55"
                                  "\x7d\x24\x64\x55"
                                  "\x42\x09"
                                  "10.77.0.1"
                                  "\x2b\x23\x06\x01\x03\x0a\x04\x00PXE\x09\x17\x00\x00\x14"
                                  "Raspberry Pi Boot   \xff"
                                  "\xff";
    uint8_t bytes[400];
    uint8_t expected[400] = {2, 1, 6, 0, 0x26, 0xf3, 0x03, 0x39};
    PifDhcpMessage message;
    PifDhcpReply reply;
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(0, 0);
    g_assert_true(pif_dhcp_pool_add_host(pool, pi_mac, 0x0a4d000b, "n1", NULL));
    parse(bytes, make_rom_discover(bytes), &message);
    pif_dhcp_decide(&config, pool, &message, NULL, NOW, &reply);
    memcpy(expected + 16, "\x0a\x4d\x00\x0b\x0a\x4d\x00\x01", 8); /* yiaddr, siaddr */
    memcpy(expected + 28, pi_mac, 6);
    memcpy(expected + 236, options, sizeof options - 1);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_MAC);
    g_assert_cmpmem(reply.bytes, reply.size, expected, 236 + sizeof options - 1);
    g_assert_cmphex(pif_dhcp_pool_find(pool, 0x0a4d000b)->serial, ==, 0x5564247d);
}

/* A client's message in the making. */
static void begin(PifDhcpDraft *draft, PifDhcpType type, const uint8_t *mac)
{
    *draft = (PifDhcpDraft){.header = {.op = 1, .htype = 1, .hlen = 6, .xid = 7}};
    memcpy(draft->header.chaddr, mac, 6);
    pif_dhcp_add_u8(draft, PIF_DHCP_TYPE, (uint8_t)type);
}

static void decide(const PifDhcpConfig *with, PifDhcpPool *pool, const PifDhcpDraft *draft,
                   int64_t now_s, PifDhcpReply *reply)
{
    uint8_t bytes[1500];
    PifDhcpMessage message;
    parse(bytes, pif_dhcp_format(draft, bytes, sizeof bytes), &message);
    pif_dhcp_decide(with, pool, &message, NULL, now_s, reply);
}

static uint32_t yiaddr_of(const PifDhcpReply *reply)
{
    PifDhcpMessage message;
    parse(reply->bytes, reply->size, &message);
    return message.header.yiaddr;
}

static uint32_t discover(PifDhcpPool *pool, uint8_t last, int64_t now_s)
{
    const uint8_t mac[] = {2, 0, 0, 0, 0, last};
    PifDhcpDraft draft;
    PifDhcpReply reply;
    begin(&draft, PIF_DHCP_DISCOVER, mac);
    decide(&config, pool, &draft, now_s, &reply);
    return reply.size > 0 ? yiaddr_of(&reply) : 0;
}

/* The answer's type to a REQUEST in INIT-REBOOT. */
static uint8_t ask_for(PifDhcpPool *pool, uint8_t last, uint32_t address, int64_t now_s)
{
    const uint8_t mac[] = {2, 0, 0, 0, 0, last};
    PifDhcpDraft draft;
    PifDhcpReply reply;
    begin(&draft, PIF_DHCP_REQUEST, mac);
    pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, address);
    decide(&config, pool, &draft, now_s, &reply);
    return reply.answer;
}

static void an_offer_is_a_promise(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    uint32_t addresses[4];
    for (uint8_t i = 0; i < 4; i++) {
        addresses[i] = discover(pool, i, NOW);
        g_assert_cmphex(addresses[i], >=, FIRST);
        g_assert_cmphex(addresses[i], <=, LAST);
        for (unsigned k = 0; k < i; k++)
            g_assert_cmphex(addresses[i], !=, addresses[k]);
    }
    g_assert_cmphex(discover(pool, 9, NOW), ==, 0); /* exhausted */
    g_assert_cmphex(discover(pool, 2, NOW + 1), ==, addresses[2]);
    g_assert_cmphex(discover(pool, 9, NOW + 3600), !=, 0);
}

static void the_same_client_gets_the_same_address_ever_after(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    g_autoptr(PifDhcpPool) other = pif_dhcp_pool_new(FIRST, LAST);
    uint32_t address = discover(pool, 5, NOW);
    g_assert_cmpuint(ask_for(pool, 5, address, NOW), ==, PIF_DHCP_ACK);
    g_assert_cmphex(discover(pool, 5, NOW + 10 * LEASE), ==, address);
    g_assert_cmphex(discover(other, 5, NOW), ==, address); /* after a restart without leases too */
}

static void another_clients_address_is_refused_until_it_is_over(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    g_assert_cmpuint(ask_for(pool, 1, FIRST, NOW), ==, PIF_DHCP_ACK);
    g_assert_cmpuint(ask_for(pool, 2, FIRST, NOW + LEASE - 1), ==, PIF_DHCP_NAK);
    g_assert_cmpuint(ask_for(pool, 2, FIRST, NOW + LEASE), ==, PIF_DHCP_ACK);
    g_assert_cmpuint(ask_for(pool, 1, FIRST, NOW + LEASE), ==, PIF_DHCP_NAK);
    g_assert_cmpuint(ask_for(pool, 1, 0xc0a80001, NOW), ==, PIF_DHCP_NAK);
    g_assert_cmpuint(pif_dhcp_pool_count(pool, NOW + LEASE), ==, 1);
}

static void renewing_is_answered_to_the_address_itself(void)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    ask_for(pool, 1, FIRST, NOW);
    begin(&draft, PIF_DHCP_REQUEST, mac);
    draft.header.ciaddr = FIRST;
    decide(&config, pool, &draft, NOW + LEASE / 2, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_ADDRESS);
    g_assert_cmphex(reply.address, ==, FIRST);
    g_assert_cmpint(pif_dhcp_pool_find(pool, FIRST)->expires_s, ==, NOW + LEASE / 2 + LEASE);
}

static void a_client_of_another_server_is_left_to_it(void)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    begin(&draft, PIF_DHCP_REQUEST, mac);
    pif_dhcp_add_u32(&draft, PIF_DHCP_SERVER, SERVER + 1);
    pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, FIRST);
    decide(&config, pool, &draft, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_null(pif_dhcp_pool_find(pool, FIRST));
}

static void declined_addresses_rest_and_released_ones_are_free(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, FIRST);
    const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    PifDhcpDraft draft;
    PifDhcpReply reply;
    ask_for(pool, 1, FIRST, NOW);
    begin(&draft, PIF_DHCP_RELEASE, mac);
    draft.header.ciaddr = FIRST;
    decide(&config, pool, &draft, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_cmphex(discover(pool, 2, NOW), ==, FIRST);
    ask_for(pool, 2, FIRST, NOW);
    begin(&draft, PIF_DHCP_DECLINE, (const uint8_t[]){2, 0, 0, 0, 0, 2});
    pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, FIRST);
    decide(&config, pool, &draft, NOW, &reply);
    g_assert_cmphex(discover(pool, 3, NOW), ==, 0);
    g_assert_cmphex(discover(pool, 2, NOW), ==, 0);
    g_assert_cmphex(discover(pool, 3, NOW + 601), ==, FIRST);
}

static void a_relay_is_answered_with_its_own_option_last(void)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    begin(&draft, PIF_DHCP_DISCOVER, mac);
    draft.header.giaddr = SERVER + 5;
    pif_dhcp_add(&draft, PIF_DHCP_RELAY, "\x01\x04port", 6);
    pif_dhcp_add(&draft, PIF_DHCP_CLIENT_ID, "\x01me", 3);
    decide(&config, pool, &draft, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_RELAY);
    g_assert_cmphex(reply.address, ==, SERVER + 5);
    static const char tail[] = "\x3d\x03\x01me\x52\x06\x01\x04port\xff";
    g_assert_nonnull(memmem(reply.bytes, reply.size, tail, sizeof tail - 1));
}

static void the_broadcast_flag_is_obeyed(void)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    begin(&draft, PIF_DHCP_DISCOVER, mac);
    draft.header.flags = PIF_DHCP_FLAG_BROADCAST;
    decide(&config, pool, &draft, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_EVERYBODY);
}

static void a_proxy_gives_boot_roms_no_address_and_others_no_answer(void)
{
    PifDhcpConfig proxy = config;
    uint8_t bytes[400];
    PifDhcpMessage message;
    PifDhcpReply reply;
    PifDhcpDraft draft;
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(0, 0);
    proxy.is_proxy = true;
    parse(bytes, make_rom_discover(bytes), &message);
    pif_dhcp_decide(&proxy, pool, &message, NULL, NOW, &reply);
    g_assert_cmphex(yiaddr_of(&reply), ==, 0);
    g_assert_nonnull(memmem(reply.bytes, reply.size, "Raspberry Pi Boot", 17));
    begin(&draft, PIF_DHCP_DISCOVER, pi_mac);
    decide(&proxy, pool, &draft, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
}

static void a_pc_is_told_its_boot_file(void)
{
    PifDhcpConfig with = config;
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage message;
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    size_t size = 0;
    with.boot_file = "pxelinux.0";
    begin(&draft, PIF_DHCP_DISCOVER, (const uint8_t[]){2, 0, 0, 0, 0, 1});
    pif_dhcp_add_string(&draft, PIF_DHCP_CLASS, "PXEClient:Arch:00007:UNDI:003016");
    decide(&with, pool, &draft, NOW, &reply);
    parse(reply.bytes, reply.size, &message);
    g_assert_cmpstr(message.header.file, ==, "pxelinux.0");
    g_assert_cmphex(message.header.siaddr, ==, SERVER);
    g_assert_nonnull(pif_dhcp_get(&message, PIF_DHCP_BOOT_FILE, &size));
    g_assert_null(pif_dhcp_get(&message, PIF_DHCP_VENDOR, &size));
}

static void what_is_no_request_of_an_ethernet_client_is_not_answered(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    for (unsigned i = 0; i < 5; i++) {
        PifDhcpDraft draft;
        PifDhcpReply reply;
        begin(&draft, i == 4 ? PIF_DHCP_OFFER : PIF_DHCP_DISCOVER, pi_mac);
        draft.header.op = i == 0 ? 2 : 1;
        draft.header.htype = i == 1 ? 6 : 1;
        draft.header.hlen = i == 2 ? 16 : 6;
        draft.header.chaddr[0] |= i == 3;
        decide(&config, pool, &draft, NOW, &reply);
        g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    }
    g_assert_null(pif_dhcp_pool_find(pool, FIRST));
}

static void long_options_are_split_and_put_together(void)
{
    uint8_t value[600];
    uint8_t bytes[1500];
    PifDhcpDraft draft;
    PifDhcpMessage message;
    size_t size = 0;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 3);
    begin(&draft, PIF_DHCP_DISCOVER, pi_mac);
    pif_dhcp_add(&draft, PIF_DHCP_VENDOR, value, sizeof value);
    size_t total = pif_dhcp_format(&draft, bytes, sizeof bytes);
    g_assert_cmpuint(total, ==, 240 + 3 + 600 + 3 * 2 + 1);
    parse(bytes, total, &message);
    const uint8_t *read = pif_dhcp_get(&message, PIF_DHCP_VENDOR, &size);
    g_assert_cmpmem(read, size, value, sizeof value);
}

/* 420 bytes of options in the 308 that a client of 576 takes, by 128 and 64 more. */
static void options_move_to_file_and_sname_when_they_must(void)
{
    uint8_t bytes[548];
    PifDhcpDraft draft;
    PifDhcpMessage message;
    g_autofree char *long_text = g_strnfill(250, 'a');
    g_autofree char *file_text = g_strnfill(110, 'b');
    g_autofree char *sname_text = g_strnfill(55, 'c');
    size_t size = 0;
    begin(&draft, PIF_DHCP_DISCOVER, pi_mac);
    pif_dhcp_add_string(&draft, PIF_DHCP_VENDOR, long_text);
    pif_dhcp_add_string(&draft, PIF_DHCP_BOOT_FILE, file_text);
    pif_dhcp_add_string(&draft, PIF_DHCP_DOMAIN, sname_text);
    size_t total = pif_dhcp_format(&draft, bytes, sizeof bytes);
    g_assert_cmpuint(total, >, 0);
    parse(bytes, total, &message);
    g_assert_cmpmem(pif_dhcp_get(&message, PIF_DHCP_VENDOR, &size), 250, long_text, 250);
    g_assert_cmpmem(pif_dhcp_get(&message, PIF_DHCP_BOOT_FILE, &size), 110, file_text, 110);
    const uint8_t *domain = pif_dhcp_get(&message, PIF_DHCP_DOMAIN, &size);
    g_assert_cmpmem(domain, size, sname_text, 55);
    g_assert_cmpstr(message.header.file, ==, "");
    pif_dhcp_add_string(&draft, PIF_DHCP_HOSTNAME, file_text);
    g_assert_cmpuint(pif_dhcp_format(&draft, bytes, sizeof bytes), ==, 0);
}

static void a_frame_has_the_checksums_of_its_standards(void)
{
    const PifFramePath path = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, SERVER, FIRST, 67, 68};
    static const uint8_t expected[] = {
        2,    0,    0,    0,    0,    2,    2,    0,    0,    0,    0,    1,    0x08, 0x00, 0x45,
        0x00, 0,    0x1f, 0,    0,    0,    0,    0x40, 0x11, 0x65, 0xd0, 0x0a, 0x4d, 0x00, 0x01,
        0x0a, 0x4d, 0x00, 0x64, 0x00, 0x43, 0x00, 0x44, 0x00, 0x0b, 0x25, 0xf0, 'a',  'b',  'c'};
    uint8_t frame[100];
    size_t size = pif_frame_format(&path, "abc", 3, frame, sizeof frame);
    g_assert_cmpmem(frame, size, expected, sizeof expected);
    g_assert_cmpuint(pif_frame_format(&path, "abc", 3, frame, sizeof expected - 1), ==, 0);
    g_assert_cmpuint(pif_frame_format_nudge(&path, frame, sizeof frame), ==, 0);
}

static void leases_outlive_a_restart_and_a_torn_last_line(void)
{
    g_autofree char *folder = g_dir_make_tmp("pif-dhcp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "leases", NULL);
    for (unsigned turn = 0; turn < 2; turn++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
        g_autoptr(PifDhcpJournal) journal = pif_dhcp_journal_open(path, pool, NOW + turn, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(pif_dhcp_pool_count(pool, NOW + 1), ==, turn);
        pif_dhcp_journal_add(journal, pif_dhcp_pool_take(pool, pi_mac, FIRST, NOW, LEASE));
        const uint8_t gone[] = {2, 0, 0, 0, 0, 9};
        pif_dhcp_journal_add(journal, pif_dhcp_pool_take(pool, gone, LAST, NOW, LEASE));
        pif_dhcp_pool_release(pool, gone, LAST);
        pif_dhcp_journal_add(journal, pif_dhcp_pool_find(pool, LAST));
        g_assert_true(pif_dhcp_journal_commit(journal, &error));
        FILE *torn = g_fopen(path, "a");
        fputs("9999999 02:00:00:00:00:07 10.77.0.10", torn);
        fclose(torn);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

#define TEST(name) g_test_add_func("/dhcp/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_roms_discover_is_322_bytes_and_read_in_full);
    TEST(every_cut_of_the_discover_is_read_or_refused);
    TEST(the_roms_offer_is_this);
    TEST(an_offer_is_a_promise);
    TEST(the_same_client_gets_the_same_address_ever_after);
    TEST(another_clients_address_is_refused_until_it_is_over);
    TEST(renewing_is_answered_to_the_address_itself);
    TEST(a_client_of_another_server_is_left_to_it);
    TEST(declined_addresses_rest_and_released_ones_are_free);
    TEST(a_relay_is_answered_with_its_own_option_last);
    TEST(the_broadcast_flag_is_obeyed);
    TEST(a_proxy_gives_boot_roms_no_address_and_others_no_answer);
    TEST(a_pc_is_told_its_boot_file);
    TEST(what_is_no_request_of_an_ethernet_client_is_not_answered);
    TEST(long_options_are_split_and_put_together);
    TEST(options_move_to_file_and_sname_when_they_must);
    TEST(a_frame_has_the_checksums_of_its_standards);
    TEST(leases_outlive_a_restart_and_a_torn_last_line);
    return g_test_run();
}
