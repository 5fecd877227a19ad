// SPDX-License-Identifier: MIT
// Options by name and number, boot files by architecture, addresses by identifier and port, and
// what is asked and heard besides.
#include "hw/netboot/dhcp/dhcp-arp.h"
#include "hw/netboot/dhcp/dhcp-decide.h"
#include "hw/netboot/dhcp/dhcp-frame.h"
#include "hw/netboot/dhcp/dhcp-patience.h"
#include "hw/netboot/dhcp/dhcp-rivals.h"
#include "hw/netboot/dhcp/dhcp-value.h"
#include "pifarm/base/error.h"

#include <string.h>

enum {
    SERVER = 0x0a4d0001,
    FIRST = 0x0a4d0064,
    LAST = 0x0a4d0067,
    PLACE = 0x0a4d000d,
    NOW = 1000000,
    LEASE = 3600,
    US = 1000000
};

static const uint8_t pc_mac[] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t other_mac[] = {0x02, 0, 0, 0, 0, 2};

static PifDhcpOption option(const char *text)
{
    g_autoptr(GError) error = NULL;
    PifDhcpOption parsed;
    pif_dhcp_option_parse(text, &parsed, &error);
    g_assert_no_error(error);
    return parsed;
}

static void check(const char *text, uint8_t code, const char *bytes, size_t size)
{
    PifDhcpOption parsed = option(text);
    g_test_message("%s", text);
    g_assert_cmpuint(parsed.code, ==, code);
    g_assert_cmpmem(parsed.bytes, parsed.size, bytes, size);
}

static void options_are_read_by_name_and_by_number(void)
{
    check("ntp-server=10.77.0.1,10.77.0.2", 42, "\x0a\x4d\0\1\x0a\x4d\0\2", 8);
    check("42=10.77.0.1", 42, "\x0a\x4d\0\1", 4);
    check("mtu=1400", 26, "\x05\x78", 2);
    check("26=0x0578", 26, "\x05\x78", 2);
    check("default-ttl=64", 23, "\x40", 1);
    check("T1=1800", 58, "\0\0\x07\x08", 4);
    check("time-offset=-3600", 2, "\xff\xff\xf1\xf0", 4);
    check("ip-forward-enable=1", 19, "\1", 1);
    check("root-path=10.77.0.1:/srv/n1", 17, "10.77.0.1:/srv/n1", 17);
    check("tftp-server=10.77.0.1", 66, "10.77.0.1", 9);
    check("domain-search=lab,a.org", 119, "\3lab\0\1a\3org\0", 12);
    check("classless-static-route=10.8.0.0/13,10.77.0.9,0.0.0.0/0,10.77.0.1", 121,
          "\x0d\x0a\x08\x0a\x4d\0\x09\0\x0a\x4d\0\1", 12);
    check("224=hello", 224, "hello", 5);
    check("224=10.0.0.1", 224, "\x0a\0\0\1", 4);
    check("43=0x0104deadBEEF", 43, "\1\4\xde\xad\xbe\xef", 6);
    check("44=0x", 44, "", 0);
}

static void an_option_may_be_for_some_and_unasked(void)
{
    PifDhcpOption parsed = option("b8:27:eb:40:00:00/26,force:224=a=b");
    g_assert_true(parsed.is_for_some && parsed.is_forced);
    g_assert_cmpuint(parsed.match.n_bits, ==, 26);
    g_assert_cmpmem(parsed.bytes, parsed.size, "a=b", 3);
    parsed = option("42=10.0.0.1");
    g_assert_false(parsed.is_for_some || parsed.is_forced);
}

