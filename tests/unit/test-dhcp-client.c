// SPDX-License-Identifier: MIT
// The DHCP client, pure: a server's messages in, its own out.
#include "hw/netboot/dhcp/dhcp-client.h"

#include <string.h>

enum { ADDRESS = 0xc0a80432, SERVER = 0xc0a80401, NETMASK = 0xffffff00 };

static PifDhcpClient client_new(void)
{
    return (PifDhcpClient){.mac = {2, 0, 0, 0, 0, 1}, .xid = 0x12345678};
}

static PifDhcpMessage asked_by(PifDhcpClient *client)
{
    PifDhcpMessage message;
    uint8_t bytes[PIF_DHCP_MAX_MESSAGE];
    size_t size = pif_dhcp_client_ask(client, bytes, sizeof bytes);
    g_assert_true(pif_dhcp_parse(bytes, size, &message));
    g_assert_cmphex(message.header.xid, ==, client->xid);
    g_assert_cmphex(message.header.flags, ==, PIF_DHCP_FLAG_BROADCAST);
    return message;
}

static void assert_asks(PifDhcpClient *client, PifDhcpType type)
{
    PifDhcpMessage message = asked_by(client);
    uint8_t found;
    g_assert_true(pif_dhcp_get_u8(&message, PIF_DHCP_TYPE, &found));
    g_assert_cmpuint(found, ==, type);
}

static PifDhcpDraft reply_to(const PifDhcpClient *client, PifDhcpType type, uint32_t server)
{
    PifDhcpDraft draft = {.header = {.op = PIF_DHCP_BOOTREPLY,
                                     .htype = 1,
                                     .hlen = 6,
                                     .xid = client->xid,
                                     .yiaddr = ADDRESS}};
    memcpy(draft.header.chaddr, client->mac, sizeof client->mac);
    pif_dhcp_add_u8(&draft, PIF_DHCP_TYPE, (uint8_t)type);
    if (server)
        pif_dhcp_add_u32(&draft, PIF_DHCP_SERVER, server);
    return draft;
}

static bool give(PifDhcpClient *client, const PifDhcpDraft *draft)
{
    uint8_t bytes[PIF_DHCP_MAX_MESSAGE];
    return pif_dhcp_client_take(client, bytes, pif_dhcp_format(draft, bytes, sizeof bytes));
}

static bool give_plain(PifDhcpClient *client, PifDhcpType type)
{
    PifDhcpDraft draft = reply_to(client, type, SERVER);
    return give(client, &draft);
}

static void an_offer_is_requested_and_confirmed(void)
{
    PifDhcpClient client = client_new();
    uint32_t value;
    assert_asks(&client, PIF_DHCP_DISCOVER);
    g_assert_true(give_plain(&client, PIF_DHCP_OFFER));
    PifDhcpMessage request = asked_by(&client);
    g_assert_true(pif_dhcp_get_u32(&request, PIF_DHCP_REQUESTED, &value));
    g_assert_cmphex(value, ==, ADDRESS);
    g_assert_true(pif_dhcp_get_u32(&request, PIF_DHCP_SERVER, &value));
    g_assert_cmphex(value, ==, SERVER);
    PifDhcpDraft ack = reply_to(&client, PIF_DHCP_ACK, SERVER);
    const uint8_t dns[] = {192, 168, 4, 1, 9, 9, 9, 9, 1, 1, 1, 1, 8, 8, 8, 8};
    pif_dhcp_add_u32(&ack, PIF_DHCP_NETMASK, NETMASK);
    pif_dhcp_add_u32(&ack, PIF_DHCP_ROUTER, SERVER);
    pif_dhcp_add(&ack, PIF_DHCP_DNS, dns, sizeof dns);
    g_assert_true(give(&client, &ack));
    g_assert_cmpint(client.state, ==, PIF_DHCP_BOUND);
    g_assert_cmphex(client.answer.address, ==, ADDRESS);
    g_assert_cmphex(client.answer.netmask, ==, NETMASK);
    g_assert_cmphex(client.answer.router, ==, SERVER);
    g_assert_cmpuint(client.answer.n_dns, ==, 3); /* one too many is left out */
    g_assert_cmphex(client.answer.dns[1], ==, 0x09090909);
}

static void an_answer_without_options_is_an_address_alone(void)
{
    PifDhcpClient client = client_new();
    give_plain(&client, PIF_DHCP_OFFER);
    g_assert_true(give_plain(&client, PIF_DHCP_ACK));
    g_assert_cmphex(client.answer.router, ==, 0);
    g_assert_cmpuint(client.answer.n_dns, ==, 0);
}

static void a_refusal_begins_anew(void)
{
    PifDhcpClient client = client_new();
    give_plain(&client, PIF_DHCP_OFFER);
    assert_asks(&client, PIF_DHCP_REQUEST);
    g_assert_true(give_plain(&client, PIF_DHCP_NAK));
    assert_asks(&client, PIF_DHCP_DISCOVER);
}

static void an_offer_that_nobody_confirms_is_given_up(void)
{
    PifDhcpClient client = client_new();
    give_plain(&client, PIF_DHCP_OFFER);
    for (int i = 0; i < 3; i++)
        assert_asks(&client, PIF_DHCP_REQUEST);
    assert_asks(&client, PIF_DHCP_DISCOVER);
    g_assert_true(give_plain(&client, PIF_DHCP_OFFER));
    assert_asks(&client, PIF_DHCP_REQUEST);
}

static void what_is_not_for_it_or_out_of_turn_changes_nothing(void)
{
    PifDhcpClient client = client_new();
    g_assert_false(give_plain(&client, PIF_DHCP_ACK));
    PifDhcpDraft other = reply_to(&client, PIF_DHCP_OFFER, SERVER);
    other.header.xid++;
    g_assert_false(give(&client, &other));
    other = reply_to(&client, PIF_DHCP_OFFER, SERVER);
    other.header.chaddr[5]++;
    g_assert_false(give(&client, &other));
    other = reply_to(&client, PIF_DHCP_OFFER, SERVER);
    other.header.op = PIF_DHCP_BOOTREQUEST;
    g_assert_false(give(&client, &other));
    other = reply_to(&client, PIF_DHCP_OFFER, 0);
    g_assert_false(give(&client, &other));
    other = reply_to(&client, PIF_DHCP_OFFER, SERVER);
    other.header.yiaddr = 0;
    g_assert_false(give(&client, &other));
    g_assert_false(pif_dhcp_client_take(&client, "short", 5));
    g_assert_true(give_plain(&client, PIF_DHCP_OFFER));
    g_assert_false(give_plain(&client, PIF_DHCP_OFFER));
    other = reply_to(&client, PIF_DHCP_ACK, SERVER + 1);
    g_assert_false(give(&client, &other));
    assert_asks(&client, PIF_DHCP_REQUEST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/dhcp-client/" #name, name)
    TEST(an_offer_is_requested_and_confirmed);
    TEST(an_answer_without_options_is_an_address_alone);
    TEST(a_refusal_begins_anew);
    TEST(an_offer_that_nobody_confirms_is_given_up);
    TEST(what_is_not_for_it_or_out_of_turn_changes_nothing);
    return g_test_run();
}
