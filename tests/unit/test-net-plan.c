// SPDX-License-Identifier: MIT
// The network plan, pure: what a host has and a farm wants in, the commands between out.
#include "netsetup/plan.h"
#include "pifarm/base/error.h"

#include <stdio.h>
#include <string.h>

#define LAB_MAC "ba:5f:c4:3f:e7:64" /* of farm lab on a host with the machine ID "host" */

static const PifNetSpec lab = {"lab", "pifarm0", 0x0a4d0001, 24}; /* 10.77.0.1/24 */

static const char *const whole_plan = "ip link add name pifarm0 address " LAB_MAC
                                      " type bridge stp_state 0 forward_delay 0 ageing_time 30000"
                                      " group_address 01:80:c2:00:00:00\n"
                                      "ip link set dev pifarm0 alias pifarm:lab\n"
                                      "ip address add 10.77.0.1/24 dev pifarm0\n"
                                      "ip link set dev pifarm0 up\n";

/* Of that farm's wlans on that host. */
#define WLAN_MAC "1e:c4:d7:54:03:d6"
static const uint8_t wlan_mac[PIF_MAC_SIZE] = {0x1e, 0xc4, 0xd7, 0x54, 0x03, 0xd6};

static PifAddress address_of(const char *text)
{
    unsigned a, b, c, d, length;
    g_assert_cmpint(sscanf(text, "%u.%u.%u.%u/%u", &a, &b, &c, &d, &length), ==, 5);
    return (PifAddress){a << 24 | b << 16 | c << 8 | d, length};
}

static PifLink *add_link(PifNetState *state, const char *name, const char *kind, const char *alias)
{
    PifLink *link = pif_link_new(name, kind);
    g_ptr_array_add(state->links, link);
    link->index = (int)state->links->len;
    g_free(link->alias);
    link->alias = g_strdup(alias);
    link->is_up = TRUE;
    return link;
}

static void add_address(PifLink *link, const char *text)
{
    PifAddress address = address_of(text);
    g_array_append_val(link->addresses, address);
}

static void add_route(PifNetState *state, const char *to, const PifLink *link)
{
    PifRoute route = {address_of(to), link->index};
    g_array_append_val(state->routes, route);
}

/* A host with an Ethernet interface, and nothing of pifarm. */
static PifNetState *plain_host(void)
{
    PifNetState *state = pif_net_state_new();
    g_free(state->machine_id);
    state->machine_id = g_strdup("host");
    add_address(add_link(state, "lo", "", ""), "127.0.0.1/8");
    PifLink *eth0 = add_link(state, "eth0", "", "");
    add_address(eth0, "192.168.1.7/24");
    add_route(state, "192.168.1.0/24", eth0);
    return state;
}

static PifLink *add_lab_bridge(PifNetState *state)
{
    PifLink *bridge = add_link(state, "pifarm0", "bridge", "pifarm:lab");
    bridge->bridge.ageing_cs = 30000;
    memcpy(bridge->bridge.group_address, "\x01\x80\xc2\x00\x00\x00", PIF_MAC_SIZE);
    memcpy(bridge->mac, "\xba\x5f\xc4\x3f\xe7\x64", PIF_MAC_SIZE);
    add_address(bridge, "10.77.0.1/24");
    add_route(state, "10.77.0.0/24", bridge);
    return bridge;
}

static void assert_up(PifNetState *have, const char *commands)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(&lab, have, &error);
    g_assert_no_error(error);
    g_autofree char *text = pif_net_plan_format(plan);
    g_assert_cmpstr(text, ==, commands);
    g_assert_cmpint(pif_net_plan_is_empty(plan), ==, *commands == '\0');
}

static void assert_down(PifNetState *have, const char *commands)
{
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_down(&lab, have);
    g_autofree char *text = pif_net_plan_format(plan);
    g_assert_cmpstr(text, ==, commands);
}

