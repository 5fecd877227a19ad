// SPDX-License-Identifier: MIT
// The farm's bridge on a real kernel: made, completed, left alone, taken back, removed.
#include "host.h"

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

static void apply_up(void)
{
    apply_up_of(&lab);
}

static void apply_down(void)
{
    apply_down_of(&lab);
}

static void assert_nothing_to_do(void)
{
    assert_nothing_to_do_for(&lab);
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

static void a_given_mtu_is_set_and_stays_when_ports_have_less(void)
{
    static const unsigned mtus[] = {1400, 9000};
    for (size_t i = 0; i < G_N_ELEMENTS(mtus); i++) {
        if (!enter_namespace())
            return;
        PifNetSpec spec = lab;
        spec.mtu = mtus[i];
        apply_up_of(&spec);
        run("ip link add name veth-a type veth peer name veth-b\n"
            "ip link set dev veth-a mtu 1300 master pifarm0");
        assert_nothing_to_do_for(&spec);
        g_autofree char *mtu = output_of("ip -o link show dev "
                                         "pifarm0 | sed 's/.* mtu \\([0-9]*\\) .*/\\1/'");
        g_assert_cmpint(atoi(mtu), ==, (int)mtus[i]);
    }
}

static void with_ipv6_the_same_is_done(void)
{
    if (!enter_namespace())
        return;
    run("echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true");
    run(neighbours);
    apply_up();
    assert_nothing_to_do();
    apply_down();
    g_autofree char *left = output_of("ip -o link show type bridge | grep -c pifarm || true");
    g_assert_cmpint(atoi(left), ==, 0);
}

/* Two namespaces, as two hosts: each with its farm's bridge, and the tunnel between them. They have
 * one machine ID: were the farms' names the same, the bridges' MACs would be too. */
static void a_tunnel_joins_the_bridges_of_two_hosts(void)
{
    if (!enter_namespace())
        return;
    const PifNetSpec here = {"lab", "pifarm0", 0x0a4d0001, 24, .vxlan = {0xc0a80702, 77, 4789}};
    const PifNetSpec there = {"office", "pifarm0", 0x0a4d0002, 24, .vxlan = {0xc0a80701, 77, 4789}};
    run("ip link add name a type veth peer name b\n"
        "ip address add 192.168.7.1/24 dev a; ip link set dev a up");
    apply_up_of(&here);
    assert_nothing_to_do_for(&here);
    int pipes[2];
    g_assert_cmpint(pipe(pipes), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNET) < 0)
            _exit(1);
        run("ip link set dev lo up");
        g_assert_cmpint(write(pipes[1], "x", 1), ==, 1);
        run("for try in $(seq 100); do ip link show dev b && break; sleep 0.1; done >/dev/null "
            "2>&1");
        run("ip address add 192.168.7.2/24 dev b; ip link set dev b up");
        apply_up_of(&there);
        run("ping -c 1 -w 10 -s 1400 10.77.0.1 >/dev/null");
        run("ping -c 1 -w 10 -s 1472 -M dont 10.77.0.1 >/dev/null");
        _exit(0);
    }
    char ready;
    g_assert_cmpint(read(pipes[0], &ready, 1), ==, 1);
    g_autofree char *move = g_strdup_printf("ip link set dev b netns %d", (int)child);
    run(move);
    int status = -1;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    apply_down_of(&here);
    close(pipes[0]);
    close(pipes[1]);
    g_autofree char *left = output_of("ip -o link | wc -l");
    g_assert_cmpint(atoi(left), <=, 2); /* lo; the veth goes with the other namespace */
}

static void a_tunnel_that_changed_is_made_anew_and_one_not_wanted_removed(void)
{
    if (!enter_namespace())
        return;
    run(neighbours);
    PifNetSpec spec = lab;
    spec.vxlan.remote = 0xc0a80709;
    spec.vxlan.id = 77;
    spec.vxlan.port = 4789;
    apply_up_of(&spec);
    spec.vxlan.id = 78;
    assert_faults_leave_no_trace(pif_net_plan_up, &spec);
    apply_up_of(&spec);
    assert_nothing_to_do_for(&spec);
    g_autofree char *link = output_of("ip -d link show type vxlan");
    assert_says(link, "vxlan id 78 remote 192.168.7.9");
    assert_says(link, "master pifarm0");
    apply_up();
    g_autofree char *none = output_of("ip link show type vxlan");
    g_assert_cmpstr(none, ==, "");
}

static void a_tunnel_that_another_farm_has_is_refused_with_its_name(void)
{
    if (!enter_namespace())
        return;
    run(neighbours);
    const PifNetSpec office = {"office", "pifarm1", 0x0a4e0001, 24,
                               .vxlan = {0xc0a80709, 77, 4789}};
    PifNetSpec spec = lab;
    spec.vxlan = office.vxlan;
    apply_up_of(&office);
    assert_refused(&spec, PIF_ERROR_BUSY, "of farm 'office'");
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
        int n_steps = assert_faults_leave_no_trace(pif_net_plan_up, &lab);
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
    TEST(a_given_mtu_is_set_and_stays_when_ports_have_less);
    TEST(with_ipv6_the_same_is_done);
    TEST(a_tunnel_joins_the_bridges_of_two_hosts);
    TEST(a_tunnel_that_changed_is_made_anew_and_one_not_wanted_removed);
    TEST(a_tunnel_that_another_farm_has_is_refused_with_its_name);
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
