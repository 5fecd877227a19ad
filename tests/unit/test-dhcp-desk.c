// SPDX-License-Identifier: MIT
// The desk: requests that wait for a verdict or for the network, with a clock and a world of ours.
#include "hw/netboot/dhcp/dhcp-desk.h"

#include <string.h>

enum {
    SERVER = 0x0a4d0001,
    FIRST = 0x0a4d0064,
    LAST = 0x0a4d0067,
    MS = 1000,
    ASK_MS = 6000,
    PROBE_MS = 250,
    REMEMBER_MS = 60000
};

static const uint8_t somebody[] = {2, 9, 9, 9, 9, 9};

/* Whom the desk asked last, and what it answered late. */
typedef struct {
    PifDhcpConfig config;
    PifDhcpPool *pool;
    PifDhcpDesk *desk;
    PifDhcpTime now;
    bool is_busy;
    unsigned n_asked;
    PifDhcpQuestion question;
    unsigned n_probed;
    uint32_t probed;
    unsigned n_answers;
    PifDhcpReply answer;
    uint32_t conflict;
} World;

static bool on_ask(const PifDhcpQuestion *question, gpointer data)
{
    World *world = data;
    world->n_asked++;
    world->question = *question;
    return !world->is_busy;
}

static void on_probe(uint32_t address, gpointer data)
{
    World *world = data;
    world->n_probed++;
    world->probed = address;
}

static void on_answer(PifDhcpReply *reply, gpointer data)
{
    World *world = data;
    world->n_answers++;
    world->answer = *reply;
}

static void on_conflict(uint32_t address, const uint8_t *mac, gpointer data)
{
    ((World *)data)->conflict = address;
}

static void world_init(World *world, bool asks, bool probes, int remember_ms)
{
    *world = (World){.config = {.server = SERVER, .netmask = 0xffffff00, .lease_s = 3600},
                     .now = {1000000, 1}};
    world->pool = pif_dhcp_pool_new(FIRST, LAST);
    const PifDhcpDeskConfig config = {.decide = &world->config,
                                      .pool = world->pool,
                                      .ask = asks ? on_ask : NULL,
                                      .probe = probes ? on_probe : NULL,
                                      .answer = on_answer,
                                      .on_conflict = on_conflict,
                                      .data = world,
                                      .remember_us = (int64_t)remember_ms * MS,
                                      .ask_timeout_us = ASK_MS * MS,
                                      .probe_wait_us = PROBE_MS * MS};
    world->desk = pif_dhcp_desk_new(&config);
}

static void world_clear(World *world)
{
    pif_dhcp_desk_free(world->desk);
    pif_dhcp_pool_free(world->pool);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static void pass(World *world, int ms)
{
    world->now.mono_us += (int64_t)ms * MS;
    world->now.wall_s += ms / 1000;
    if (pif_dhcp_desk_next_us(world->desk) <= world->now.mono_us)
        pif_dhcp_desk_turn(world->desk, world->now);
}

/* Whether the answer is there at once. */
static bool say(World *world, PifDhcpType type, unsigned client, uint32_t xid, uint32_t requested,
                PifDhcpReply *reply)
{
    PifDhcpDraft draft = {.header = {.op = 1, .htype = 1, .hlen = 6, .xid = xid}};
    PifDhcpMessage message;
    uint8_t bytes[1500];
    memcpy(draft.header.chaddr,
           (const uint8_t[]){2, 0, 0, 0, (uint8_t)(client >> 8), (uint8_t)client}, 6);
    pif_dhcp_add_u8(&draft, PIF_DHCP_TYPE, (uint8_t)type);
    if (requested)
        pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, requested);
    g_assert_true(pif_dhcp_parse(bytes, pif_dhcp_format(&draft, bytes, sizeof bytes), &message));
    return pif_dhcp_desk_handle(world->desk, &message, world->now, reply);
}

static void hear(World *world, unsigned status)
{
    PifDhcpHearsay hearsay;
    pif_dhcp_hearsay_parse(status, "client: n1", &hearsay);
    pif_dhcp_desk_hear(world->desk, world->question.id, &hearsay, world->now);
}

static uint32_t xid_of(const PifDhcpReply *reply)
{
    PifDhcpMessage message;
    g_assert_true(pif_dhcp_parse(reply->bytes, reply->size, &message));
    return message.header.xid;
}

