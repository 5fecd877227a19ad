// SPDX-License-Identifier: MIT
// The farm's packet filters on a real kernel: nodes are namespaces on links named as their TAPs.
#include "host.h"

static const uint8_t mac_1[] = {0xb8, 0x27, 0xeb, 0x00, 0x00, 0x01};
static const uint8_t mac_2[] = {0xb8, 0x27, 0xeb, 0x00, 0x00, 0x02};
static const PifNetNode nodes[] = {{"n1", 1, mac_1, 0x0a4d000b}, {"n2", 2, mac_2, 0x0a4d000c}};
static const PifNetNode apart[] = {{"n1", 1, mac_1, 0x0a4d000b, .is_isolated = TRUE},
                                   {"n2", 2, mac_2, 0x0a4d000c}};
static const PifNetSpec guarded = {"lab",          "pifarm0",    0x0a4d0001,       24,
                                   .nodes = nodes, .n_nodes = 2, .has_guard = TRUE};
static const PifNetSpec isolated = {"lab",          "pifarm0",    0x0a4d0001,       24,
                                    .nodes = apart, .n_nodes = 2, .has_guard = TRUE};
static const PifNetSpec all = {"lab",
                               "pifarm0",
                               0x0a4d0001,
                               24,
                               .nodes = apart,
                               .n_nodes = 2,
                               .has_guard = TRUE,
                               .has_nat = TRUE,
                               .is_accepted = TRUE};

static const char *const docker = "iptables-nft -P FORWARD DROP\n"
                                  "iptables-nft -A FORWARD -i docker0 -j ACCEPT\n";

static char *list_rules(void)
{
    /* a table that was removed and made again is the last of its family */
    return output_of("nft list tables | sort | while read -r table; do nft list $table; done\n"
                     "cat /proc/sys/net/ipv4/ip_forward");
}

/* Runs the commands with two nodes: veth ends in namespaces of their own, of whose shells
 * "in N COMMAND..." makes use. */
static void run_with_nodes(const char *commands)
{
    g_autofree char *all_commands = g_strconcat(
        "for n in 1 2; do\n"
        "    unshare --net sleep 60 & eval pid$n=$!\n"
        "    eval pid=\\$pid$n\n"
        "    until [ \"$(readlink /proc/$pid/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; do\n"
        "        sleep 0.05\n"
        "    done\n"
        "    ip link add name q0tap$n type veth peer name box$n\n"
        "    ip link set dev q0tap$n master pifarm0 up\n"
        "    ip link set dev box$n netns $pid\n"
        "    nsenter --net --target $pid ip link set dev box$n address b8:27:eb:00:00:0$n up\n"
        "    nsenter --net --target $pid ip link set dev lo up\n"
        "    nsenter --net --target $pid ip address add 10.77.0.1$n/24 dev box$n\n"
        "done\n"
        "trap 'kill $pid1 $pid2' EXIT\n"
        "at() { eval \"node=\\$pid$1\"; shift; nsenter --net --target $node \"$@\"; }\n"
        "reaches() { at $1 ping -q -c 1 -w 5 $2 >/dev/null; }\n"
        "fails() { at $1 ping -q -c 2 -i 0.2 -w 1 $2 >/dev/null && exit 1; return 0; }\n",
        commands, NULL);
    run(all_commands);
}

static void nodes_that_keep_to_their_addresses_reach_everybody(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&guarded);
    run_with_nodes("reaches 1 10.77.0.1; reaches 1 10.77.0.12; reaches 2 10.77.0.11");
}

static void a_node_with_anothers_mac_is_not_heard(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&guarded);
    run_with_nodes("at 1 ip link set dev box1 address b8:27:eb:00:00:02\n"
                   "fails 1 10.77.0.1\n"
                   "at 1 ip link set dev box1 address 40:27:eb:00:00:01\n" /* an older QEMU's */
                   "reaches 1 10.77.0.1");
}

static void a_node_cannot_claim_anothers_address(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&guarded);
    run_with_nodes("at 1 ip address flush dev box1; at 1 ip address add 10.77.0.99/24 dev box1\n"
                   "fails 1 10.77.0.1");
}

