// SPDX-License-Identifier: MIT
// TFTP: golden bytes of each packet, and whole transfers over a transport that loses, doubles and
// swaps.
#include "hw/netboot/tftp/tftp-transfer.h"

#include <glib.h>
#include <string.h>

#define BYTES(text) (text), sizeof(text) - 1

static const PifTftpLimits limits = PIF_TFTP_LIMITS_DEFAULT;

static void assert_formats(const PifTftpPacket *packet, const char *expected, size_t size)
{
    uint8_t buffer[600];
    size_t written = pif_tftp_format(packet, buffer, sizeof buffer);
    g_assert_cmpmem(buffer, written, expected, size);
    for (size_t room = 0; room < size; room++)
        g_assert_cmpuint(pif_tftp_format(packet, buffer, room), ==, 0);
}

static void the_roms_first_request_is_21_bytes(void)
{
    static const char rom[] = "\0\1bootcode.bin\0octet"; /* NETBOOT.md 1.5; with its last NUL */
    PifTftpPacket packet;
    g_assert_cmpuint(sizeof rom, ==, 21);
    g_assert_true(pif_tftp_parse(rom, sizeof rom, &packet));
    g_assert_cmpint(packet.opcode, ==, PIF_TFTP_RRQ);
    g_assert_cmpstr(packet.file, ==, "bootcode.bin");
    g_assert_cmpstr(packet.mode, ==, "octet");
    for (unsigned i = 0; i < PIF_TFTP_N_OPTIONS; i++)
        g_assert_false(packet.options.is_set[i]);
    assert_formats(&packet, rom, sizeof rom);
}

static void bootcode_asks_with_tsize(void)
{
    static const char request[] = "\0\1c778e36c/start.elf\0octet\0tsize\0000";
    PifTftpPacket packet;
    g_assert_cmpuint(sizeof request, ==, 35); /* firmware issue 1041 */
    g_assert_true(pif_tftp_parse(request, sizeof request, &packet));
    g_assert_cmpstr(packet.file, ==, "c778e36c/start.elf");
    g_assert_true(packet.options.is_set[PIF_TFTP_TSIZE]);
    g_assert_false(packet.options.is_set[PIF_TFTP_BLKSIZE]);
    assert_formats(&packet, request, sizeof request);
}

static void every_option_is_read_in_any_case_and_order(void)
{
    static const char request[] =
        "\0\1f\0OCTET\0WindowSize\00016\0multicast\0\0TIMEOUT\0003\0BLKSIZE\0001468\0tSize\0000";
    PifTftpPacket packet;
    g_assert_true(pif_tftp_parse(request, sizeof request, &packet));
    g_assert_cmpuint(packet.options.value[PIF_TFTP_WINDOWSIZE], ==, 16);
    g_assert_cmpuint(packet.options.value[PIF_TFTP_TIMEOUT], ==, 3);
    g_assert_cmpuint(packet.options.value[PIF_TFTP_BLKSIZE], ==, 1468);
    g_assert_true(packet.options.is_set[PIF_TFTP_TSIZE]);
}

static void options_out_of_range_count_as_not_there(void)
{
    static const char *const values[] = {
        "blksize",    "7",     "blksize",    "65465",
        "blksize",    "",      "blksize",    "-8",
        "blksize",    "0x200", "timeout",    "0",
        "timeout",    "256",   "tsize",      "18446744073709551616",
        "windowsize", "0",     "windowsize", "65536"};
    for (size_t i = 0; i < G_N_ELEMENTS(values); i += 2) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        PifTftpPacket packet;
        g_byte_array_append(bytes, (const guint8 *)"\0\1f\0octet", 10);
        g_byte_array_append(bytes, (const guint8 *)values[i], (guint)strlen(values[i]) + 1);
        g_byte_array_append(bytes, (const guint8 *)values[i + 1], (guint)strlen(values[i + 1]) + 1);
        g_assert_true(pif_tftp_parse(bytes->data, bytes->len, &packet));
        for (unsigned k = 0; k < PIF_TFTP_N_OPTIONS; k++)
            g_assert_false(packet.options.is_set[k]);
    }
}

