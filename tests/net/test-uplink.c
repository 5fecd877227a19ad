// SPDX-License-Identifier: MIT
// An interface of the host that joins the farm's bridge, and namespaces as boxes behind it.
#include "host.h"

static const PifNetSpec lab = {"lab", "pifarm0", 0x0a4d0001, 24, .uplink = "eth1"};
static const PifNetSpec forced = {"lab", "pifarm0",        0x0a4d0001,
                                  24,    .uplink = "eth1", .is_uplink_forced = TRUE};

/* eth1 with addresses and routes of every kind, and eth0, over which the default route leads. */
static const char *const host =
    "ip link add name eth0 type veth peer name peer0\n"
    "ip link add name eth1 type veth peer name peer1\n"
    "ip link set dev peer0 up; ip link set dev peer1 up\n"
    "ip link set dev eth0 up; ip link set dev eth1 alias 'the boxes' up\n"
    "ip address add 192.168.7.2/24 brd + dev eth0\n"
    "ip address add 192.168.8.2/24 brd + dev eth1\n"
    "ip address add 192.168.8.3/24 dev eth1\n"
    "ip address add 172.20.0.1/16 dev eth1 noprefixroute\n"
    "ip route add default via 192.168.7.1\n"
    "ip route add 172.20.0.0/16 dev eth1 proto kernel scope link src 172.20.0.1 metric 100\n"
    "ip route add 10.1.0.0/16 via 192.168.8.1 proto static metric 5\n"
    "ip route add 203.0.113.9 dev eth1 scope link\n"
    "ip route add 10.2.0.0/16 via 203.0.113.9 dev eth1\n"
    "ip route add 10.3.0.0/16 via 192.168.8.1 table 100\n";

static gboolean enter_host(void)
{
    if (!enter_namespace())
        return FALSE;
    run(host);
    return TRUE;
}

static void addresses_and_routes_move_to_the_bridge(void)
{
    if (!enter_host())
        return;
    apply_up_of(&lab);
    g_autofree char *of_bridge =
        output_of("ip -o -4 address show dev pifarm0 | awk '{ print $4 }' | tr '\\n' ' '");
    g_autofree char *of_uplink = output_of("ip -o -4 address show dev eth1");
    g_autofree char *routes = output_of("ip route show table all dev eth1");
    g_autofree char *over_bridge = output_of("ip route show dev pifarm0; ip route show table 100");
    g_autofree char *link = output_of("ip link show dev eth1");
    g_assert_cmpstr(of_bridge, ==, "10.77.0.1/24 192.168.8.2/24 172.20.0.1/16 192.168.8.3/24 ");
    g_assert_cmpstr(of_uplink, ==, "");
    g_assert_cmpstr(routes, ==, "");
    assert_says(over_bridge, "10.1.0.0/16 via 192.168.8.1 proto static metric 5");
    assert_says(over_bridge, "10.2.0.0/16 via 203.0.113.9");
    assert_says(over_bridge, "10.3.0.0/16 via 192.168.8.1 dev pifarm0");
    assert_says(over_bridge, "172.20.0.0/16 proto kernel scope link src 172.20.0.1 metric 100");
    assert_says(link, "alias pifarm:lab uplink up the boxes");
}

/* The same with IPv6, where nobody is asked for addresses: the answer would be awaited for seconds.
 */
static const char *const host6 =
    "ip link set dev eth1 down; ip link set dev eth0 down\n"
    "cd /proc/sys/net/ipv6/conf\n"
    "for of in default eth0 eth1; do\n"
    "    echo 0 >$of/accept_dad; echo 0 >$of/dad_transmits; echo 0 >$of/router_solicitations\n"
    "    echo 0 >$of/disable_ipv6\n"
    "done\n"
    "ip link set dev eth0 up; ip link set dev eth1 up\n"
    "ip address add 192.168.7.2/24 brd + dev eth0 2>/dev/null || true\n"
    "ip address add fd00:7::2/64 dev eth0\n"
    "ip address add fd00:8::2/64 dev eth1\n"
    "ip address add fd00:8::3/64 dev eth1 nodad\n"
    "ip address add fd00:9::1/48 dev eth1 noprefixroute\n"
    "ip -6 route add default via fd00:7::1\n"
    "ip -6 route add fd00:9::/48 dev eth1 metric 100\n"
    "ip -6 route add fd01::/48 via fd00:8::1 proto static metric 5\n"
    "ip -6 route add fd02::/48 via fe80::1 dev eth1 table 100\n";