static void assert_refused(PifNetState *have, PifErrorCode code, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(&lab, have, &error);
    g_assert_null(plan);
    g_assert_error(error, PIF_ERROR, (int)code);
    g_assert_cmpstr(error->message, ==, message);
}

static void on_a_plain_host_everything_is_made(void)
{
    assert_up(plain_host(), whole_plan);
    assert_down(plain_host(), "");
}

static void where_all_is_there_nothing_is_done(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have);
    assert_up(have, "");
}

static const PifNetNode with_wlan[] = {{.name = "n1", .id = 1, .has_wlan = TRUE},
                                       {.name = "n2", .id = 2},
                                       {.name = "n3", .id = 3, .has_wlan = TRUE}};
static const PifNetSpec wlan_lab = {"lab", "pifarm0",          0x0a4d0001,
                                    24,    .nodes = with_wlan, .n_nodes = G_N_ELEMENTS(with_wlan)};

/* The commands behind those of the packet filters. */
static void assert_links_of_wlan_lab(PifNetState *have, const char *commands)
{
    g_autoptr(GError) error = NULL;
    have->are_filters_known = TRUE;
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(&wlan_lab, have, &error);
    g_assert_no_error(error);
    g_autofree char *text = pif_net_plan_format(plan);
    const char *links = strstr(text, "\nEND\n");
    g_assert_cmpstr(links ? links + strlen("\nEND\n") : text, ==, commands);
}

/* The commands that make one link out of the other; NULL: none. */
static void assert_difference(const PifLink *from, const PifLink *to, const char *commands)
{
    g_autoptr(GArray) steps = pif_net_steps_new();
    g_autoptr(GString) text = g_string_new(NULL);
    pif_net_steps_add_difference(steps, from, to);
    for (guint i = 0; i < steps->len; i++) {
        g_autofree char *command = pif_net_step_format(&g_array_index(steps, PifNetStep, i));
        g_string_append_printf(text, "%s\n", command);
    }
    g_assert_cmpstr(text->str, ==, commands);
}

static void a_tap_that_is_another_users_is_made_anew(void)
{
    g_autoptr(PifLink) tap = pif_link_new("tap0", "tun");
    tap->tun.has_owner = TRUE;
    tap->tun.owner = 1000;
    assert_difference(NULL, tap,
                      "ip tuntap add dev tap0 mode tap user 1000\n"
                      "ip link set dev tap0 address 00:00:00:00:00:00\n");
    assert_difference(tap, tap, "");
    g_autoptr(PifLink) of_root = pif_link_new("tap0", "tun");
    assert_difference(of_root, tap,
                      "ip link delete dev tap0\n"
                      "ip tuntap add dev tap0 mode tap user 1000\n"
                      "ip link set dev tap0 address 00:00:00:00:00:00\n");
    assert_difference(tap, of_root, ""); /* which says nothing of its owner */
}

static void a_veth_has_two_ends_and_stays_with_them(void)
{
    g_autoptr(PifLink) veth = pif_link_new("a", "veth");
    g_free(veth->peer);
    veth->peer = g_strdup("b");
    assert_difference(NULL, veth,
                      "ip link add name a address 00:00:00:00:00:00 type veth peer name b\n");
    g_autoptr(PifLink) other = pif_link_copy(veth);
    g_free(other->peer);
    other->peer = g_strdup("c");
    assert_difference(veth, other,
                      "ip link delete dev a\n"
                      "ip link add name a address 00:00:00:00:00:00 type veth peer name c\n");
    assert_difference(veth, NULL, "ip link delete dev a\n");
}