static void without_questions_the_answer_is_there_at_once(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, false, 0);
    g_assert_true(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_OFFER);
    g_assert_cmpint(pif_dhcp_desk_next_us(world.desk), ==, INT64_MAX);
}

static void a_client_waits_for_its_verdict_which_then_holds(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
    g_assert_cmphex(world.question.address, ==, 0);
    hear(&world, 200);
    g_assert_cmpuint(world.n_answers, ==, 1);
    g_assert_cmpuint(world.answer.answer, ==, PIF_DHCP_OFFER);
    g_assert_true(say(&world, PIF_DHCP_REQUEST, 1, 7, world.answer.yiaddr, &reply));
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    pass(&world, REMEMBER_MS);
    g_assert_false(say(&world, PIF_DHCP_REQUEST, 1, 8, reply.yiaddr, &reply));
    g_assert_cmphex(world.question.address, ==, world.answer.yiaddr);
    g_assert_cmpuint(world.n_asked, ==, 2);
    hear(&world, 401);
    g_assert_cmpuint(world.answer.answer, ==, PIF_DHCP_NAK);
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
}

static void with_nothing_remembered_each_request_is_asked_about(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, 0);
    for (unsigned i = 1; i <= 3; i++) {
        g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
        hear(&world, 200);
        g_assert_cmpuint(world.n_asked, ==, i);
        g_assert_cmpuint(world.n_answers, ==, i);
    }
}

static void a_client_that_repeats_itself_is_asked_about_once(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    for (uint32_t xid = 1; xid <= 5; xid++)
        g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, xid, 0, &reply));
    g_assert_cmpuint(world.n_asked, ==, 1);
    hear(&world, 200);
    g_assert_cmpuint(world.n_answers, ==, 1);
    g_assert_cmpuint(xid_of(&world.answer), ==, 5);
}

static void a_request_during_the_question_takes_the_discovers_place(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 1, 0, &reply));
    g_assert_false(say(&world, PIF_DHCP_REQUEST, 1, 2, FIRST, &reply));
    hear(&world, 200);
    g_assert_cmpuint(world.answer.answer, ==, PIF_DHCP_ACK);
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
}

static void silence_is_no_answer_and_no_refusal(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    g_assert_false(say(&world, PIF_DHCP_REQUEST, 1, 7, FIRST, &reply));
    pass(&world, ASK_MS - 1);
    g_assert_cmpuint(world.n_answers, ==, 0);
    pass(&world, 1);
    g_assert_cmpuint(world.n_answers, ==, 1);
    g_assert_cmpint(world.answer.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_nonnull(world.answer.note);
    hear(&world, 200); /* too late */
    g_assert_cmpuint(world.n_answers, ==, 1);
    g_assert_false(say(&world, PIF_DHCP_REQUEST, 1, 7, FIRST, &reply));
    g_assert_cmpuint(world.n_asked, ==, 2);
}

static void who_cannot_be_asked_about_is_not_served(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    world.is_busy = true;
    g_assert_true(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_cmpstr(reply.note, ==, "the HTTP server cannot be asked now");
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
}

static void no_more_wait_than_there_is_room_for(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, false, REMEMBER_MS);
    for (unsigned i = 0; i < PIF_DHCP_MAX_WAITING; i++)
        g_assert_false(say(&world, PIF_DHCP_DISCOVER, i, 7, 0, &reply));
    g_assert_true(say(&world, PIF_DHCP_DISCOVER, PIF_DHCP_MAX_WAITING, 7, 0, &reply));
    g_assert_cmpstr(reply.note, ==, "too many questions are open");
    pass(&world, ASK_MS);
    g_assert_cmpuint(world.n_answers, ==, PIF_DHCP_MAX_WAITING);
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
}

static void an_offer_waits_until_nobody_claims_its_address(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, true, 0);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, FIRST, &reply));
    g_assert_cmphex(world.probed, ==, FIRST);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 8, FIRST, &reply));
    pass(&world, PROBE_MS);
    g_assert_cmpuint(world.n_answers, ==, 1);
    g_assert_cmphex(world.answer.yiaddr, ==, FIRST);
    g_assert_cmpuint(xid_of(&world.answer), ==, 8);
    g_assert_true(say(&world, PIF_DHCP_DISCOVER, 1, 9, FIRST, &reply));
    g_assert_cmpuint(world.n_probed, ==, 1);
}