static void what_is_no_option_is_refused(void)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"ntp-server", "ntp-server=10.77.0.1"},
        {"ntp-sever=10.0.0.1", "did you mean 'ntp-server'?"},
        {"nonsense=1", "by number"},
        {"ntp-server=10.0.0.256", "addresses like"},
        {"ntp-server=10.0.0.1,", "addresses like"},
        {"mtu=70000", "0 to 65535"},
        {"mtu=0x05g8", "0x0a4d0001"},
        {"mtu=0x057", "0x0a4d0001"},
        {"domain-search=lab..org", "domains like"},
        {"121=10.8.0.0/16", "networks with their routers"},
        {"121=10.8.0.0/33,10.0.0.1", "networks with their routers"},
        {"53=1", "the server does"},
        {"lease=1", "there is no DHCP option"},
        {"0=1", "the server does"},
        {"255=1", "the server does"},
        {"256=1", "no number"},
        {"b8:27,42=", "addresses like"},
        {"b8:2,42=10.0.0.1", "no MAC"},
        {"=1", "there is no DHCP option ''"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        PifDhcpOption parsed;
        g_assert_false(pif_dhcp_option_parse(wrong[i].text, &parsed, &error));
        g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
        g_test_message("%s: %s", wrong[i].text, error->message);
        g_assert_nonnull(strstr(error->message, wrong[i].says));
    }
    g_autofree char *zeros = g_strnfill(512, '0');
    g_autofree char *too_long = g_strconcat("224=0x", zeros, NULL);
    g_autoptr(GError) error = NULL;
    PifDhcpOption parsed;
    g_assert_false(pif_dhcp_option_parse(too_long, &parsed, &error));
    g_assert_nonnull(strstr(error->message, "at most 255 bytes"));
}

static void begin(PifDhcpDraft *draft, PifDhcpType type, const uint8_t *mac)
{
    *draft = (PifDhcpDraft){.header = {.op = 1, .htype = 1, .hlen = 6, .xid = 7}};
    memcpy(draft->header.chaddr, mac, 6);
    pif_dhcp_add_u8(draft, PIF_DHCP_TYPE, (uint8_t)type);
}

static void read_draft(const PifDhcpDraft *draft, PifDhcpMessage *message)
{
    uint8_t bytes[1500];
    g_assert_true(pif_dhcp_parse(bytes, pif_dhcp_format(draft, bytes, sizeof bytes), message));
}

/* The answer to the draft, read. */
static void decide(const PifDhcpConfig *config, PifDhcpPool *pool, const PifDhcpDraft *draft,
                   PifDhcpReply *reply, PifDhcpMessage *answer)
{
    PifDhcpMessage message;
    read_draft(draft, &message);
    pif_dhcp_decide(config, pool, &message, NULL, NOW, reply);
    if (reply->size > 0)
        g_assert_true(pif_dhcp_parse(reply->bytes, reply->size, answer));
}