static void a_wlan_is_a_tap_of_its_own_for_each_node(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have);
    assert_links_of_wlan_lab(have, "ip tuntap add dev q1tap1 mode tap\n"
                                   "ip link set dev q1tap1 address " WLAN_MAC "\n"
                                   "ip link set dev q1tap1 alias 'pifarm:lab wlan n1'\n"
                                   "ip link set dev q1tap1 up\n"
                                   "ip tuntap add dev q1tap3 mode tap\n"
                                   "ip link set dev q1tap3 address " WLAN_MAC "\n"
                                   "ip link set dev q1tap3 alias 'pifarm:lab wlan n3'\n"
                                   "ip link set dev q1tap3 up\n");
}

static PifLink *add_wlan(PifNetState *state, const char *name, const char *alias)
{
    PifLink *link = add_link(state, name, "tun", alias);
    memcpy(link->mac, wlan_mac, PIF_MAC_SIZE);
    return link;
}

static void a_wlan_that_is_there_stays_and_one_too_many_goes(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have);
    add_wlan(have, "renamed", "pifarm:lab wlan n1");
    add_wlan(have, "q1tap2", "pifarm:lab wlan n2");
    add_wlan(have, "q1tap3", ""); /* whoever made it was killed then */
    assert_links_of_wlan_lab(have, "ip link set dev q1tap3 alias 'pifarm:lab wlan n3'\n"
                                   "ip link delete dev q1tap2\n");
}

static void another_farms_wlan_has_its_name_and_stays(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have);
    add_link(have, "q1tap1", "tun", "pifarm:office wlan n1");
    add_wlan(have, "q1tap3", "pifarm:lab wlan n3");
    assert_links_of_wlan_lab(have, "ip tuntap add dev q1a51146t1 mode tap\n"
                                   "ip link set dev q1a51146t1 address " WLAN_MAC "\n"
                                   "ip link set dev q1a51146t1 alias 'pifarm:lab wlan n1'\n"
                                   "ip link set dev q1a51146t1 up\n");
    have = plain_host();
    add_link(have, "q1tap1", "tun", "pifarm:office wlan n1");
    add_wlan(have, "q1tap3", "pifarm:lab wlan n3");
    add_wlan(have, "q1tap9", "");
    assert_down(have, "ip link delete dev q1tap9\nip link delete dev q1tap3\n");
}

static void a_wrong_address_is_replaced(void)
{
    PifNetState *have = plain_host();
    PifLink *bridge = add_lab_bridge(have);
    g_array_set_size(bridge->addresses, 0);
    add_address(bridge, "10.66.0.1/24");
    add_address(bridge, "10.66.0.9/24");
    assert_up(have, "ip address delete 10.66.0.9/24 dev pifarm0\n"
                    "ip address delete 10.66.0.1/24 dev pifarm0\n"
                    "ip address add 10.77.0.1/24 dev pifarm0\n");
}

/* The kernel would remove the second address of the subnet with the first. */
static void an_address_behind_a_wrong_one_of_its_subnet_becomes_the_first(void)
{
    PifNetState *have = plain_host();
    PifLink *bridge = add_lab_bridge(have);
    g_array_set_size(bridge->addresses, 0);
    add_address(bridge, "10.77.0.9/24");
    add_address(bridge, "10.77.0.1/24");
    assert_up(have, "ip address delete 10.77.0.1/24 dev pifarm0\n"
                    "ip address delete 10.77.0.9/24 dev pifarm0\n"
                    "ip address add 10.77.0.1/24 dev pifarm0\n");
}

static void an_address_with_another_prefix_is_replaced(void)
{
    PifNetState *have = plain_host();
    PifLink *bridge = add_lab_bridge(have);
    g_array_set_size(bridge->addresses, 0);
    add_address(bridge, "10.77.0.1/16");
    assert_up(have, "ip address delete 10.77.0.1/16 dev pifarm0\n"
                    "ip address add 10.77.0.1/24 dev pifarm0\n");
}