static void data_ack_error_and_oack_are_as_in_the_rfcs(void)
{
    PifTftpPacket oack = {.opcode = PIF_TFTP_OACK};
    oack.options.is_set[PIF_TFTP_BLKSIZE] = oack.options.is_set[PIF_TFTP_TSIZE] = true;
    oack.options.value[PIF_TFTP_BLKSIZE] = 1468;
    oack.options.value[PIF_TFTP_TSIZE] = 52476;
    assert_formats(&oack, BYTES("\0\6blksize\0001468\0tsize\00052476\0"));
    assert_formats(&(PifTftpPacket){.opcode = PIF_TFTP_ACK, .block = 0x1234},
                   BYTES("\0\4\x12\x34"));
    assert_formats(&(PifTftpPacket){.opcode = PIF_TFTP_DATA,
                                    .block = 0xffff,
                                    .data = (const uint8_t *)"xy",
                                    .data_size = 2},
                   BYTES("\0\3\xff\xffxy"));
    assert_formats(
        &(PifTftpPacket){.opcode = PIF_TFTP_ERROR, .error = 1, .message = "file not found"},
        BYTES("\0\5\0\1file not found\0"));
}

static void what_is_no_packet_is_not_read(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {{BYTES("")},         {BYTES("\0")},          {BYTES("\0\1")},
               {BYTES("\0\1file")}, {BYTES("\0\1file\0")},  {BYTES("\0\4\0")},
               {BYTES("\0\5\0")},   {BYTES("\0\0\0\1")},    {BYTES("\0\7\0\1")},
               {BYTES("\1\4\0\0")}, {BYTES("\0\1f\0octet")}};
    PifTftpPacket packet = {.block = 7};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(pif_tftp_parse(bad[i].bytes, bad[i].size, &packet));
    g_assert_cmpuint(packet.block, ==, 7);
    g_autofree char *long_request = g_malloc0(513);
    memset(long_request, 'x', 513);
    memcpy(long_request, "\0\1f\0octet\0", 11);
    g_assert_true(pif_tftp_parse(long_request, 512, &packet));
    g_assert_false(pif_tftp_parse(long_request, 513, &packet));
}

static void an_error_without_its_end_is_an_error(void)
{
    PifTftpPacket packet;
    g_assert_true(pif_tftp_parse(BYTES("\0\5\0\0Early terminate"), &packet));
    g_assert_cmpstr(packet.message, ==, "");
}

/* A client that keeps what arrives, as RFC 1350 and 7440 have it. */
typedef struct {
    uint32_t blksize;
    uint32_t windowsize;
    uint32_t rollover;
    uint64_t last_block; /* received in order */
    uint32_t in_window;
    GByteArray *file;
    gboolean has_oack;
    gboolean is_done;
    int64_t deadline_us;
    unsigned n_repeats;
} Client;

typedef struct {
    int64_t due_us;
    unsigned serial;
    gboolean is_to_client;
    size_t size;
    uint8_t bytes[2000];
} Flying;

typedef enum { DELIVER, LOSE, DOUBLE, DELAY } Fate;

/* Both ends, the packets between them and the clock. */
typedef struct {
    PifTftpTransfer server;
    Client client;
    GByteArray *file;
    GPtrArray *flying;
    int64_t now_us;
    unsigned n_packets;
    unsigned chosen; /* the packet that does not simply arrive */
    Fate fate;
    GRand *random; /* instead of chosen: of all packets some */
    unsigned n_data;
} World;

enum { LATENCY_US = 1000, CLIENT_TIMEOUT_US = 1000 * 1000 };

static void put_in_flight(World *world, gboolean is_to_client, const void *bytes, size_t size,
                          int64_t delay_us)
{
    Flying *flying = g_new0(Flying, 1);
    *flying = (Flying){world->now_us + delay_us, world->n_packets, is_to_client, size, {0}};
    g_assert_cmpuint(size, <=, sizeof flying->bytes);
    memcpy(flying->bytes, bytes, size);
    g_ptr_array_add(world->flying, flying);
}

static Fate fate_of(const World *world, unsigned number)
{
    if (!world->random)
        return number == world->chosen ? world->fate : DELIVER;
    return g_rand_int_range(world->random, 0, 5) == 0
               ? (Fate)g_rand_int_range(world->random, LOSE, DELAY + 1)
               : DELIVER;
}

static void put(World *world, gboolean is_to_client, const void *bytes, size_t size)
{
    Fate fate = fate_of(world, world->n_packets++);
    if (fate != LOSE)
        put_in_flight(world, is_to_client, bytes, size,
                      fate == DELAY ? 5 * LATENCY_US / 2 : LATENCY_US);
    if (fate == DOUBLE)
        put_in_flight(world, is_to_client, bytes, size, LATENCY_US + 100);
}

