// SPDX-License-Identifier: MIT
// Files that clients send: our receiver against our sender, over a transport that loses, doubles
// and delays any packet.
#include "hw/netboot/tftp/tftp-reception.h"

#include <glib.h>
#include <string.h>

static const PifTftpLimits limits = PIF_TFTP_LIMITS_DEFAULT;

typedef enum { DELIVER, LOSE, DOUBLE, DELAY } Fate;

enum { PACKET = 600, LATENCY_US = 1000 };

typedef struct {
    int64_t due_us;
    gboolean is_to_client;
    size_t size;
    uint8_t bytes[PACKET];
} Flying;

typedef struct {
    PifTftpTransfer client;
    PifTftpReception server;
    GByteArray *file;
    GByteArray *received;
    GQueue flying; /* by the time they are due */
    int64_t now_us;
    unsigned n_packets;
    unsigned chosen;
    Fate fate;
} World;

static int by_time(gconstpointer a, gconstpointer b, gpointer data)
{
    const Flying *left = a;
    const Flying *right = b;
    return left->due_us > right->due_us ? 1 : -1;
}

static void put_in_flight(World *world, const Flying *packet, int64_t delay_us)
{
    Flying *copy = g_memdup2(packet, sizeof *packet);
    copy->due_us = world->now_us + delay_us;
    g_queue_insert_sorted(&world->flying, copy, by_time, NULL);
}

static void put(World *world, const Flying *packet)
{
    Fate fate = world->n_packets++ == world->chosen ? world->fate : DELIVER;
    if (fate != LOSE)
        put_in_flight(world, packet, fate == DELAY ? 5 * LATENCY_US / 2 : LATENCY_US);
    if (fate == DOUBLE)
        put_in_flight(world, packet, LATENCY_US + 100);
}

static void client_sends(World *world)
{
    PifTftpOutput output;
    while (pif_tftp_transfer_next(&world->client, &output)) {
        Flying packet = {.size = output.head_size + output.length};
        memcpy(packet.bytes, output.head, output.head_size);
        if (output.length > 0)
            memcpy(packet.bytes + output.head_size, world->file->data + output.offset,
                   output.length);
        put(world, &packet);
    }
}

static void server_sends(World *world)
{
    Flying packet = {.is_to_client = TRUE};
    packet.size = pif_tftp_reception_reply(&world->server, packet.bytes, sizeof packet.bytes);
    if (packet.size > 0)
        put(world, &packet);
}

static void deliver(World *world)
{
    g_autofree Flying *packet = g_queue_pop_head(&world->flying);
    world->now_us = packet->due_us;
    if (packet->is_to_client) {
        pif_tftp_transfer_receive(&world->client, packet->bytes, packet->size, world->now_us);
        client_sends(world);
        return;
    }
    size_t size = 0;
    const uint8_t *data = pif_tftp_reception_receive(&world->server, packet->bytes, packet->size,
                                                     world->now_us, &size);
    if (data)
        g_byte_array_append(world->received, data, (guint)size);
    server_sends(world);
}

static void step(World *world)
{
    const Flying *next = g_queue_peek_head(&world->flying);
    int64_t server =
        world->server.state == PIF_TFTP_RECEIVING ? world->server.deadline_us : INT64_MAX;
    int64_t client = world->client.deadline_us;
    if (next && next->due_us <= MIN(server, client)) {
        deliver(world);
    } else if (server <= client) {
        world->now_us = server;
        pif_tftp_reception_expire(&world->server, world->now_us);
        server_sends(world);
    } else {
        world->now_us = client;
        pif_tftp_transfer_expire(&world->client, world->now_us);
        client_sends(world);
    }
}