static gboolean enter_host6(void)
{
    if (!enter_host())
        return FALSE;
    run(host6);
    return TRUE;
}

static void ipv6_moves_to_the_bridge(void)
{
    if (!enter_host6())
        return;
    apply_up_of(&lab);
    g_autofree char *of_bridge =
        output_of("ip -o -6 address show dev pifarm0 scope global | awk '{ print $4 }' | sort");
    g_autofree char *of_uplink = output_of("ip -o -6 address show dev eth1 scope global");
    g_autofree char *over_uplink = output_of("ip -6 route show dev eth1");
    g_autofree char *over_bridge = output_of("ip -6 route show table all dev pifarm0");
    g_assert_cmpstr(of_bridge, ==, "fd00:8::2/64\nfd00:8::3/64\nfd00:9::1/48\n");
    g_assert_cmpstr(of_uplink, ==, "");
    g_assert_null(strstr(over_uplink, "fd"));
    assert_says(over_bridge, "fd00:9::/48 metric 100");
    assert_says(over_bridge, "fd01::/48 via fd00:8::1 proto static metric 5");
    assert_says(over_bridge, "fd02::/48 via fe80::1 table 100 metric 1024");
    assert_nothing_to_do_for(&lab);
}

static void ten_rounds_give_ipv6_back(void)
{
    if (!enter_host6())
        return;
    apply_up_of(&lab); /* from here on who nodad was said of is not known */
    apply_down_of(&lab);
    g_autofree char *before = describe_network();
    assert_says(before, "fd01::/48 via fd00:8::1 dev eth1 proto static metric 5");
    for (int round = 0; round < 10; round++) {
        apply_up_of(&lab);
        apply_down_of(&lab);
        assert_network_is(before);
    }
}

static void with_ipv6_a_fault_at_any_step_leaves_the_host_as_it_was(void)
{
    if (!enter_host6())
        return;
    int n_up = assert_faults_leave_no_trace(pif_net_plan_up, &lab);
    apply_up_of(&lab);
    int n_down = assert_faults_leave_no_trace(pif_net_plan_down, &lab);
    g_assert_cmpint(n_up, ==, 21);
    g_assert_cmpint(n_down, ==, 15);
}

static void the_commands_printed_move_ipv6_too(void)
{
    if (!enter_host6())
        return;
    g_autoptr(PifNetPlan) plan = plan_up(&lab);
    g_autofree char *commands = pif_net_plan_format(plan);
    run(commands);
    assert_nothing_to_do_for(&lab);
    g_autoptr(PifNetPlan) down = pif_net_plan_down(&lab, NULL);
    g_autofree char *undo = pif_net_plan_format(down);
    run(undo);
    g_autofree char *routes = output_of("ip -6 route show table all dev eth1");
    assert_says(routes, "fd02::/48 via fe80::1 table 100 metric 1024");
}

static void the_interface_of_ipv6s_default_route_is_refused_unless_forced(void)
{
    if (!enter_host6())
        return;
    run("ip -6 route replace default via fd00:8::1");
    assert_refused(&lab, PIF_ERROR_BUSY, "the default route of IPv6 leads over the uplink eth1");
    apply_up_of(&forced);
    g_autofree char *route = output_of("ip -6 route show default");
    assert_says(route, "default via fd00:8::1 dev pifarm0");
}