static void changed_options_are_set_back(void)
{
    PifNetState *have = plain_host();
    PifLink *bridge = add_lab_bridge(have);
    bridge->mac[5] = 0;
    bridge->bridge.has_stp = TRUE;
    bridge->bridge.forward_delay_cs = 1500;
    bridge->bridge.ageing_cs = 100;
    bridge->bridge.group_address[5] = 0x0e;
    bridge->is_up = FALSE;
    assert_up(have, "ip link set dev pifarm0 address " LAB_MAC "\n"
                    "ip link set dev pifarm0 type bridge stp_state 0\n"
                    "ip link set dev pifarm0 type bridge forward_delay 0\n"
                    "ip link set dev pifarm0 type bridge ageing_time 30000\n"
                    "ip link set dev pifarm0 type bridge group_address 01:80:c2:00:00:00\n"
                    "ip link set dev pifarm0 up\n");
}

/* What a run leaves that is killed after its n-th step. */
static void a_run_killed_after_any_step_is_completed(void)
{
    const char *rest = whole_plan;
    for (int n = 1; n <= 4; n++) {
        PifNetState *have = plain_host();
        PifLink *bridge = add_lab_bridge(have);
        if (n < 2)
            bridge->alias[0] = '\0';
        if (n < 3)
            g_array_set_size(bridge->addresses, 0);
        if (n < 4)
            bridge->is_up = FALSE;
        rest = strchr(rest, '\n') + 1;
        assert_up(have, rest);
    }
}

static void a_bridge_that_died_before_it_got_its_alias_is_removed_too(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have)->alias[0] = '\0';
    assert_down(have, "ip link delete dev pifarm0\n");
}

static void down_removes_the_farms_own_bridge_whatever_its_name(void)
{
    PifNetState *have = plain_host();
    add_link(have, "pifarm0", "bridge", "pifarm:office");
    add_link(have, "renamed", "bridge", "pifarm:lab");
    add_link(have, "br0", "bridge", "");
    assert_down(have, "ip link delete dev renamed\n");
}

static void a_strangers_bridge_of_that_name_is_left_alone(void)
{
    PifNetState *have = plain_host();
    add_link(have, "pifarm0", "bridge", "");
    assert_refused(have, PIF_ERROR_BUSY,
                   "there is already a link pifarm0, and pifarm did not make it (kind: bridge); "
                   "choose another name for lan.bridge");
    have = plain_host();
    add_link(have, "pifarm0", "bridge", "");
    assert_down(have, "");
}

static void another_farms_bridge_is_refused_with_its_name(void)
{
    PifNetState *have = plain_host();
    add_link(have, "pifarm0", "bridge", "pifarm:office");
    assert_refused(have, PIF_ERROR_BUSY,
                   "the bridge pifarm0 belongs to farm 'office'; take that farm down, or choose "
                   "another name for lan.bridge");
}

static void a_second_bridge_for_the_same_farm_is_refused(void)
{
    PifNetState *have = plain_host();
    add_link(have, "pifarm9", "bridge", "pifarm:lab");
    assert_refused(have, PIF_ERROR_BUSY,
                   "farm 'lab' has the bridge pifarm9 already, not pifarm0; take it down first, or "
                   "give this farm another name");
}

static void a_subnet_within_another_links_is_refused(void)
{
    PifNetState *have = plain_host();
    add_address(add_link(have, "eth1", "", ""), "10.64.3.4/10");
    assert_refused(have, PIF_ERROR_BUSY,
                   "the subnet 10.77.0.0/24 of farm 'lab' overlaps the address 10.64.3.4/10 on "
                   "eth1; choose another lan.subnet");
}

static void a_subnet_that_another_farm_has_is_refused_with_its_name(void)
{
    PifNetState *have = plain_host();
    add_address(add_link(have, "pifarm1", "bridge", "pifarm:office"), "10.77.0.1/24");
    assert_refused(have, PIF_ERROR_BUSY,
                   "the subnet 10.77.0.0/24 of farm 'lab' overlaps the address 10.77.0.1/24 on "
                   "pifarm1 of farm 'office'; choose another lan.subnet");
}