static void a_node_cannot_answer_as_a_dhcp_server(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&guarded);
    run_with_nodes("heard=$(mktemp)\n"
                   "socat -u UDP4-RECV:999 OPEN:$heard,append & listener=$!\n"
                   "until grep -q ':03E7 ' /proc/net/udp; do sleep 0.05; done\n"
                   "for port in 67 547 68; do\n"
                   "    echo $port | at 1 socat -u - UDP4-SENDTO:10.77.0.1:999,sourceport=$port\n"
                   "done\n"
                   "until grep -q 68 $heard; do sleep 0.05; done\n"
                   "kill $listener; said=$(cat $heard); rm $heard\n"
                   "[ \"$said\" = 68 ]");
}

static void an_isolated_node_reaches_the_host_and_nobody_else(void)
{
    if (!enter_namespace())
        return;
    apply_up_of(&isolated);
    run_with_nodes("reaches 1 10.77.0.1; reaches 2 10.77.0.1; fails 1 10.77.0.12\n"
                   "fails 2 10.77.0.11");
}

/* A host behind this one's other interface, which knows no way back to the farm's subnet. */
static void with_nat_a_node_reaches_what_the_host_reaches(void)
{
    if (!enter_namespace())
        return;
    PifNetSpec spec = guarded;
    spec.has_nat = TRUE;
    run(docker);
    spec.is_accepted = TRUE;
    apply_up_of(&spec);
    run_with_nodes("at 1 ip route add default via 10.77.0.1\n"
                   "unshare --net sleep 60 & out=$!\n"
                   "trap 'kill $pid1 $pid2 $out' EXIT\n"
                   "until [ \"$(readlink /proc/$out/ns/net)\" != \"$(readlink /proc/self/ns/net)\" "
                   "]; do sleep 0.05; done\n"
                   "ip link add name eth1 type veth peer name far\n"
                   "ip link set dev far netns $out\n"
                   "ip address add 192.0.2.1/24 dev eth1; ip link set dev eth1 up\n"
                   "nsenter --net --target $out ip address add 192.0.2.2/24 dev far\n"
                   "nsenter --net --target $out ip link set dev far up\n"
                   "reaches 1 192.0.2.2");
}

static void making_them_twice_changes_nothing(void)
{
    if (!enter_namespace())
        return;
    run(docker);
    apply_up_of(&all);
    g_autofree char *before = list_rules();
    assert_nothing_to_do_for(&all);
    apply_up_of(&all);
    g_autofree char *after = list_rules();
    g_assert_cmpstr(after, ==, before);
}

static void ten_rounds_leave_the_rules_of_others_as_they_were(void)
{
    static const char *const beginnings[] = {
        "echo 0 >/proc/sys/net/ipv4/ip_forward", "echo 1 >/proc/sys/net/ipv4/ip_forward",
        "nft add table ip mine; nft add chain ip mine fw '{ type filter hook forward priority 0; "
        "policy drop; }'; nft add rule ip mine fw iifname x accept comment '\"pifarm:office\"'"};
    for (size_t i = 0; i < G_N_ELEMENTS(beginnings); i++) {
        if (!enter_namespace())
            return;
        run(docker);
        run(beginnings[i]);
        g_autofree char *before = list_rules();
        for (int round = 0; round < 10; round++) {
            apply_up_of(&all);
            apply_down_of(&all);
        }
        g_autofree char *after = list_rules();
        g_assert_cmpstr(after, ==, before);
    }
}

static void a_fault_at_any_step_leaves_the_rules_as_they_were(void)
{
    if (!enter_namespace())
        return;
    run(docker);
    g_autofree char *before = list_rules();
    int n_steps = assert_faults_leave_no_trace(pif_net_plan_up, &all);
    g_autofree char *after = list_rules();
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpint(n_steps, ==, 9);
    apply_up_of(&all);
    g_autofree char *up = list_rules();
    assert_faults_leave_no_trace(pif_net_plan_down, &all);
    g_autofree char *still_up = list_rules();
    g_assert_cmpstr(still_up, ==, up);
}