static void server_sends(World *world)
{
    PifTftpOutput output;
    while (pif_tftp_transfer_next(&world->server, &output)) {
        uint8_t bytes[2000];
        memcpy(bytes, output.head, output.head_size);
        if (output.length > 0)
            memcpy(bytes + output.head_size, world->file->data + output.offset, output.length);
        world->n_data += bytes[1] == PIF_TFTP_DATA;
        put(world, TRUE, bytes, output.head_size + output.length);
    }
}

static uint16_t wire_of(const Client *client, uint64_t block)
{
    return client->rollover == 0 || block == 0 ? (uint16_t)block
                                               : (uint16_t)((block - 1) % UINT16_MAX + 1);
}

static void client_acks(World *world)
{
    Client *client = &world->client;
    uint16_t block = wire_of(client, client->last_block);
    const uint8_t ack[] = {0, PIF_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};
    client->in_window = 0;
    client->deadline_us = world->now_us + CLIENT_TIMEOUT_US;
    put(world, FALSE, ack, sizeof ack);
}

static void client_gets_data(World *world, const PifTftpPacket *packet)
{
    Client *client = &world->client;
    if (packet->block != wire_of(client, client->last_block + 1)) {
        client_acks(world); /* the last one in order: RFC 7440, section 4 */
        return;
    }
    g_assert_cmpuint(packet->data_size, <=, client->blksize);
    g_byte_array_append(client->file, packet->data, (guint)packet->data_size);
    client->last_block++;
    client->is_done = packet->data_size < client->blksize;
    if (++client->in_window == client->windowsize || client->is_done)
        client_acks(world);
}

static void client_receives(World *world, const Flying *flying)
{
    Client *client = &world->client;
    PifTftpPacket packet;
    g_assert_true(pif_tftp_parse(flying->bytes, flying->size, &packet));
    if (packet.opcode == PIF_TFTP_DATA) {
        client_gets_data(world, &packet);
        return;
    }
    g_assert_cmpint(packet.opcode, ==, PIF_TFTP_OACK);
    if (client->last_block > 0)
        return;
    if (packet.options.is_set[PIF_TFTP_BLKSIZE])
        client->blksize = (uint32_t)packet.options.value[PIF_TFTP_BLKSIZE];
    if (packet.options.is_set[PIF_TFTP_WINDOWSIZE])
        client->windowsize = (uint32_t)packet.options.value[PIF_TFTP_WINDOWSIZE];
    g_assert_cmpuint(packet.options.value[PIF_TFTP_TSIZE], ==, world->file->len);
    client_acks(world);
}

static int earliest_first(gconstpointer a, gconstpointer b)
{
    const Flying *left = *(Flying *const *)a;
    const Flying *right = *(Flying *const *)b;
    return left->due_us != right->due_us ? (left->due_us > right->due_us ? 1 : -1)
                                         : (int)left->serial - (int)right->serial;
}

static void deliver(World *world)
{
    g_ptr_array_sort(world->flying, earliest_first);
    g_autofree Flying *flying = g_ptr_array_steal_index(world->flying, 0);
    world->now_us = MAX(world->now_us, flying->due_us);
    if (flying->is_to_client) {
        client_receives(world, flying);
    } else {
        pif_tftp_transfer_receive(&world->server, flying->bytes, flying->size, world->now_us);
        server_sends(world);
    }
}

static int64_t next_arrival(World *world)
{
    g_ptr_array_sort(world->flying, earliest_first);
    return world->flying->len > 0 ? ((Flying *)g_ptr_array_index(world->flying, 0))->due_us
                                  : INT64_MAX;
}

static void step(World *world)
{
    int64_t arrival = next_arrival(world);
    int64_t client = world->client.is_done ? INT64_MAX : world->client.deadline_us;
    if (arrival <= MIN(world->server.deadline_us, client)) {
        deliver(world);
    } else if (world->server.deadline_us <= client) {
        world->now_us = world->server.deadline_us;
        pif_tftp_transfer_expire(&world->server, world->now_us);
        server_sends(world);
    } else {
        world->now_us = client;
        world->client.n_repeats++;
        client_acks(world);
    }
}

static void world_init(World *world, size_t size, const PifTftpOptions *options,
                       const PifTftpLimits *world_limits)
{
    *world = (World){.client = {.blksize = 512, .windowsize = 1}, .chosen = UINT_MAX};
    world->client.file = g_byte_array_new();
    world->client.deadline_us = CLIENT_TIMEOUT_US;
    world->client.rollover = world_limits->rollover;
    world->file = g_byte_array_sized_new((guint)size);
    g_byte_array_set_size(world->file, (guint)size);
    for (size_t i = 0; i < size; i++)
        world->file->data[i] = (uint8_t)(i * 7 + (i >> 9));
    world->flying = g_ptr_array_new_with_free_func(g_free);
    pif_tftp_transfer_init(&world->server, world_limits, options, size, 0);
}