static void a_subnet_that_a_route_leads_to_is_refused(void)
{
    PifNetState *have = plain_host();
    add_route(have, "10.0.0.0/8", add_link(have, "tun0", "tun", ""));
    assert_refused(have, PIF_ERROR_BUSY,
                   "the subnet 10.77.0.0/24 of farm 'lab' overlaps the route 10.0.0.0/8 on "
                   "tun0; choose another lan.subnet");
}

static void a_bridge_name_too_long_for_the_kernel_is_refused(void)
{
    const PifNetSpec spec = {"lab", "a-very-long-name", 0x0a4d0001, 24};
    g_autoptr(GError) error = NULL;
    g_assert_null(pif_net_plan_compute_up(&spec, plain_host(), &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_CONFIG);
}

static void the_mac_is_local_unicast_and_differs_by_farm_and_host(void)
{
    const PifNetSpec office = {"office", "pifarm0", 0x0a4d0001, 24};
    PifNetState *other = plain_host();
    g_free(other->machine_id);
    other->machine_id = g_strdup("other");
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(&lab, plain_host(), NULL);
    g_autoptr(PifNetPlan) of_farm = pif_net_plan_compute_up(&office, plain_host(), NULL);
    g_autoptr(PifNetPlan) of_host = pif_net_plan_compute_up(&lab, other, NULL);
    g_assert_cmphex(plan->bridge->mac[0] & 3, ==, 2);
    g_assert_cmphex(of_farm->bridge->mac[0] & 3, ==, 2);
    g_assert_cmpint(memcmp(plan->bridge->mac, of_farm->bridge->mac, PIF_MAC_SIZE), !=, 0);
    g_assert_cmpint(memcmp(plan->bridge->mac, of_host->bridge->mac, PIF_MAC_SIZE), !=, 0);
}

/* A host that only writes down what it is told, and refuses one step. */
typedef struct {
    GString *log;
    int n_steps;
    int refused; /* number of the step, from 1; 0: none */
} FakeHost;

static gboolean run_on_fake_host(const PifNetStep *step, gpointer data, GError **error)
{
    FakeHost *host = data;
    if (++host->n_steps == host->refused)
        return pif_error_set(error, PIF_ERROR_EXTERNAL, "refused");
    g_autofree char *command = pif_net_step_format(step);
    g_string_append_printf(host->log, "%s\n", command);
    return TRUE;
}

/* Runs the plan for lab; step number refused fails. Returns the commands carried out. */
static char *run_up(PifNetState *have, int refused)
{
    FakeHost host = {g_string_new(NULL), 0, refused};
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(&lab, have, &error);
    g_assert_no_error(error);
    gboolean is_done = pif_net_plan_run(plan, run_on_fake_host, &host, &error);
    g_assert_cmpint(is_done, ==, refused == 0);
    g_assert_cmpint(error != NULL, ==, refused != 0);
    return g_string_free(host.log, FALSE);
}

static void a_plan_that_succeeds_is_not_taken_back(void)
{
    g_autofree char *done = run_up(plain_host(), 0);
    g_assert_cmpstr(done, ==, whole_plan);
}

static void a_failing_step_takes_back_those_before_it_last_first(void)
{
    g_autofree char *done = run_up(plain_host(), 4);
    g_assert_cmpstr(done, ==,
                    "ip link add name pifarm0 address " LAB_MAC
                    " type bridge stp_state 0 forward_delay 0 ageing_time 30000"
                    " group_address 01:80:c2:00:00:00\n"
                    "ip link set dev pifarm0 alias pifarm:lab\n"
                    "ip address add 10.77.0.1/24 dev pifarm0\n"
                    "ip address delete 10.77.0.1/24 dev pifarm0\n"
                    "ip link set dev pifarm0 alias ''\n"
                    "ip link delete dev pifarm0\n");
}

static void changed_options_and_addresses_are_given_back(void)
{
    PifNetState *have = plain_host();
    PifLink *bridge = add_lab_bridge(have);
    bridge->bridge.forward_delay_cs = 1500;
    g_array_set_size(bridge->addresses, 0);
    add_address(bridge, "10.66.0.1/24");
    g_autofree char *done = run_up(have, 3);
    g_assert_cmpstr(done, ==,
                    "ip link set dev pifarm0 type bridge forward_delay 0\n"
                    "ip address delete 10.66.0.1/24 dev pifarm0\n"
                    "ip address add 10.66.0.1/24 dev pifarm0\n"
                    "ip link set dev pifarm0 type bridge forward_delay 1500\n");
}

static void the_inverse_of_removing_a_link_makes_it_whole_again(void)
{
    PifNetState *have = plain_host();
    add_lab_bridge(have);
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_down(&lab, have);
    g_autoptr(GArray) inverse = pif_net_step_invert(&g_array_index(plan->steps, PifNetStep, 0));
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < inverse->len; i++) {
        g_autofree char *command = pif_net_step_format(&g_array_index(inverse, PifNetStep, i));
        g_string_append_printf(text, "%s\n", command);
    }
    g_assert_cmpstr(text->str, ==, whole_plan);
}

