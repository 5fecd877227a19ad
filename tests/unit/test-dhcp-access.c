// SPDX-License-Identifier: MIT
// Who is served: patterns, rules, strangers, and what an HTTP server says.
#include "hw/netboot/ask/ask-packet.h"
#include "hw/netboot/dhcp/dhcp-verdict.h"
#include "hw/netboot/server/notice.h"
#include "pifarm/base/error.h"

#include <string.h>

enum { SERVER = 0x0a4d0001, FIRST = 0x0a4d0064, LAST = 0x0a4d0067, NOW = 1000000, LEASE = 3600 };

static const uint8_t pi_mac[] = {0xb8, 0x27, 0xeb, 0x64, 0x24, 0x7d};
static const uint8_t pc_mac[] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t pi_uuid[] = {0x7d, 0x24, 0x64, 0x55, 0x7d, 0x24, 0x64, 0x55,
                                  0x7d, 0x24, 0x64, 0x55, 0x7d, 0x24, 0x64, 0x55};
#define PI_UUID "7d246455-7d24-6455-7d24-64557d246455"

static bool matches(const char *text, const uint8_t *mac, const uint8_t *uuid)
{
    g_autoptr(GError) error = NULL;
    PifDhcpMatch match;
    pif_dhcp_match_parse(text, &match, &error);
    g_assert_no_error(error);
    return pif_dhcp_match_test(&match, mac, uuid);
}

static void a_pattern_names_a_mac_a_vendor_or_some_bits(void)
{
    g_assert_true(matches("b8:27:eb:64:24:7d", pi_mac, NULL));
    g_assert_true(matches("B8-27-EB-64-24-7D", pi_mac, NULL));
    g_assert_false(matches("b8:27:eb:64:24:7c", pi_mac, NULL));
    g_assert_true(matches("b8:27:eb", pi_mac, NULL));
    g_assert_false(matches("b8:27:ec", pi_mac, NULL));
    g_assert_true(matches("b8:27:eb:40:00:00/26", pi_mac, NULL));
    g_assert_false(matches("b8:27:eb:40:00:00/27", pi_mac, NULL));
    g_assert_true(matches(PI_UUID, pi_mac, pi_uuid));
    g_assert_false(matches(PI_UUID, pi_mac, NULL));
    g_assert_true(matches("7d246455-0000-0000-0000-000000000000/32", pi_mac, pi_uuid));
    g_assert_false(matches("7d246455-0000-0000-0000-000000000000/34", pi_mac, pi_uuid));
}

static void what_is_no_pattern_is_refused_with_examples(void)
{
    static const char *const wrong[] = {"",
                                        "b",
                                        "b8:27:eb:",
                                        "b8:27:eb:64:24:7d:00",
                                        "b827eb64247d",
                                        "b8:27:eb/25",
                                        "b8:27/",
                                        "b8:27:eb/0",
                                        "b8 27",
                                        "7d246455-7d24-6455-7d24-64557d24645g",
                                        "b8:27/+8",
                                        "7d246455-7d24-6455-7d24-64557d246455/129"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        PifDhcpMatch match;
        g_test_message("%s", wrong[i]);
        g_assert_false(pif_dhcp_match_parse(wrong[i], &match, &error));
        g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, "b8:27:eb:12:34:56"));
    }
}

static PifDhcpRule rule(const char *text, bool is_allowed)
{
    PifDhcpRule made = {.is_allowed = is_allowed};
    g_assert_true(pif_dhcp_match_parse(text, &made.match, NULL));
    return made;
}

static void the_closest_rule_decides_and_denies_when_equal(void)
{
    const PifDhcpRule rules[] = {rule("b8:27:eb", false), rule("b8:27:eb:64:24:7d", true),
                                 rule("02", true), rule("02", false), rule(PI_UUID, false)};
    const PifDhcpAccess access = {rules, G_N_ELEMENTS(rules), PIF_DHCP_UNKNOWN_OFFER};
    const uint8_t other_pi[] = {0xb8, 0x27, 0xeb, 0, 0, 1};
    const uint8_t nobody[] = {4, 0, 0, 0, 0, 1};
    g_assert_cmpint(pif_dhcp_access_of(&access, pi_mac, NULL, false), ==, PIF_DHCP_KNOWN);
    g_assert_cmpint(pif_dhcp_access_of(&access, pi_mac, pi_uuid, false), ==, PIF_DHCP_DENIED);
    g_assert_cmpint(pif_dhcp_access_of(&access, other_pi, NULL, false), ==, PIF_DHCP_DENIED);
    g_assert_cmpint(pif_dhcp_access_of(&access, other_pi, NULL, true), ==, PIF_DHCP_KNOWN);
    g_assert_cmpint(pif_dhcp_access_of(&access, pc_mac, NULL, false), ==, PIF_DHCP_DENIED);
    g_assert_cmpint(pif_dhcp_access_of(&access, nobody, NULL, false), ==, PIF_DHCP_STRANGER);
    g_assert_cmpint(pif_dhcp_access_of(&access, nobody, NULL, true), ==, PIF_DHCP_KNOWN);
}