static void where_new_links_have_no_ipv6_it_stays(void)
{
    if (!enter_host6())
        return;
    run("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
    g_autofree char *before = describe_network();
    apply_up_of(&lab);
    assert_nothing_to_do_for(&lab);
    g_autofree char *kept = output_of("ip -o -6 address show dev eth1 scope global | wc -l");
    g_assert_cmpint(atoi(kept), ==, 3);
    apply_down_of(&lab);
    assert_network_is(before);
}

static void joining_twice_changes_nothing(void)
{
    if (!enter_host())
        return;
    apply_up_of(&lab);
    assert_nothing_to_do_for(&lab);
}

static void ten_rounds_give_everything_back(void)
{
    if (!enter_host())
        return;
    g_autofree char *before = describe_network();
    for (int round = 0; round < 10; round++) {
        apply_up_of(&lab);
        apply_down_of(&lab);
        assert_network_is(before);
    }
}

static void an_interface_that_was_down_goes_down_again(void)
{
    if (!enter_namespace())
        return;
    run("ip link add name eth1 type veth peer name peer1; ip link set dev peer1 up\n"
        "ip link set dev eth1 up; ip link set dev eth1 down");
    g_autofree char *before = describe_network();
    apply_up_of(&lab);
    apply_down_of(&lab);
    assert_network_is(before);
}

static void a_fault_at_any_step_leaves_the_host_as_it_was(void)
{
    if (!enter_host())
        return;
    int n_up = assert_faults_leave_no_trace(pif_net_plan_up, &lab);
    apply_up_of(&lab);
    int n_down = assert_faults_leave_no_trace(pif_net_plan_down, &lab);
    g_test_message("%d steps up, %d down", n_up, n_down);
    g_assert_cmpint(n_up, >, 15);
    g_assert_cmpint(n_down, >, 10);
}

/* What a process that is killed after any step leaves behind. */
static void assert_killed_runs_are_mended(gboolean (*enter)(void))
{
    for (int killed = 1;; killed++) {
        if (!enter())
            return;
        g_autofree char *before = describe_network();
        g_autoptr(PifNetPlan) plan = plan_up(&lab);
        g_autoptr(GError) error = NULL;
        g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_ROUTE, &error);
        if (killed > (int)plan->steps->len)
            return;
        for (int i = 0; i < killed; i++)
            g_assert_true(
                pif_net_step_run(&g_array_index(plan->steps, PifNetStep, i), netlink, &error));
        if (killed % 2) {
            apply_up_of(&lab);
            assert_nothing_to_do_for(&lab);
        }
        apply_down_of(&lab);
        assert_network_is(before);
    }
}

static void a_run_killed_at_any_step_is_completed_or_given_back(void)
{
    assert_killed_runs_are_mended(enter_host);
}

/* All addresses have been asked for, or none: who is given back has that forgotten. */
static gboolean enter_host6_without_nodad(void)
{
    if (!enter_host6())
        return FALSE;
    run("ip address delete fd00:8::3/64 dev eth1");
    return TRUE;
}

static void with_ipv6_a_run_killed_at_any_step_is_completed_or_given_back(void)
{
    assert_killed_runs_are_mended(enter_host6_without_nodad);
}

static void an_uplink_no_longer_wanted_leaves_while_the_bridge_stays(void)
{
    if (!enter_host())
        return;
    PifNetSpec without = lab;
    without.uplink = NULL;
    apply_up_of(&without);
    g_autofree char *before = describe_network();
    apply_up_of(&lab);
    apply_up_of(&without);
    assert_network_is(before);
}

static void the_interface_of_the_default_route_is_refused_unless_forced(void)
{
    if (!enter_host())
        return;
    run("ip route replace default via 192.168.8.1");
    assert_refused(&lab, PIF_ERROR_BUSY, "the default route leads over the uplink eth1");
    g_autofree char *before = describe_network();
    apply_up_of(&forced);
    g_autofree char *route = output_of("ip route show default");
    assert_says(route, "default via 192.168.8.1 dev pifarm0");
    assert_nothing_to_do_for(&lab);
    apply_down_of(&lab);
    assert_network_is(before);
}

