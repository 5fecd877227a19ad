// SPDX-License-Identifier: MIT
// Links of each kind on a real kernel: made as described, read again, taken back at any step; and
// the TAPs of access points, which the farm makes.
#include "host.h"

#include "netsetup/tun.h"
#include "pifarm/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { USER = 64999 };

static const PifNetNode nodes[] = {
    {.name = "n1", .id = 1, .mac = (const uint8_t *)"\xb8\x27\xeb\0\0\1", .has_wlan = TRUE},
    {.name = "n2", .id = 2, .mac = (const uint8_t *)"\xb8\x27\xeb\0\0\2", .has_wlan = TRUE}};
static const PifNetSpec lab = {"lab", "pifarm0",      0x0a4d0001,
                               24,    .nodes = nodes, .n_nodes = G_N_ELEMENTS(nodes)};

/* A host with a link of every kind that is described: its steps, one plan. */
typedef struct {
    PifLink *links[3];
} Description;

static PifLink *described(const char *name, const char *kind, uint8_t last_byte)
{
    PifLink *link = pif_link_new(name, kind);
    memcpy(link->mac, "\x02\0\0\0\0", PIF_MAC_SIZE - 1);
    link->mac[5] = last_byte;
    link->is_up = TRUE;
    return link;
}

static void description_init(Description *description)
{
    PifLink *bridge = described("br7", "bridge", 1);
    PifLink *tap = described("tap7", "tun", 2);
    PifLink *veth = described("veth7", "veth", 3);
    bridge->bridge.ageing_cs = 100;
    memcpy(bridge->bridge.group_address, "\x01\x80\xc2\0\0\x0e", PIF_MAC_SIZE);
    tap->tun.has_owner = TRUE;
    tap->tun.owner = USER;
    g_free(veth->peer);
    veth->peer = g_strdup("peer7");
    g_free(veth->master);
    veth->master = g_strdup("br7");
    veth->mtu = 1400;
    description->links[0] = bridge;
    description->links[1] = tap;
    description->links[2] = veth;
}

static void description_clear(Description *description)
{
    for (size_t i = 0; i < G_N_ELEMENTS(description->links); i++)
        pif_link_free(description->links[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Description, description_clear)

/* From what the host has to what is described; take_away: to nothing. */
static PifNetPlan *plan_of(const Description *description, gboolean take_away)
{
    g_autoptr(GError) error = NULL;
    PifNetPlan *plan = g_new0(PifNetPlan, 1);
    plan->have = pif_net_state_observe(&error);
    g_assert_no_error(error);
    plan->bridge = pif_link_new("none", "");
    plan->links = g_ptr_array_new();
    plan->texts = g_string_chunk_new(16);
    plan->steps = pif_net_steps_new();
    for (size_t i = 0; i < G_N_ELEMENTS(description->links); i++) {
        const PifLink *link = description->links[i];
        const PifLink *present = pif_net_state_find_link(plan->have, link->name);
        if (!take_away || present)
            pif_net_steps_add_difference(plan->steps, present, take_away ? NULL : link);
    }
    return plan;
}

static void apply(const Description *description, gboolean take_away)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = plan_of(description, take_away);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static void links_are_made_as_described_and_found_so(void)
{
    g_auto(Description) description = {0};
    if (!enter_namespace())
        return;
    description_init(&description);
    apply(&description, FALSE);
    g_autofree char *links = output_of("ip -d link show dev br7; ip -d link show dev tap7;"
                                       "ip -d link show dev veth7; ip link show dev peer7");
    assert_says(links, "group_address 01:80:c2:00:00:0e");
    assert_says(links, "ageing_time 100 ");
    assert_says(links, "stp_state 0");
    assert_says(links, "forward_delay 0 ");
    assert_says(links, "persist on user 64999");
    assert_says(links, "veth7@peer7");
    assert_says(links, "mtu 1400");
    g_autoptr(PifNetPlan) again = plan_of(&description, FALSE);
    g_autofree char *text = pif_net_plan_format(again);
    g_assert_cmpstr(text, ==, "");
}

static void the_commands_printed_make_the_same_links(void)
{
    g_auto(Description) description = {0};
    if (!enter_namespace())
        return;
    description_init(&description);
    g_autoptr(PifNetPlan) plan = plan_of(&description, FALSE);
    g_autofree char *commands = pif_net_plan_format(plan);
    run(commands);
    g_autoptr(PifNetPlan) again = plan_of(&description, FALSE);
    g_autofree char *text = pif_net_plan_format(again);
    g_assert_cmpstr(text, ==, "");
}

/* A fault at each step in turn; returns how many steps there are. */
static int assert_no_trace(const Description *description, gboolean take_away)
{
    g_autofree char *before = describe_network();
    for (int faulty = 1;; faulty++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PifNetPlan) plan = plan_of(description, take_away);
        g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, &error);
        FaultyKernel kernel = {netlink, 0, faulty};
        if (faulty > (int)plan->steps->len)
            return faulty - 1;
        g_assert_false(pif_net_plan_run(plan, run_on_faulty_kernel, &kernel, &error));
        g_assert_cmpstr(error->message, ==, "injected");
        assert_network_is(before);
    }
}