static const char *text_of(const PifDhcpMessage *message, unsigned code)
{
    static char text[256];
    size_t size = 0;
    const uint8_t *bytes = pif_dhcp_get(message, (PifDhcpCode)code, &size);
    if (!bytes)
        return NULL;
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

static void the_closest_row_is_sent_to_who_asks_for_it(void)
{
    const PifDhcpOption options[] = {
        option("224=all"),        option("02:00:00:00:00:01,224=mine"), option("02,224=some"),
        option("225=unasked"),    option("force:226=forced"),           option("domain-name=other"),
        option("b8:27:eb,227=x"), option("force:227=for all"),
    };
    const PifDhcpConfig config = {.server = SERVER,
                                  .netmask = 0xffffff00,
                                  .lease_s = LEASE,
                                  .domain = "lab",
                                  .options = options,
                                  .n_options = G_N_ELEMENTS(options)};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage answer;
    begin(&draft, PIF_DHCP_DISCOVER, pc_mac);
    pif_dhcp_add(&draft, PIF_DHCP_PARAMETERS, "\xe0\x01", 2);
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpstr(text_of(&answer, 224), ==, "mine");
    g_assert_null(text_of(&answer, 225));
    g_assert_cmpstr(text_of(&answer, 226), ==, "forced");
    g_assert_cmpstr(text_of(&answer, 227), ==, "for all");
    g_assert_cmpstr(text_of(&answer, 15), ==, "other"); /* in place of ours */
    begin(&draft, PIF_DHCP_DISCOVER, other_mac);
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpstr(text_of(&answer, 224), ==, "some");
    g_assert_cmpstr(text_of(&answer, 225), ==, "unasked"); /* it does not say what it wants */
}

static void a_configured_option_takes_the_place_of_ours(void)
{
    const PifDhcpOption options[] = {option("66=10.0.0.9")};
    PifDhcpDraft draft;
    begin(&draft, PIF_DHCP_OFFER, pc_mac);
    pif_dhcp_add_string(&draft, PIF_DHCP_TFTP_SERVER, "10.77.0.1");
    pif_dhcp_add_string(&draft, PIF_DHCP_VENDOR, "menu");
    pif_dhcp_set(&draft, PIF_DHCP_TFTP_SERVER, options[0].bytes, options[0].size);
    pif_dhcp_set(&draft, PIF_DHCP_DOMAIN, "lab", 3);
    uint8_t bytes[1500];
    size_t size = pif_dhcp_format(&draft, bytes, sizeof bytes);
    static const char expected[] = "\x35\1\2\x42\x08"
                                   "10.0.0.9\x2b\4menu\x0f\3lab\xff";
    g_assert_cmpmem(bytes + 240, sizeof expected - 1, expected, sizeof expected - 1);
    g_assert_cmpuint(size, ==, PIF_DHCP_MIN_REPLY);
}

static void a_boot_file_follows_from_the_architecture(void)
{
    const PifDhcpBootFile files[] = {{0, "pxelinux.0"}, {7, "x64.efi"}, {11, "arm64.efi"}};
    const PifDhcpConfig config = {.server = SERVER,
                                  .netmask = 0xffffff00,
                                  .lease_s = LEASE,
                                  .boot_file = "any",
                                  .boot_files = files,
                                  .n_boot_files = G_N_ELEMENTS(files)};
    static const struct {
        const char *class;
        const char *arch; /* two bytes, or NULL */
        const char *file;
    } cases[] = {{"PXEClient", "\0\0", "pxelinux.0"},
                 {"PXEClient:Arch:00007:UNDI:003016", "\0\x0b", "arm64.efi"},
                 {"PXEClient:Arch:00007:UNDI:003016", NULL, "x64.efi"},
                 {"PXEClient:Arch:00099", NULL, "any"},
                 {"PXEClient", NULL, "any"}};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        PifDhcpDraft draft;
        PifDhcpReply reply;
        PifDhcpMessage answer;
        begin(&draft, PIF_DHCP_DISCOVER, pc_mac);
        pif_dhcp_add_string(&draft, PIF_DHCP_CLASS, cases[i].class);
        if (cases[i].arch)
            pif_dhcp_add(&draft, PIF_DHCP_ARCH, cases[i].arch, 2);
        decide(&config, pool, &draft, &reply, &answer);
        g_assert_cmpstr(answer.header.file, ==, cases[i].file);
        g_assert_cmpstr(text_of(&answer, PIF_DHCP_BOOT_FILE), ==, cases[i].file);
    }
}

static void who_hears_broadcasts_only_is_answered_so(void)
{
    PifDhcpMatch deaf;
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage answer;
    g_assert_true(pif_dhcp_match_parse("02:00:00:00:00:01", &deaf, NULL));
    const PifDhcpConfig config = {
        .server = SERVER, .lease_s = LEASE, .broadcast = &deaf, .n_broadcast = 1};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    begin(&draft, PIF_DHCP_DISCOVER, pc_mac);
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_EVERYBODY);
    begin(&draft, PIF_DHCP_DISCOVER, other_mac);
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpint(reply.destination, ==, PIF_DHCP_TO_MAC);
}

static PifDhcpHosts *make_hosts(void)
{
    PifDhcpHosts *hosts = pif_dhcp_hosts_new();
    g_assert_true(pif_dhcp_hosts_add(hosts, "id:me", PLACE, NULL));
    g_assert_true(pif_dhcp_hosts_add(hosts, "port:eth3", PLACE + 1, NULL));
    g_assert_true(pif_dhcp_hosts_add(hosts, "port:eth3@sw1", PLACE + 2, NULL));
    g_assert_true(pif_dhcp_hosts_add(hosts, "port:0x0001", PLACE + 3, NULL));
    return hosts;
}

