// SPDX-License-Identifier: MIT
// The farm's bridge on a real kernel: made, completed, left alone, taken back, removed.
#include "namespace.h"

#include "netsetup/kernel.h"
#include "netsetup/net.h"
#include "netsetup/plan.h"
#include "pifarm/base/error.h"

#include <sys/wait.h>

static const PifNetSpec lab = {"lab", "pifarm0", 0x0a4d0001, 24}; /* 10.77.0.1/24 */

/* Other people's links, which are to stay as they are. */
static const char *const neighbours = "ip link add name br0 type bridge forward_delay 0\n"
                                      "ip address add 10.1.0.1/16 brd + dev br0\n"
                                      "ip link set dev br0 up\n"
                                      "ip link add name veth-a type veth peer name veth-b\n"
                                      "ip link set dev veth-a master br0 up\n"
                                      "ip link set dev veth-b up\n"
                                      "ip address add 192.168.7.2/24 dev veth-b\n"
                                      "ip route add default via 192.168.7.1\n"
                                      "ip route add 172.16.0.0/12 via 192.168.7.1\n";

/* All that `ip` tells about the network, but for what changes by itself a moment after a link was
 * made: the timers of bridges, and carrier. */
static char *describe_network(void)
{
    return output_of("{ ip -d link; ip addr; ip route show table all; } | sed -E '"
                     "s/(hello|tcn|topology_change|gc)_timer +[0-9.]+//g;"
                     "s/(NO-CARRIER,|,LOWER_UP|,M-DOWN| linkdown)//g; s/ state [A-Z]+//'");
}

static void assert_network_is(const char *expected)
{
    g_autofree char *found = describe_network();
    g_auto(GStrv) expected_lines = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) found_lines = g_strsplit(found, "\n", -1);
    for (size_t i = 0; expected_lines[i] || found_lines[i]; i++)
        g_assert_cmpstr(found_lines[i], ==, expected_lines[i]);
}

static void apply_up(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&lab, &error);
    g_assert_no_error(error);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static void apply_down(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_down(&lab, &error);
    g_assert_no_error(error);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static void assert_nothing_to_do(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&lab, &error);
    g_assert_no_error(error);
    g_autofree char *text = pif_net_plan_format(plan);
    g_assert_cmpstr(text, ==, "");
}

static void assert_says(const char *text, const char *word)
{
    if (!strstr(text, word))
        g_error("no '%s' in: %s", word, text);
}

static void the_bridge_is_made_as_planned(void)
{
    if (!enter_namespace())
        return;
    apply_up();
    g_autofree char *link = output_of("ip -d link show dev pifarm0; ip address show dev pifarm0");
    assert_says(link, "alias pifarm:lab");
    assert_says(link, "stp_state 0");
    assert_says(link, "forward_delay 0 ");
    assert_says(link, ",UP");
    assert_says(link, "inet 10.77.0.1/24 scope global pifarm0");
}

static void making_it_twice_changes_nothing(void)
{
    if (!enter_namespace())
        return;
    apply_up();
    assert_nothing_to_do();
}

static void the_commands_printed_do_the_same_as_the_plan_applied(void)
{
    if (!enter_namespace())
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&lab, &error);
    g_assert_no_error(error);
    g_autofree char *commands = pif_net_plan_format(plan);
    run(commands);
    assert_nothing_to_do();
    g_autofree char *by_hand = describe_network();
    g_assert_true(enter_namespace());
    apply_up();
    assert_network_is(by_hand);
}

static void the_mac_stays_when_ports_come_and_go(void)
{
    if (!enter_namespace())
        return;
    apply_up();
    run("ip link add name veth-a address 02:00:00:00:00:01 type veth peer name veth-b\n"
        "ip link set dev veth-a master pifarm0 up; ip link set dev veth-b up\n"
        "ip link delete dev veth-a");
    assert_nothing_to_do();
}

static void down_removes_what_up_made_ten_times_over(void)
{
    if (!enter_namespace())
        return;
    run(neighbours);
    g_autofree char *before = describe_network();
    for (int round = 0; round < 10; round++) {
        apply_up();
        apply_down();
        assert_network_is(before);
    }
}

static void down_leaves_a_strangers_bridge_of_that_name(void)
{
    if (!enter_namespace())
        return;
    run("ip link add name pifarm0 type bridge");
    g_autofree char *before = describe_network();
    apply_down();
    assert_network_is(before);
}

static void an_address_that_somebody_else_has_is_refused(void)
{
    if (!enter_namespace())
        return;
    run(neighbours);
    const PifNetSpec clash = {"lab", "pifarm0", 0x0a012001, 24}; /* 10.1.32.1/24, within br0's */
    g_autoptr(GError) error = NULL;
    g_assert_null(pif_net_plan_up(&clash, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    assert_says(error->message, "the address 10.1.0.1/16 on br0");
    g_clear_error(&error);
    const PifNetSpec routed = {"lab", "pifarm0", 0xac100001, 24}; /* 172.16.0.1/24, routed away */
    g_assert_null(pif_net_plan_up(&routed, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    assert_says(error->message, "the route 172.16.0.0/12 on veth-b");
}

static void a_vpn_that_routes_everything_is_no_overlap(void)
{
    if (!enter_namespace())
        return;
    run(neighbours);
    run("ip route add 0.0.0.0/1 via 192.168.7.1; ip route add 128.0.0.0/1 via 192.168.7.1");
    apply_up();
}

/* The kernel, but for one step that fails without having been tried. */
typedef struct {
    PifNetlink *netlink;
    int n_steps;
    int faulty; /* number of the step, from 1 */
} FaultyKernel;

static gboolean run_on_faulty_kernel(const PifNetStep *step, gpointer data, GError **error)
{
    FaultyKernel *kernel = data;
    if (++kernel->n_steps == kernel->faulty)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "injected");
    return pif_net_step_run(step, kernel->netlink, error);
}

/* Applies the plan with a fault at that step; false when it has fewer steps. */
static gboolean apply_with_fault(int faulty)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&lab, &error);
    g_assert_no_error(error);
    if (faulty > (int)plan->steps->len)
        return FALSE;
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, &error);
    FaultyKernel kernel = {netlink, 0, faulty};
    g_assert_false(pif_net_plan_run(plan, run_on_faulty_kernel, &kernel, &error));
    g_assert_cmpstr(error->message, ==, "injected");
    return TRUE;
}