/* A message of a client, of a Pi's boot ROM with is_rom. */
static void make(PifDhcpMessage *message, PifDhcpType type, const uint8_t *mac, bool is_rom,
                 uint32_t requested)
{
    PifDhcpDraft draft = {.header = {.op = 1, .htype = 1, .hlen = 6, .xid = 7}};
    uint8_t option[17] = {0};
    uint8_t bytes[1500];
    memcpy(draft.header.chaddr, mac, 6);
    memcpy(option + 1, pi_uuid, sizeof pi_uuid);
    pif_dhcp_add_u8(&draft, PIF_DHCP_TYPE, (uint8_t)type);
    if (is_rom) {
        pif_dhcp_add(&draft, PIF_DHCP_UUID, option, sizeof option);
        pif_dhcp_add_string(&draft, PIF_DHCP_CLASS, "PXEClient:Arch:00000:UNDI:002001");
    }
    if (requested)
        pif_dhcp_add_u32(&draft, PIF_DHCP_REQUESTED, requested);
    g_assert_true(pif_dhcp_parse(bytes, pif_dhcp_format(&draft, bytes, sizeof bytes), message));
}

static void decide(const PifDhcpAccess *access, PifDhcpPool *pool, const PifDhcpMessage *message,
                   const PifDhcpVerdict *verdict, int64_t now_s, PifDhcpReply *reply)
{
    const PifDhcpConfig config = {
        .server = SERVER, .netmask = 0xffffff00, .lease_s = LEASE, .access = access};
    pif_dhcp_decide(&config, pool, message, verdict, now_s, reply);
}