static void run(size_t size, uint32_t windowsize, unsigned chosen, Fate fate, unsigned *ret_count)
{
    static const PifTftpOptions none;
    World world = {.chosen = chosen, .fate = fate};
    world.file = g_byte_array_new();
    world.received = g_byte_array_new();
    g_byte_array_set_size(world.file, (guint)size);
    for (size_t i = 0; i < size; i++)
        world.file->data[i] = (uint8_t)(i * 7 + (i >> 9));
    pif_tftp_transfer_init(&world.client, &limits, &none, size, 0);
    pif_tftp_reception_init(&world.server, &limits, &none, 1 << 30, 0);
    world.client.windowsize = world.server.windowsize = windowsize;
    server_sends(&world); /* ACK 0, at which the client begins, here at once */
    client_sends(&world);
    while (!pif_tftp_transfer_is_over(&world.client) && world.n_packets < 400000)
        step(&world);
    g_assert_cmpint(world.client.state, ==, PIF_TFTP_DONE);
    g_assert_cmpint(world.server.state, ==, PIF_TFTP_RECEIVED);
    g_assert_cmpmem(world.received->data, world.received->len, world.file->data, size);
    *ret_count = world.n_packets;
    g_byte_array_unref(world.file);
    g_byte_array_unref(world.received);
    g_queue_clear_full(&world.flying, g_free);
}

static void every_size_arrives(void)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 5000, (size_t)40 << 20};
    unsigned count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        run(sizes[i], 1, UINT_MAX, DELIVER, &count);
        run(sizes[i], 8, UINT_MAX, DELIVER, &count);
    }
}

static void any_packet_may_get_lost_doubled_or_late(void)
{
    static const Fate fates[] = {LOSE, DOUBLE, DELAY};
    for (size_t i = 0; i < G_N_ELEMENTS(fates); i++)
        for (unsigned windowsize = 1; windowsize <= 4; windowsize += 3) {
            unsigned n_packets = 1;
            for (unsigned chosen = 0; chosen < n_packets; chosen++)
                run(5000, windowsize, chosen, fates[i], &n_packets);
        }
}

static void assert_replies(PifTftpReception *reception, const char *expected, size_t size)
{
    uint8_t bytes[PACKET];
    g_assert_cmpmem(bytes, pif_tftp_reception_reply(reception, bytes, sizeof bytes), expected,
                    size);
}

static void options_are_granted_as_far_as_allowed(void)
{
    const PifTftpOptions asked = {.is_set = {true, true, true, true},
                                  .value = {8192, 1000, 9, 1000}};
    PifTftpReception reception;
    pif_tftp_reception_init(&reception, &limits, &asked, 1000, 0);
    assert_replies(&reception, "\0\6blksize\0001468\0tsize\0001000\0timeout\0009\0windowsize\00064",
                   50);
    g_assert_cmpint(reception.deadline_us, ==, 9 * 1000 * 1000);
    pif_tftp_reception_init(&reception, &limits, &asked, 999, 0);
    g_assert_cmpint(reception.state, ==, PIF_TFTP_TOO_LARGE);
    assert_replies(&reception, "", 0);
}

static void no_more_is_taken_than_allowed(void)
{
    static const PifTftpOptions none;
    uint8_t data[4 + 512] = {0, PIF_TFTP_DATA, 0, 1};
    PifTftpReception reception;
    size_t size = 0;
    pif_tftp_reception_init(&reception, &limits, &none, 600, 0);
    g_assert_nonnull(pif_tftp_reception_receive(&reception, data, sizeof data, 1, &size));
    data[3] = 2;
    g_assert_null(pif_tftp_reception_receive(&reception, data, sizeof data, 1, &size));
    g_assert_cmpint(reception.state, ==, PIF_TFTP_TOO_LARGE);
}

static void a_silent_client_is_given_up(void)
{
    static const PifTftpOptions none;
    PifTftpReception reception;
    pif_tftp_reception_init(&reception, &limits, &none, 600, 0);
    for (unsigned i = 0; i < limits.max_tries; i++) {
        g_assert_cmpint(reception.state, ==, PIF_TFTP_RECEIVING);
        assert_replies(&reception, "\0\4\0", 4);
        pif_tftp_reception_expire(&reception, reception.deadline_us);
    }
    g_assert_cmpint(reception.state, ==, PIF_TFTP_GIVEN_UP);
}

#define TEST(name) g_test_add_func("/tftp-upload/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(every_size_arrives);
    TEST(any_packet_may_get_lost_doubled_or_late);
    TEST(options_are_granted_as_far_as_allowed);
    TEST(no_more_is_taken_than_allowed);
    TEST(a_silent_client_is_given_up);
    return g_test_run();
}