static void a_fault_at_any_step_leaves_links_of_every_kind_as_they_were(void)
{
    static const char *const beginnings[] = {
        "",
        "ip link add name br7 address 02:00:00:00:00:09 type bridge stp_state 1 ageing_time 7000\n"
        "ip tuntap add dev tap7 mode tap user 1; ip link set dev tap7 address 02:00:00:00:00:08\n"
        "ip link set dev br7 up; ip link set dev br7 down\n",
    };
    static const int n_steps[] = {8, 13};
    for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++) {
        g_auto(Description) description = {0};
        if (!enter_namespace())
            return;
        description_init(&description);
        run(beginnings[i]);
        g_assert_cmpint(assert_no_trace(&description, FALSE), ==, n_steps[i]);
    }
}

static void what_was_made_is_taken_away_without_a_trace(void)
{
    g_auto(Description) description = {0};
    if (!enter_namespace())
        return;
    description_init(&description);
    g_autofree char *before = describe_network();
    for (int round = 0; round < 10; round++) {
        apply(&description, FALSE);
        apply(&description, TRUE);
        assert_network_is(before);
    }
}

/* In a process of its own, as that user: 0, or the errno value of what opening the TAP comes to. */
static int open_as(uid_t user)
{
    pid_t child = fork();
    if (child == 0) {
        struct ifreq request = {.ifr_name = "tap7", .ifr_flags = IFF_TAP | IFF_NO_PI};
        g_auto(PifFd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
        if (fd < 0 || setresuid(user, user, user) < 0)
            _exit(255);
        _exit(ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno);
    }
    int status = -1;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return WEXITSTATUS(status);
}

static void a_tap_opens_for_its_owner_and_for_no_other_user(void)
{
    g_autoptr(PifLink) tap = described("tap7", "tun", 1);
    if (!enter_namespace())
        return;
    tap->tun.has_owner = TRUE;
    tap->tun.owner = USER;
    g_assert_cmpint(pif_tun_add(tap), ==, 0);
    g_assert_cmpint(open_as(USER), ==, 0);
    g_assert_cmpint(open_as(USER + 1), ==, EPERM);
}

static void with_wlan_ten_rounds_leave_the_host_as_it_was(void)
{
    if (!enter_namespace())
        return;
    g_autofree char *before = describe_network();
    g_autofree char *rules = output_of("nft list ruleset");
    for (int round = 0; round < 10; round++) {
        apply_up_of(&lab);
        assert_nothing_to_do_for(&lab);
        apply_down_of(&lab);
        assert_network_is(before);
    }
    g_autofree char *after = output_of("nft list ruleset");
    g_assert_cmpstr(after, ==, rules);
}

static void with_wlan_a_fault_at_any_step_leaves_no_trace(void)
{
    if (!enter_namespace())
        return;
    g_assert_cmpint(assert_faults_leave_no_trace(pif_net_plan_up, &lab), ==, 11);
    apply_up_of(&lab);
    g_assert_cmpint(assert_faults_leave_no_trace(pif_net_plan_down, &lab), ==, 4);
}

/* As QEMU would have it. */
static int hold(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    g_assert_cmpint(ioctl(fd, TUNSETIFF, &request), ==, 0);
    return fd;
}

static void a_wlan_that_a_process_holds_is_left_alone_by_up_and_removed_by_down(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&lab);
    g_auto(PifFd) machine = hold("q1tap1");
    assert_nothing_to_do_for(&lab);
    apply_down_of(&lab);
    g_autofree char *links = output_of("ip -o link | wc -l");
    g_assert_cmpint(atoi(links), ==, 1);
}

static void a_tap_of_that_name_that_somebody_else_holds_stays_theirs(void)
{
    if (!enter_namespace())
        return;
    g_auto(PifFd) stranger = hold("q1tap1");
    g_autofree char *before = describe_network();
    apply_up_of(&lab);
    g_autofree char *links = output_of("ip -o link");
    assert_says(links, "q1a51146t1");
    assert_says(links, "q1tap2");
    apply_down_of(&lab);
    assert_network_is(before);
}

#define TEST(name) g_test_add_func("/links/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(links_are_made_as_described_and_found_so);
    TEST(the_commands_printed_make_the_same_links);
    TEST(a_fault_at_any_step_leaves_links_of_every_kind_as_they_were);
    TEST(what_was_made_is_taken_away_without_a_trace);
    TEST(a_tap_opens_for_its_owner_and_for_no_other_user);
    TEST(with_wlan_ten_rounds_leave_the_host_as_it_was);
    TEST(with_wlan_a_fault_at_any_step_leaves_no_trace);
    TEST(a_wlan_that_a_process_holds_is_left_alone_by_up_and_removed_by_down);
    TEST(a_tap_of_that_name_that_somebody_else_holds_stays_theirs);
    return g_test_run();
}