static void the_commands_printed_do_the_same(void)
{
    if (!enter_namespace())
        return;
    run(docker);
    g_autoptr(PifNetPlan) plan = plan_up(&all);
    g_autofree char *commands = pif_net_plan_format(plan);
    g_autofree char *quiet = g_strconcat("{\n", commands, "} >/dev/null", NULL);
    run(quiet);
    assert_nothing_to_do_for(&all);
    g_autoptr(PifNetPlan) down = pif_net_plan_down(&all, NULL);
    g_autofree char *undo = pif_net_plan_format(down);
    g_autofree char *quiet_undo = g_strconcat("{\n", undo, "} >/dev/null", NULL);
    run(quiet_undo);
    g_autofree char *left = output_of("nft list tables");
    g_assert_cmpstr(left, ==, "table ip filter\n");
}

static void what_is_no_longer_wanted_goes_while_the_bridge_stays(void)
{
    if (!enter_namespace())
        return;
    run(docker);
    const PifNetSpec plain = {"lab", "pifarm0", 0x0a4d0001, 24};
    apply_up_of(&plain);
    g_autofree char *before = list_rules();
    apply_up_of(&all);
    apply_up_of(&plain);
    g_autofree char *after = list_rules();
    g_assert_cmpstr(after, ==, before);
}

static void forwarding_stays_on_as_long_as_a_farm_needs_it(void)
{
    if (!enter_namespace())
        return;
    PifNetSpec lab = {"lab", "pifarm0", 0x0a4d0001, 24, .has_nat = TRUE};
    PifNetSpec office = {"office", "pifarm1", 0x0a4e0001, 24, .has_nat = TRUE};
    run("echo 0 >/proc/sys/net/ipv4/ip_forward");
    g_autofree char *before = list_rules();
    apply_up_of(&lab);
    apply_up_of(&office);
    apply_down_of(&lab);
    run("[ $(cat /proc/sys/net/ipv4/ip_forward) = 1 ]");
    apply_down_of(&office);
    g_autofree char *after = list_rules();
    g_assert_cmpstr(after, ==, before);
}

static void iptables_goes_on_understanding_its_chain(void)
{
    if (!enter_namespace())
        return;
    run(docker);
    apply_up_of(&all);
    g_autofree char *rules = output_of("iptables-nft -S FORWARD");
    assert_says(rules, "-P FORWARD DROP");
    assert_says(rules, "-A FORWARD -i pifarm0");
    assert_says(rules, "-A FORWARD -o pifarm0");
    assert_says(rules, "-A FORWARD -i docker0 -j ACCEPT");
}

/* Another farm's TAP of the same number: this farm's has its farm in its name. */
static void a_tap_name_that_somebody_has_is_given_to_nobody_else(void)
{
    if (!enter_namespace())
        return;
    run("ip link add name q0tap1 type bridge");
    apply_up_of(&guarded);
    g_autofree char *rules = list_rules();
    assert_says(rules, "\"q0a51146t1\"");
    assert_says(rules, "\"q0tap2\"");
}

#define TEST(name) g_test_add_func("/filters/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(nodes_that_keep_to_their_addresses_reach_everybody);
    TEST(a_node_with_anothers_mac_is_not_heard);
    TEST(a_node_cannot_claim_anothers_address);
    TEST(a_node_cannot_answer_as_a_dhcp_server);
    TEST(an_isolated_node_reaches_the_host_and_nobody_else);
    TEST(with_nat_a_node_reaches_what_the_host_reaches);
    TEST(making_them_twice_changes_nothing);
    TEST(ten_rounds_leave_the_rules_of_others_as_they_were);
    TEST(a_fault_at_any_step_leaves_the_rules_as_they_were);
    TEST(the_commands_printed_do_the_same);
    TEST(what_is_no_longer_wanted_goes_while_the_bridge_stays);
    TEST(forwarding_stays_on_as_long_as_a_farm_needs_it);
    TEST(iptables_goes_on_understanding_its_chain);
    TEST(a_tap_name_that_somebody_has_is_given_to_nobody_else);
    return g_test_run();
}