static uint32_t find(const PifDhcpHosts *hosts, const char *id, const char *relay, size_t size)
{
    PifDhcpDraft draft;
    PifDhcpMessage message;
    begin(&draft, PIF_DHCP_DISCOVER, pc_mac);
    if (id)
        pif_dhcp_add_string(&draft, PIF_DHCP_CLIENT_ID, id);
    if (relay)
        pif_dhcp_add(&draft, PIF_DHCP_RELAY, relay, size);
    read_draft(&draft, &message);
    return pif_dhcp_hosts_find(hosts, &message);
}

static void a_host_is_known_by_identifier_or_port(void)
{
    g_autoptr(PifDhcpHosts) hosts = make_hosts();
    g_autoptr(GError) error = NULL;
    g_assert_cmphex(find(hosts, "me", NULL, 0), ==, PLACE);
    g_assert_cmphex(find(hosts, "you", NULL, 0), ==, 0);
    g_assert_cmphex(find(hosts, NULL, "\1\4eth3", 6), ==, PLACE + 1);
    g_assert_cmphex(find(hosts, NULL, "\2\3sw1\1\4eth3", 11), ==, PLACE + 2);
    g_assert_cmphex(find(hosts, NULL, "\2\3sw2\1\4eth3", 11), ==, PLACE + 1);
    g_assert_cmphex(find(hosts, NULL, "\1\2\0\1", 4), ==, PLACE + 3);
    g_assert_cmphex(find(hosts, "me", "\1\4eth3", 6), ==, PLACE);
    g_assert_cmphex(find(hosts, NULL, "\1\4eth", 5), ==, 0); /* cut off */
    g_assert_cmphex(find(hosts, NULL, "\1", 1), ==, 0);
    g_assert_false(pif_dhcp_hosts_add(hosts, "port:eth3", PLACE + 9, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_EXISTS);
    g_clear_error(&error);
    g_assert_false(pif_dhcp_hosts_add(hosts, "eth3", PLACE + 9, &error));
    g_clear_error(&error);
    g_assert_false(pif_dhcp_hosts_add(hosts, "port:@sw1", PLACE + 9, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
}

/* The address that a client on a port of a relay is offered. */
static uint32_t offer_at(const PifDhcpConfig *config, PifDhcpPool *pool, const uint8_t *mac,
                         const char *port)
{
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage answer;
    begin(&draft, PIF_DHCP_DISCOVER, mac);
    draft.header.giaddr = SERVER + 5;
    pif_dhcp_add(&draft, PIF_DHCP_RELAY, port, 6);
    decide(config, pool, &draft, &reply, &answer);
    return reply.yiaddr;
}

static void a_place_is_whose_who_sits_there(void)
{
    g_autoptr(PifDhcpHosts) hosts = make_hosts();
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(FIRST, LAST);
    const PifDhcpConfig config = {.server = SERVER, .lease_s = LEASE, .hosts = hosts};
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage answer;
    g_assert_true(pif_dhcp_pool_add_place(pool, PLACE + 1, NULL, NULL));
    g_assert_cmphex(offer_at(&config, pool, pc_mac, "\1\4eth3"), ==, PLACE + 1);
    /* it renews past the relay */
    begin(&draft, PIF_DHCP_REQUEST, pc_mac);
    draft.header.ciaddr = PLACE + 1;
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    /* another box is put there; the first is moved elsewhere */
    g_assert_cmphex(offer_at(&config, pool, other_mac, "\1\4eth3"), ==, PLACE + 1);
    decide(&config, pool, &draft, &reply, &answer);
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_NAK);
    g_assert_cmphex(offer_at(&config, pool, pc_mac, "\1\4eth9"), >=, FIRST);
    g_assert_cmphex(offer_at(&config, pool, other_mac, "\1\4eth9"), >=, FIRST);
    g_assert_cmphex(offer_at(&config, pool, pc_mac, "\1\4eth3"), ==, PLACE + 1);
}

static void a_boot_server_says_what_to_boot_and_no_more(void)
{
    const PifDhcpConfig config = {
        .server = SERVER, .lease_s = LEASE, .boot_file = "a.efi", .is_proxy = true};
    g_autoptr(PifDhcpPool) pool = pif_dhcp_pool_new(0, 0);
    PifDhcpDraft draft;
    PifDhcpReply reply;
    PifDhcpMessage message;
    begin(&draft, PIF_DHCP_REQUEST, pc_mac);
    draft.header.ciaddr = FIRST;
    pif_dhcp_add_string(&draft, PIF_DHCP_CLASS, "PXEClient:Arch:00007:UNDI:003016");
    read_draft(&draft, &message);
    pif_dhcp_decide_boot(&config, pool, &message, &reply);
    g_assert_true(pif_dhcp_parse(reply.bytes, reply.size, &message));
    g_assert_cmpuint(reply.answer, ==, PIF_DHCP_ACK);
    g_assert_cmphex(message.header.ciaddr, ==, FIRST);
    g_assert_cmphex(message.header.yiaddr, ==, 0);
    g_assert_cmphex(message.header.siaddr, ==, SERVER);
    g_assert_cmpstr(message.header.file, ==, "a.efi");
    g_assert_cmpstr(text_of(&message, PIF_DHCP_CLASS), ==, "PXEClient");
    g_assert_cmpstr(text_of(&message, PIF_DHCP_VENDOR), ==, "\x06\x01\x08\xff");
    begin(&draft, PIF_DHCP_REQUEST, pc_mac);
    read_draft(&draft, &message);
    pif_dhcp_decide_boot(&config, pool, &message, &reply);
    g_assert_cmpuint(reply.size, ==, 0);
}

static void an_arp_probe_is_this(void)
{
    static const char expected[] =
        "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1\x08\x06"
        "\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\x0a\x4d\0\x64"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    uint8_t frame[100];
    PifArpSender sender;
    size_t size = pif_arp_format_probe(pc_mac, FIRST, frame, sizeof frame);
    g_assert_cmpmem(frame, size, expected, sizeof expected - 1);
    g_assert_true(pif_arp_parse(frame, size, &sender));
    g_assert_cmphex(sender.address, ==, 0);
    frame[21] = 2;
    memcpy(frame + 28, "\x0a\x4d\0\x64", 4);
    g_assert_true(pif_arp_parse(frame, 42, &sender));
    g_assert_cmphex(sender.address, ==, FIRST);
    g_assert_cmpmem(sender.mac, 6, pc_mac, 6);
    g_assert_false(pif_arp_parse(frame, 31, &sender));
    frame[21] = 8;
    g_assert_false(pif_arp_parse(frame, 42, &sender));
    g_assert_cmpuint(pif_arp_format_probe(pc_mac, FIRST, frame, 59), ==, 0);
}

static void another_server_is_known_by_its_answer(void)
{
    const PifFramePath path = {
        {2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 1}, SERVER + 1, UINT32_MAX, 67, 68};
    PifDhcpDraft draft;
    uint8_t bytes[600];
    uint8_t frame[700];
    begin(&draft, PIF_DHCP_OFFER, pc_mac);
    draft.header.op = PIF_DHCP_BOOTREPLY;
    size_t size = pif_dhcp_format(&draft, bytes, sizeof bytes);
    size = pif_frame_format(&path, bytes, size, frame, sizeof frame);
    g_assert_cmphex(pif_dhcp_rival_parse(frame, size), ==, SERVER + 1);
    g_assert_cmphex(pif_dhcp_rival_parse(frame, size - 1), ==, 0);
    pif_dhcp_add_u32(&draft, PIF_DHCP_SERVER, SERVER + 2);
    size = pif_dhcp_format(&draft, bytes, sizeof bytes);
    size = pif_frame_format(&path, bytes, size, frame, sizeof frame);
    g_assert_cmphex(pif_dhcp_rival_parse(frame, size), ==, SERVER + 2);
    size = pif_dhcp_rival_format_probe(pc_mac, 7, frame, sizeof frame);
    g_assert_cmpuint(size, ==, PIF_FRAME_HEADS + PIF_DHCP_MIN_REPLY);
    g_assert_cmphex(pif_dhcp_rival_parse(frame, size), ==, 0);
}

static void another_server_is_said_once_in_a_while(void)
{
    PifDhcpRivals rivals = {0};
    g_assert_true(pif_dhcp_rivals_is_news(&rivals, SERVER, US));
    g_assert_false(pif_dhcp_rivals_is_news(&rivals, SERVER, 2 * US));
    for (uint32_t i = 1; i < PIF_DHCP_MAX_RIVALS; i++)
        g_assert_true(pif_dhcp_rivals_is_news(&rivals, SERVER + i, (int64_t)(2 + i) * US));
    g_assert_false(pif_dhcp_rivals_is_news(&rivals, SERVER, (int64_t)600 * US));
    g_assert_true(pif_dhcp_rivals_is_news(&rivals, SERVER, (int64_t)601 * US));
    g_assert_false(pif_dhcp_rivals_is_news(&rivals, SERVER + 1, (int64_t)601 * US));
    g_assert_true(pif_dhcp_rivals_is_news(&rivals, 7, (int64_t)601 * US)); /* for the oldest */
    g_assert_true(pif_dhcp_rivals_is_news(&rivals, SERVER + 1, (int64_t)602 * US));
}

static void who_keeps_asking_is_said_once_until_it_goes_on(void)
{
    g_autoptr(PifDhcpPatience) patience = pif_dhcp_patience_new();
    unsigned n_said = 0;
    for (unsigned i = 0; i < 20; i++)
        n_said += pif_dhcp_patience_offered(patience, pc_mac, (int64_t)i * 5 * US);
    g_assert_cmpuint(n_said, ==, 1);
    pif_dhcp_patience_went_on(patience, pc_mac);
    for (int64_t i = 0; i < 4; i++)
        g_assert_false(pif_dhcp_patience_offered(patience, pc_mac, (100 + i) * US));
    g_assert_true(pif_dhcp_patience_offered(patience, pc_mac, INT64_C(104) * US));
    for (int64_t i = 0; i < 20; i++) /* one that asks every few minutes is not stuck */
        g_assert_false(pif_dhcp_patience_offered(patience, other_mac, i * 200 * US));
}

static void ten_thousand_that_keep_asking_take_no_more_room_than_there_is(void)
{
    g_autoptr(PifDhcpPatience) patience = pif_dhcp_patience_new();
    for (unsigned i = 0; i < 10000; i++) {
        const uint8_t mac[] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        g_assert_false(pif_dhcp_patience_offered(patience, mac, US));
    }
    for (unsigned i = 0; i < PIF_DHCP_PATIENCE - 1; i++)
        g_assert_false(pif_dhcp_patience_offered(patience, pc_mac, US)); /* long forgotten */
}

#define TEST(name) g_test_add_func("/dhcp-options/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(options_are_read_by_name_and_by_number);
    TEST(an_option_may_be_for_some_and_unasked);
    TEST(what_is_no_option_is_refused);
    TEST(the_closest_row_is_sent_to_who_asks_for_it);
    TEST(a_configured_option_takes_the_place_of_ours);
    TEST(a_boot_file_follows_from_the_architecture);
    TEST(who_hears_broadcasts_only_is_answered_so);
    TEST(a_host_is_known_by_identifier_or_port);
    TEST(a_place_is_whose_who_sits_there);
    TEST(a_boot_server_says_what_to_boot_and_no_more);
    TEST(an_arp_probe_is_this);
    TEST(another_server_is_known_by_its_answer);
    TEST(another_server_is_said_once_in_a_while);
    TEST(who_keeps_asking_is_said_once_until_it_goes_on);
    TEST(ten_thousand_that_keep_asking_take_no_more_room_than_there_is);
    return g_test_run();
}