static void an_address_that_runs_out_is_refused_unless_forced(void)
{
    if (!enter_host())
        return;
    run("ip address add 192.168.9.9/24 dev eth1 valid_lft 600 preferred_lft 600");
    assert_refused(&lab, PIF_ERROR_BUSY, "192.168.9.9/24");
}

static void what_cannot_join_is_refused_with_the_reason(void)
{
    if (!enter_host())
        return;
    PifNetSpec spec = lab;
    spec.uplink = "eth7";
    assert_refused(&spec, PIF_ERROR_NOT_FOUND, "no interface eth7");
    spec.uplink = "lo";
    assert_refused(&spec, PIF_ERROR_CONFIG, "the uplink lo");
    run("ip link add name br0 type bridge; ip link set dev eth1 master br0");
    assert_refused(&lab, PIF_ERROR_BUSY, "a port of br0");
    run("ip link set dev eth1 nomaster; ip link set dev eth1 alias 'pifarm:office uplink up'");
    assert_refused(&lab, PIF_ERROR_BUSY, "farm 'office'");
    run("ip link set dev eth1 alias ''\n"
        "ip route add 10.9.0.0/16 nexthop via 192.168.8.1 nexthop via 192.168.7.1");
    assert_refused(&lab, PIF_ERROR_BUSY, "10.9.0.0/16 leads over several links");
}

/* Two boxes on a switch (a bridge) at the other end of the cable. */
static void boxes_behind_the_uplink_reach_the_host_and_one_another(void)
{
    if (!enter_host())
        return;
    run("ip link add name switch type bridge forward_delay 0; ip link set dev switch up\n"
        "ip link set dev peer1 master switch\n"
        "for n in 1 2; do\n"
        "    ip link add name cable$n type veth peer name box$n\n"
        "    ip link set dev cable$n master switch up\n"
        "done\n");
    apply_up_of(&lab);
    run("for n in 1 2; do\n"
        "    unshare --net sleep 60 & pid=$!\n"
        "    until [ \"$(readlink /proc/$pid/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; do\n"
        "        sleep 0.05\n"
        "    done\n"
        "    eval pid$n=$pid\n"
        "    ip link set dev box$n netns $pid\n"
        "    nsenter --net --target $pid ip address add 10.77.0.20$n/24 dev box$n\n"
        "    nsenter --net --target $pid ip link set dev box$n up\n"
        "done\n"
        "trap 'kill $pid1 $pid2' EXIT\n"
        "ping -q -c 1 -w 10 10.77.0.201 >/dev/null\n"
        "nsenter --net --target $pid1 ping -q -c 1 -w 10 10.77.0.1 >/dev/null\n"
        "nsenter --net --target $pid1 ping -q -c 1 -w 10 10.77.0.202 >/dev/null\n");
}

#define TEST(name) g_test_add_func("/uplink/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(addresses_and_routes_move_to_the_bridge);
    TEST(ipv6_moves_to_the_bridge);
    TEST(ten_rounds_give_ipv6_back);
    TEST(with_ipv6_a_fault_at_any_step_leaves_the_host_as_it_was);
    TEST(the_commands_printed_move_ipv6_too);
    TEST(the_interface_of_ipv6s_default_route_is_refused_unless_forced);
    TEST(where_new_links_have_no_ipv6_it_stays);
    TEST(joining_twice_changes_nothing);
    TEST(ten_rounds_give_everything_back);
    TEST(an_interface_that_was_down_goes_down_again);
    TEST(a_fault_at_any_step_leaves_the_host_as_it_was);
    TEST(a_run_killed_at_any_step_is_completed_or_given_back);
    TEST(with_ipv6_a_run_killed_at_any_step_is_completed_or_given_back);
    TEST(an_uplink_no_longer_wanted_leaves_while_the_bridge_stays);
    TEST(the_interface_of_the_default_route_is_refused_unless_forced);
    TEST(an_address_that_runs_out_is_refused_unless_forced);
    TEST(what_cannot_join_is_refused_with_the_reason);
    TEST(boxes_behind_the_uplink_reach_the_host_and_one_another);
    return g_test_run();
}