static void an_address_that_is_in_use_is_not_offered(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, true, 0);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, FIRST, &reply));
    pif_dhcp_desk_see(world.desk, FIRST, somebody, world.now);
    g_assert_cmphex(world.conflict, ==, FIRST);
    g_assert_cmpuint(world.n_probed, ==, 2);
    g_assert_cmphex(world.probed, !=, FIRST);
    pass(&world, PROBE_MS);
    g_assert_cmphex(world.answer.yiaddr, ==, world.probed);
    g_assert_cmpint(pif_dhcp_pool_find(world.pool, FIRST)->state, ==, PIF_DHCP_DECLINED);
}

static void the_clients_own_claim_is_no_conflict(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, true, 0);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, FIRST, &reply));
    pif_dhcp_desk_see(world.desk, FIRST, (const uint8_t[]){2, 0, 0, 0, 0, 1}, world.now);
    g_assert_cmphex(world.conflict, ==, 0);
    pass(&world, PROBE_MS);
    g_assert_cmphex(world.answer.yiaddr, ==, FIRST);
}

static void a_network_that_claims_everything_gets_four_tries(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, true, 0);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
    while (world.n_answers == 0)
        pif_dhcp_desk_see(world.desk, world.probed, somebody, world.now);
    g_assert_cmpuint(world.n_probed, ==, 4);
    g_assert_cmpint(world.answer.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
}

static void an_address_of_its_own_is_never_probed_for(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, false, true, 0);
    g_assert_true(pif_dhcp_pool_add_host(world.pool, (const uint8_t[]){2, 0, 0, 0, 0, 1},
                                         0x0a4d000b, NULL, NULL));
    g_assert_true(say(&world, PIF_DHCP_DISCOVER, 1, 7, 0, &reply));
    g_assert_cmphex(reply.yiaddr, ==, 0x0a4d000b);
}

static void who_asks_first_and_probes_then_keeps_the_verdict(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, true, 0);
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 1, 7, FIRST, &reply));
    hear(&world, 200);
    g_assert_cmpuint(world.n_answers, ==, 0);
    pif_dhcp_desk_see(world.desk, FIRST, somebody, world.now);
    pass(&world, PROBE_MS);
    g_assert_cmpuint(world.answer.answer, ==, PIF_DHCP_OFFER);
    g_assert_cmpuint(world.n_asked, ==, 1);
}

static void a_thousand_clients_that_never_acknowledge_leave_nothing_behind(void)
{
    g_auto(World) world;
    PifDhcpReply reply;
    world_init(&world, true, true, REMEMBER_MS);
    for (unsigned i = 0; i < 1000; i++) {
        g_assert_false(say(&world, PIF_DHCP_DISCOVER, i, 7, 0, &reply));
        hear(&world, 200);
    }
    pass(&world, PROBE_MS);
    g_assert_cmpuint(pif_dhcp_desk_count(world.desk), ==, 0);
    g_assert_cmpuint(pif_dhcp_pool_count(world.pool, world.now.wall_s), ==, 0);
    pass(&world, 61 * 1000); /* four offers were made, which are over now */
    g_assert_false(say(&world, PIF_DHCP_DISCOVER, 2000, 7, 0, &reply));
    hear(&world, 200);
    pass(&world, PROBE_MS);
    g_assert_cmpuint(world.answer.answer, ==, PIF_DHCP_OFFER);
}

#define TEST(name) g_test_add_func("/dhcp-desk/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(without_questions_the_answer_is_there_at_once);
    TEST(a_client_waits_for_its_verdict_which_then_holds);
    TEST(with_nothing_remembered_each_request_is_asked_about);
    TEST(a_client_that_repeats_itself_is_asked_about_once);
    TEST(a_request_during_the_question_takes_the_discovers_place);
    TEST(silence_is_no_answer_and_no_refusal);
    TEST(who_cannot_be_asked_about_is_not_served);
    TEST(no_more_wait_than_there_is_room_for);
    TEST(an_offer_waits_until_nobody_claims_its_address);
    TEST(an_address_that_is_in_use_is_not_offered);
    TEST(the_clients_own_claim_is_no_conflict);
    TEST(a_network_that_claims_everything_gets_four_tries);
    TEST(an_address_of_its_own_is_never_probed_for);
    TEST(who_asks_first_and_probes_then_keeps_the_verdict);
    TEST(a_thousand_clients_that_never_acknowledge_leave_nothing_behind);
    return g_test_run();
}