static void world_clear(World *world)
{
    g_byte_array_unref(world->client.file);
    g_byte_array_unref(world->file);
    g_ptr_array_unref(world->flying);
    if (world->random)
        g_rand_free(world->random);
}

static void world_run(World *world)
{
    server_sends(world);
    while (!pif_tftp_transfer_is_over(&world->server) && world->n_packets < 200000)
        step(world);
    g_assert_true(world->client.is_done);
    g_assert_cmpmem(world->client.file->data, world->client.file->len, world->file->data,
                    world->file->len);
}

static PifTftpOptions all_options(uint64_t blksize, uint64_t windowsize)
{
    return (PifTftpOptions){.is_set = {true, true, false, windowsize > 0},
                            .value = {blksize, 0, 0, windowsize}};
}

static const size_t sizes[] = {0, 1, 511, 512, 513, 1024, 5000};

static void every_size_arrives_with_and_without_options(void)
{
    static const PifTftpOptions none;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        World world;
        world_init(&world, sizes[i], &none, &limits);
        world_run(&world);
        g_assert_cmpint(world.server.state, ==, PIF_TFTP_DONE);
        g_assert_cmpuint(world.n_data, ==, sizes[i] / 512 + 1);
        world_clear(&world);
        const PifTftpOptions options = all_options(1468, 0);
        world_init(&world, sizes[i], &options, &limits);
        world_run(&world);
        g_assert_cmpuint(world.n_data, ==, sizes[i] / 1468 + 1);
        world_clear(&world);
    }
}

/* Each packet of a transfer in turn has each fate. */
static void run_with_every_packet_hit(Fate fate, uint64_t windowsize)
{
    const PifTftpOptions options = all_options(512, windowsize);
    unsigned n_packets = 1;
    for (unsigned chosen = 0; chosen < n_packets; chosen++) {
        World world;
        world_init(&world, 5000, &options, &limits);
        world.chosen = chosen;
        world.fate = fate;
        world_run(&world);
        n_packets = MAX(n_packets, MIN(world.n_packets, 60));
        /* the last ACK lost is the one thing that no sender can know of */
        gboolean is_last = world.server.state == PIF_TFTP_SILENT;
        g_assert_true(world.server.state == PIF_TFTP_DONE || (is_last && fate == LOSE));
        if (fate == DOUBLE && windowsize == 0) /* no Sorcerer's Apprentice */
            g_assert_cmpuint(world.server.n_resent, ==, 0);
        world_clear(&world);
    }
    g_assert_cmpuint(n_packets, >, 10);
}

static void any_packet_may_get_lost(void)
{
    run_with_every_packet_hit(LOSE, 0);
    run_with_every_packet_hit(LOSE, 4);
}

static void any_packet_may_come_twice_and_breeds_no_others(void)
{
    run_with_every_packet_hit(DOUBLE, 0);
    run_with_every_packet_hit(DOUBLE, 4);
}

static void any_packet_may_be_overtaken(void)
{
    run_with_every_packet_hit(DELAY, 0);
    run_with_every_packet_hit(DELAY, 4);
}

static void a_fifth_of_all_packets_may_be_hit(void)
{
    const PifTftpOptions options = all_options(512, 8);
    for (guint32 seed = 0; seed < 200; seed++) {
        World world;
        world_init(&world, 40000, &options, &limits);
        world.random = g_rand_new_with_seed(seed);
        world_run(&world);
        world_clear(&world);
    }
}

static void block_numbers_roll_over_to_0_or_to_1(void)
{
    for (uint32_t rollover = 0; rollover < 2; rollover++) {
        const PifTftpOptions options = all_options(8, 32);
        PifTftpLimits own = limits;
        World world;
        own.rollover = rollover;
        world_init(&world, 8 * 140000 + 3, &options, &own); /* twice round */
        world_run(&world);
        g_assert_cmpint(world.server.state, ==, PIF_TFTP_DONE);
        g_assert_cmpuint(world.server.n_resent, ==, 0);
        world_clear(&world);
    }
}

static void assert_sends(PifTftpTransfer *transfer, const char *head, size_t size)
{
    PifTftpOutput output;
    g_assert_true(pif_tftp_transfer_next(transfer, &output));
    g_assert_cmpmem(output.head, output.head_size, head, size);
}