/* The text of a plan for a farm that asks for more than lab. */
static char *plan_text(const PifNetSpec *spec, PifNetState *have)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_compute_up(spec, have, &error);
    g_assert_no_error(error);
    return pif_net_plan_format(plan);
}

static void a_tunnel_is_made_after_the_bridge(void)
{
    const PifNetSpec spec = {"lab", "pifarm0",   0x0a4d0001,
                             24,    .mtu = 1400, .vxlan = {0xc0000207, 77, 4789}};
    g_autofree char *text = plan_text(&spec, plain_host());
    g_assert_cmpstr(
        text, ==,
        "ip link add name pifarm0 address " LAB_MAC
        " type bridge stp_state 0 forward_delay 0 ageing_time 30000"
        " group_address 01:80:c2:00:00:00\n"
        "ip link set dev pifarm0 mtu 1400\n"
        "ip link set dev pifarm0 alias pifarm:lab\n"
        "ip address add 10.77.0.1/24 dev pifarm0\n"
        "ip link set dev pifarm0 up\n"
        "ip link add name q0vxa51146d3 address 2a:3b:63:85:03:dc type vxlan id 77 remote 192.0.2.7 "
        "dstport 4789\n"
        "ip link set dev q0vxa51146d3 mtu 1400\n"
        "ip link set dev q0vxa51146d3 alias pifarm:lab\n"
        "ip link set dev q0vxa51146d3 master pifarm0\n"
        "ip link set dev q0vxa51146d3 up\n");
}

/* eth1 with an address, a gateway behind it, and an alias of its own. */
static PifNetState *host_with_eth1(void)
{
    PifNetState *have = plain_host();
    PifLink *eth1 = add_link(have, "eth1", "", "boxes");
    PifAddress address = {0xc0a80802, 24, .broadcast = 0xc0a808ff};
    g_array_append_val(eth1->addresses, address);
    PifRoute connected = {{0xc0a80800, 24}, eth1->index,   .source = 0xc0a80802,
                          .table = 254,     .protocol = 2, .scope = 253};
    PifRoute behind = {{0x0a010000, 16}, eth1->index,   .gateway = 0xc0a80801,
                       .table = 254,     .protocol = 4, .metric = 5};
    g_array_append_val(have->routes, connected);
    g_array_append_val(have->routes, behind);
    return have;
}