/* States of a host in which the plan has something to do; each with the number of its steps. */
static const struct {
    const char *what;
    const char *commands;
    int n_steps;
} beginnings[] = {
    {"nothing", "", 4},
    {"made, but not as it should be",
     "ip link add name pifarm0 address 02:00:00:00:00:01 type bridge\n"
     "ip link set dev pifarm0 alias pifarm:lab\n",
     4},
    {"another subnet, two addresses, spanning tree",
     "ip link add name pifarm0 address 02:00:00:00:00:01 type bridge stp_state 1\n"
     "ip link set dev pifarm0 alias pifarm:lab up\n"
     "ip address add 10.66.0.1/24 dev pifarm0\n"
     "ip address add 10.66.0.2/24 dev pifarm0\n",
     6},
    {"our address behind another one of its subnet",
     "ip link add name pifarm0 address 02:00:00:00:00:01 type bridge forward_delay 0\n"
     "ip link set dev pifarm0 alias pifarm:lab up\n"
     "ip address add 10.77.0.9/24 dev pifarm0\n"
     "ip address add 10.77.0.1/24 dev pifarm0\n",
     4},
};

static void a_fault_at_any_step_leaves_the_host_as_it_was(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++) {
        if (!enter_namespace())
            return;
        g_test_message("beginning with: %s", beginnings[i].what);
        run(neighbours);
        run(beginnings[i].commands);
        g_autofree char *before = describe_network();
        int n_steps = 0;
        while (apply_with_fault(n_steps + 1)) {
            n_steps++;
            assert_network_is(before);
        }
        g_assert_cmpint(n_steps, ==, beginnings[i].n_steps);
        apply_up();
        assert_nothing_to_do();
    }
}

/* Runs in a process of its own, which gives up root: 0 when all is as it should be. */
static int plan_and_apply_as_nobody(void)
{
    enum { NOBODY = 65534 };
    g_autoptr(GError) error = NULL;
    if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
        return 1;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&lab, &error);
    if (!plan || pif_net_plan_is_empty(plan))
        return 2;
    if (pif_net_plan_apply(plan, &error))
        return 3;
    if (pif_net_forward_policy() != PIF_FORWARD_UNKNOWN)
        return 4;
    return g_error_matches(error, PIF_ERROR, PIF_ERROR_DENIED) && strstr(error->message, "sudo")
               ? 0
               : 5;
}

static void without_root_it_is_planned_but_not_applied(void)
{
    if (!enter_namespace())
        return;
    pid_t child = fork();
    if (child == 0)
        _exit(plan_and_apply_as_nobody());
    int status = -1;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
}

static void a_forward_chain_that_drops_is_seen(void)
{
    if (!enter_namespace())
        return;
    g_assert_cmpint(pif_net_forward_policy(), ==, PIF_FORWARD_ACCEPTS);
    run("iptables-nft -P FORWARD DROP");
    g_assert_cmpint(pif_net_forward_policy(), ==, PIF_FORWARD_DROPS);
    run("iptables-nft -P FORWARD ACCEPT");
    g_assert_cmpint(pif_net_forward_policy(), ==, PIF_FORWARD_ACCEPTS);
}

static void a_forward_chain_of_the_older_iptables_is_seen(void)
{
    if (!enter_namespace())
        return;
    g_autofree char *answer = output_of("iptables-legacy -S FORWARD 2>/dev/null || true");
    if (!*answer) {
        g_test_skip("this kernel has no iptables of its own");
        return;
    }
    run("iptables-legacy -P FORWARD DROP");
    g_assert_true(pif_net_forward_drops());
}

static void br_netfilter_is_seen(void)
{
    if (!enter_namespace())
        return;
    if (access("/proc/sys/net/bridge/bridge-nf-call-iptables", F_OK) < 0) {
        g_assert_false(pif_net_bridge_filtered());
        return;
    }
    run("echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables");
    g_assert_false(pif_net_bridge_filtered());
    run("echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables");
    g_assert_true(pif_net_bridge_filtered());
}

#define TEST(name) g_test_add_func("/bridge/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(the_bridge_is_made_as_planned);
    TEST(making_it_twice_changes_nothing);
    TEST(the_commands_printed_do_the_same_as_the_plan_applied);
    TEST(the_mac_stays_when_ports_come_and_go);
    TEST(down_removes_what_up_made_ten_times_over);
    TEST(down_leaves_a_strangers_bridge_of_that_name);
    TEST(an_address_that_somebody_else_has_is_refused);
    TEST(a_vpn_that_routes_everything_is_no_overlap);
    TEST(a_fault_at_any_step_leaves_the_host_as_it_was);
    TEST(without_root_it_is_planned_but_not_applied);
    TEST(a_forward_chain_that_drops_is_seen);
    TEST(a_forward_chain_of_the_older_iptables_is_seen);
    TEST(br_netfilter_is_seen);
    return g_test_run();
}