static void assert_is_quiet(PifTftpTransfer *transfer)
{
    PifTftpOutput output;
    g_assert_false(pif_tftp_transfer_next(transfer, &output));
}

static void repeats_come_after_250_ms_then_ever_later_then_not_at_all(void)
{
    static const int64_t at_ms[] = {250, 750, 1750, 3750, 7750};
    static const PifTftpOptions none;
    PifTftpTransfer transfer;
    pif_tftp_transfer_init(&transfer, &limits, &none, 10, 0);
    assert_sends(&transfer, BYTES("\0\3\0\1"));
    for (size_t i = 0; i < G_N_ELEMENTS(at_ms); i++) {
        pif_tftp_transfer_expire(&transfer, at_ms[i] * 1000 - 1);
        assert_is_quiet(&transfer);
        pif_tftp_transfer_expire(&transfer, at_ms[i] * 1000);
        assert_sends(&transfer, BYTES("\0\3\0\1"));
        assert_is_quiet(&transfer);
    }
    pif_tftp_transfer_expire(&transfer, 11750 * 1000);
    assert_is_quiet(&transfer);
    g_assert_cmpint(transfer.state, ==, PIF_TFTP_SILENT);
}

static void the_roms_probe_ends_a_transfer_without_an_answer(void)
{
    PifTftpOptions tsize = {.is_set = {false, true, false, false}};
    PifTftpTransfer transfer;
    pif_tftp_transfer_init(&transfer, &limits, &tsize, 2952928, 0);
    assert_sends(&transfer, BYTES("\0\6tsize\0002952928\0"));
    pif_tftp_transfer_receive(&transfer, BYTES("\0\4\0\0"), 100);
    assert_sends(&transfer, BYTES("\0\3\0\1"));
    pif_tftp_transfer_receive(&transfer, BYTES("\0\5\0\0Early terminate\0"), 200);
    assert_is_quiet(&transfer);
    g_assert_cmpint(transfer.state, ==, PIF_TFTP_ABORTED);
    g_assert_cmpuint(transfer.error, ==, 0);
}

static void options_are_granted_as_far_as_allowed(void)
{
    PifTftpLimits small = limits;
    PifTftpOptions asked = {.is_set = {true, true, true, true}, .value = {65464, 0, 9, 65535}};
    PifTftpTransfer transfer;
    small.max_windowsize = 16;
    pif_tftp_transfer_init(&transfer, &small, &asked, 7, 0);
    assert_sends(&transfer,
                 BYTES("\0\6blksize\0001468\0tsize\0007\0timeout\0009\0windowsize\00016\0"));
    g_assert_cmpint(transfer.deadline_us, ==, 9 * 1000 * 1000);
}

static void acks_of_what_was_not_sent_change_nothing(void)
{
    static const PifTftpOptions none;
    PifTftpTransfer transfer;
    pif_tftp_transfer_init(&transfer, &limits, &none, 100000, 0);
    assert_sends(&transfer, BYTES("\0\3\0\1"));
    for (unsigned block = 0; block < 65536; block++) {
        const uint8_t ack[] = {0, PIF_TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};
        if (block == 1)
            continue;
        pif_tftp_transfer_receive(&transfer, ack, sizeof ack, 1);
        assert_is_quiet(&transfer);
    }
    pif_tftp_transfer_receive(&transfer, BYTES("\0\4\0\1"), 1);
    assert_sends(&transfer, BYTES("\0\3\0\2"));
}

#define TEST(name) g_test_add_func("/tftp/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_roms_first_request_is_21_bytes);
    TEST(bootcode_asks_with_tsize);
    TEST(every_option_is_read_in_any_case_and_order);
    TEST(options_out_of_range_count_as_not_there);
    TEST(data_ack_error_and_oack_are_as_in_the_rfcs);
    TEST(what_is_no_packet_is_not_read);
    TEST(an_error_without_its_end_is_an_error);
    TEST(every_size_arrives_with_and_without_options);
    TEST(any_packet_may_get_lost);
    TEST(any_packet_may_come_twice_and_breeds_no_others);
    TEST(any_packet_may_be_overtaken);
    TEST(a_fifth_of_all_packets_may_be_hit);
    TEST(block_numbers_roll_over_to_0_or_to_1);
    TEST(repeats_come_after_250_ms_then_ever_later_then_not_at_all);
    TEST(the_roms_probe_ends_a_transfer_without_an_answer);
    TEST(options_are_granted_as_far_as_allowed);
    TEST(acks_of_what_was_not_sent_change_nothing);
    return g_test_run();
}