static void an_uplink_is_on_the_bridge_before_its_routes_are(void)
{
    const PifNetSpec spec = {"lab", "pifarm0", 0x0a4d0001, 24, .uplink = "eth1"};
    g_autofree char *text = plan_text(&spec, host_with_eth1());
    g_assert_cmpstr(text, ==,
                    "ip link add name pifarm0 address " LAB_MAC
                    " type bridge stp_state 0 forward_delay 0 ageing_time 30000"
                    " group_address 01:80:c2:00:00:00\n"
                    "ip link set dev pifarm0 alias pifarm:lab\n"
                    "ip address add 10.77.0.1/24 dev pifarm0\n"
                    "ip address add 192.168.8.2/24 broadcast 192.168.8.255 dev pifarm0\n"
                    "ip link set dev pifarm0 up\n"
                    "ip link set dev eth1 alias 'pifarm:lab uplink up boxes'\n"
                    "ip link set dev eth1 master pifarm0\n"
                    "ip route replace 10.1.0.0/16 via 192.168.8.1 dev pifarm0 proto 4 metric 5\n"
                    "ip address delete 192.168.8.2/24 dev eth1\n");
}

static void subnets_overlap_when_one_holds_the_other(void)
{
    static const struct {
        const char *a, *b;
        gboolean overlap;
    } cases[] = {
        {"10.77.0.1/24", "10.77.0.9/24", TRUE}, {"10.77.0.1/24", "10.77.1.1/24", FALSE},
        {"10.77.0.1/24", "10.0.0.0/8", TRUE},   {"10.77.0.1/24", "10.77.0.255/32", TRUE},
        {"10.77.0.1/24", "11.0.0.0/8", FALSE},  {"10.77.0.1/24", "0.0.0.0/0", TRUE},
        {"10.77.0.1/32", "10.77.0.1/32", TRUE}, {"10.77.0.1/32", "10.77.0.2/32", FALSE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        PifAddress a = address_of(cases[i].a), b = address_of(cases[i].b);
        g_assert_cmpint(pif_address_overlaps(a, b), ==, cases[i].overlap);
        g_assert_cmpint(pif_address_overlaps(b, a), ==, cases[i].overlap);
    }
}

#define TEST(name) g_test_add_func("/net-plan/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(on_a_plain_host_everything_is_made);
    TEST(where_all_is_there_nothing_is_done);
    TEST(a_tap_that_is_another_users_is_made_anew);
    TEST(a_veth_has_two_ends_and_stays_with_them);
    TEST(a_wlan_is_a_tap_of_its_own_for_each_node);
    TEST(a_wlan_that_is_there_stays_and_one_too_many_goes);
    TEST(another_farms_wlan_has_its_name_and_stays);
    TEST(a_wrong_address_is_replaced);
    TEST(an_address_behind_a_wrong_one_of_its_subnet_becomes_the_first);
    TEST(an_address_with_another_prefix_is_replaced);
    TEST(changed_options_are_set_back);
    TEST(a_run_killed_after_any_step_is_completed);
    TEST(a_bridge_that_died_before_it_got_its_alias_is_removed_too);
    TEST(down_removes_the_farms_own_bridge_whatever_its_name);
    TEST(a_strangers_bridge_of_that_name_is_left_alone);
    TEST(another_farms_bridge_is_refused_with_its_name);
    TEST(a_second_bridge_for_the_same_farm_is_refused);
    TEST(a_subnet_within_another_links_is_refused);
    TEST(a_subnet_that_another_farm_has_is_refused_with_its_name);
    TEST(a_subnet_that_a_route_leads_to_is_refused);
    TEST(a_bridge_name_too_long_for_the_kernel_is_refused);
    TEST(the_mac_is_local_unicast_and_differs_by_farm_and_host);
    TEST(a_plan_that_succeeds_is_not_taken_back);
    TEST(a_failing_step_takes_back_those_before_it_last_first);
    TEST(changed_options_and_addresses_are_given_back);
    TEST(the_inverse_of_removing_a_link_makes_it_whole_again);
    TEST(a_tunnel_is_made_after_the_bridge);
    TEST(an_uplink_is_on_the_bridge_before_its_routes_are);
    TEST(subnets_overlap_when_one_holds_the_other);
    return g_test_run();
}