static void strangers_are_ignored_or_served_as_configured(void)
{
    const PifDhcpRule rules[] = {rule("b8:27:eb", true)};
    PifDhcpAccess access = {rules, 1, PIF_DHCP_UNKNOWN_IGNORE};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpMessage message;
    PifDhcpReply reply;
    make(&message, PIF_DHCP_DISCOVER, pc_mac, false, 0);
    decide(&access, pool, &message, NULL, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_cmpstr(reply.note, ==, "this client is unknown, and unknown ones are ignored");
    g_assert_null(pif_dhcp_pool_find_client(pool, pc_mac));
    access.unknown = PIF_DHCP_UNKNOWN_OFFER;
    decide(&access, pool, &message, NULL, NOW, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_OFFER);
    make(&message, PIF_DHCP_DISCOVER, pi_mac, false, 0);
    access.unknown = PIF_DHCP_UNKNOWN_IGNORE;
    decide(&access, pool, &message, NULL, NOW, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_OFFER);
}

static void a_uuid_that_the_rom_said_is_known_of_its_system_too(void)
{
    const PifDhcpRule rules[] = {rule(PI_UUID, true)};
    const PifDhcpAccess access = {rules, 1, PIF_DHCP_UNKNOWN_IGNORE};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpMessage message;
    PifDhcpReply reply;
    make(&message, PIF_DHCP_DISCOVER, pi_mac, true, 0);
    decide(&access, pool, &message, NULL, NOW, &reply);
    uint32_t address = reply.yiaddr;
    make(&message, PIF_DHCP_REQUEST, pi_mac, false, address);
    decide(&access, pool, &message, NULL, NOW + 60, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    g_assert_cmphex(reply.serial, ==, 0x5564247d);
}

static void an_adopted_pi_keeps_its_address_when_others_need_one(void)
{
    const PifDhcpAccess access = {NULL, 0, PIF_DHCP_UNKNOWN_ADOPT};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, FIRST);
    PifDhcpMessage message;
    PifDhcpReply reply;
    make(&message, PIF_DHCP_DISCOVER, pi_mac, true, 0);
    decide(&access, pool, &message, NULL, NOW, &reply);
    g_assert_true(reply.is_adopted);
    decide(&access, pool, &message, NULL, NOW + 1, &reply);
    g_assert_false(reply.is_adopted);
    make(&message, PIF_DHCP_REQUEST, pi_mac, false, FIRST);
    decide(&access, pool, &message, NULL, NOW + 2, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    make(&message, PIF_DHCP_DISCOVER, pc_mac, false, 0);
    decide(&access, pool, &message, NULL, NOW + 100 * LEASE, &reply);
    g_assert_cmpstr(reply.note, ==, "no address is left");
    g_assert_cmpint(pif_dhcp_pool_find(pool, FIRST)->expires_s, ==, INT64_MAX);
}

static void a_pc_is_no_pi_to_adopt(void)
{
    const PifDhcpAccess access = {NULL, 0, PIF_DHCP_UNKNOWN_ADOPT};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, FIRST);
    PifDhcpMessage message;
    PifDhcpReply reply;
    make(&message, PIF_DHCP_DISCOVER, pc_mac, false, 0);
    decide(&access, pool, &message, NULL, NOW, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_OFFER);
    g_assert_false(pif_dhcp_pool_find(pool, FIRST)->is_adopted);
}

static void an_http_answer_is_read_line_by_line(void)
{
    PifDhcpHearsay said;
    pif_dhcp_hearsay_parse(200, "Client : n7.lab\r\nnonsense\nfile: boot/arm64 efi\nother: x\n",
                           &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_YES);
    g_assert_cmpstr(said.hostname, ==, "n7.lab");
    g_assert_cmpstr(said.boot_file, ==, "boot/arm64 efi");
    pif_dhcp_hearsay_parse(204, "", &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_YES);
    pif_dhcp_hearsay_parse(401, "client: n7", &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_NO);
    g_assert_cmpstr(said.hostname, ==, "");
    pif_dhcp_hearsay_parse(503, "", &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_NONE);
    pif_dhcp_hearsay_parse(302, "", &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_NONE);
    pif_dhcp_hearsay_parse(0, "", &said);
    g_assert_cmpint(said.kind, ==, PIF_DHCP_VERDICT_NONE);
}

static void values_too_long_or_odd_are_passed_over(void)
{
    PifDhcpHearsay said;
    g_autofree char *name = g_strnfill(64, 'a');
    g_autofree char *file = g_strnfill(128, 'b');
    g_autofree char *body =
        g_strdup_printf("client: %s\nfile: %s\nclient: a b\nfile: \x01\n", name, file);
    pif_dhcp_hearsay_parse(200, body, &said);
    g_assert_cmpstr(said.hostname, ==, "");
    g_assert_cmpstr(said.boot_file, ==, "");
}

static void a_question_is_written_as_pybootd_writes_it(void)
{
    PifDhcpQuestion question = {.has_uuid = true, .address = 0x0a4d000b};
    memcpy(question.mac, pi_mac, sizeof pi_mac);
    memcpy(question.uuid, pi_uuid, sizeof pi_uuid);
    g_autofree char *whole = pif_dhcp_question_format(&question);
    g_assert_cmpstr(
        whole, ==, "mac=B8:27:EB:64:24:7D&uuid=7D246455-7D24-6455-7D24-64557D246455&ip=10.77.0.11");
    question.has_uuid = false;
    question.address = 0;
    g_autofree char *bare = pif_dhcp_question_format(&question);
    g_assert_cmpstr(bare, ==, "mac=B8:27:EB:64:24:7D");
}

static void a_verdict_names_client_and_file(void)
{
    const PifDhcpVerdict yes = {.is_allowed = true, .hostname = "n7", .boot_file = "other.0"};
    const PifDhcpVerdict no = {.is_refused = true, .reason = "no"};
    const PifDhcpVerdict none = {.reason = "nothing heard"};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpMessage message;
    PifDhcpMessage answer;
    PifDhcpReply reply;
    size_t size = 0;
    make(&message, PIF_DHCP_REQUEST, pc_mac, false, FIRST);
    decide(NULL, pool, &message, &yes, NOW, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    g_assert_true(pif_dhcp_parse(reply.bytes, reply.size, &answer));
    const uint8_t *name = pif_dhcp_get(&answer, PIF_DHCP_HOSTNAME, &size);
    g_assert_cmpmem(name, size, "n7", 2);
    decide(NULL, pool, &message, &none, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
    g_assert_cmpstr(reply.note, ==, "nothing heard");
    decide(NULL, pool, &message, &no, NOW, &reply);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_NAK);
    make(&message, PIF_DHCP_DISCOVER, pc_mac, false, 0);
    decide(NULL, pool, &message, &no, NOW, &reply);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_NOBODY);
}

static void packets_between_server_and_http_client_are_these(void)
{
    static const uint8_t question_bytes[] = {0, 0, 1, 2, 3, 'm', 'a', 'c', 0};
    static const uint8_t answer_bytes[] = {0, 0, 1, 2, 3, 0, 200, 'o', 'k', 0};
    uint8_t bytes[PIF_ASK_MAX_PACKET];
    PifAskQuestion question;
    PifAskAnswer answer;
    size_t size = pif_ask_format_question(&(PifAskQuestion){258, 3, "mac"}, bytes, sizeof bytes);
    g_assert_cmpmem(bytes, size, question_bytes, sizeof question_bytes);
    g_assert_true(pif_ask_parse_question(bytes, size, &question));
    g_assert_cmpstr(question.text, ==, "mac");
    g_assert_false(pif_ask_parse_question(bytes, size - 1, &question));
    size = pif_ask_format_answer(&(PifAskAnswer){258, 3, 200, "ok"}, bytes, sizeof bytes);
    g_assert_cmpmem(bytes, size, answer_bytes, sizeof answer_bytes);
    g_assert_true(pif_ask_parse_answer(bytes, size, &answer));
    g_assert_cmpuint(answer.status, ==, 200);
    g_assert_false(pif_ask_parse_answer("\0\0\1\2\3\0\310ok\0x", 11, &answer));
    g_autofree char *text = g_strnfill(PIF_ASK_MAX_TEXT, 'x');
    g_assert_cmpuint(pif_ask_format_question(&(PifAskQuestion){1, 1, text}, bytes, sizeof bytes),
                     ==, 0);
}

static void notices_are_in_pybootds_words(void)
{
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, FIRST);
    PifDhcpMessage message;
    PifDhcpReply reply;
    make(&message, PIF_DHCP_DISCOVER, pi_mac, true, 0);
    decide(NULL, pool, &message, NULL, NOW, &reply);
    g_autofree char *boot = pif_notice_format_line(pif_notice_name(&reply), &reply);
    g_assert_cmpstr(boot, ==,
                    "BOOT,7D246455-7D24-6455-7D24-64557D246455,B8:27:EB:64:24:7D,10.77.0.100");
    g_autofree char *object = pif_notice_format_json("BOOT", &reply);
    g_assert_cmpstr(object, ==,
                    "{\"event\":\"BOOT\",\"mac\":\"b8:27:eb:64:24:7d\",\"address\":\"10.77.0.100\","
                    "\"uuid\":\"7D246455-7D24-6455-7D24-64557D246455\",\"serial\":\"5564247d\"}");
    make(&message, PIF_DHCP_REQUEST, pi_mac, false, FIRST);
    decide(NULL, pool, &message, NULL, NOW, &reply);
    g_assert_cmpstr(pif_notice_name(&reply), ==, "LEASE");
    make(&message, PIF_DHCP_REQUEST, pi_mac, false, LAST);
    decide(NULL, pool, &message, NULL, NOW, &reply);
    g_assert_null(pif_notice_name(&reply));
    make(&message, PIF_DHCP_DISCOVER, pi_mac, false, FIRST);
    decide(NULL, pool, &message, NULL, NOW, &reply);
    g_assert_null(pif_notice_name(&reply));
    make(&message, PIF_DHCP_RELEASE, pi_mac, false, 0);
    message.header.ciaddr = FIRST;
    decide(NULL, pool, &message, NULL, NOW, &reply);
    g_assert_cmpstr(pif_notice_name(&reply), ==, "RELEASE");
}

#define TEST(name) g_test_add_func("/dhcp-access/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_pattern_names_a_mac_a_vendor_or_some_bits);
    TEST(what_is_no_pattern_is_refused_with_examples);
    TEST(the_closest_rule_decides_and_denies_when_equal);
    TEST(strangers_are_ignored_or_served_as_configured);
    TEST(a_uuid_that_the_rom_said_is_known_of_its_system_too);
    TEST(an_adopted_pi_keeps_its_address_when_others_need_one);
    TEST(a_pc_is_no_pi_to_adopt);
    TEST(an_http_answer_is_read_line_by_line);
    TEST(values_too_long_or_odd_are_passed_over);
    TEST(a_question_is_written_as_pybootd_writes_it);
    TEST(a_verdict_names_client_and_file);
    TEST(packets_between_server_and_http_client_are_these);
    TEST(notices_are_in_pybootds_words);
    return g_test_run();
}
