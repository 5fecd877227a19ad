// SPDX-License-Identifier: MIT
// A farm's own netboot server, as the daemon keeps it: nodes are network namespaces.
#include "namespace.h"

#include "netsetup/net.h"
#include "netsetup/port.h"
#include "pifarm/base/error.h"
#include "pifarm/base/file.h"
#include "pifarm/daemon/netboot.h"

#include <signal.h>

static const char farm_text[] =
    "farm: lab\n"
    "lan: { bridge: pifarm0, subnet: 10.77.0.0/24 }\n"
    "netboot: { root: served, text: { name.txt: \"{node} at {server}\" } }\n"
    "dhcp-options: { ntp-server: 10.77.0.9 }\n"
    "images: { card: }\n"
    "switches: { sw0: { virtual: true } }\n"
    "nodes:\n"
    "  - { name: n1, id: 1, port: sw0/1, image: card }\n"
    "  - { name: n2, id: 2, port: sw0/2, image: card }\n";

/* A farm on a bridge in a namespace of the test's own, and a folder that goes with it. */
typedef struct {
    char *folder; /* NULL: not set up, for lack of rights */
    char *script; /* of udhcpc: prints what it got */
    PifDaemon daemon;
    PifNetboot *netboot;
} Fixture;

static const PifNode *leased_node;

static void on_lease(PifDaemon *daemon, const PifNode *node, gint64 expires_s)
{
    g_assert_cmpint(expires_s, >, g_get_real_time() / G_USEC_PER_SEC);
    leased_node = node;
}

static char *path_in(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->folder, name, NULL);
}

static void make_bridge(void)
{
    const PifNetSpec spec = {"lab", "pifarm0", 0x0a4d0001, 24};
    g_autoptr(GError) error = NULL;
    g_autoptr(PifNetPlan) plan = pif_net_plan_up(&spec, &error);
    g_assert_no_error(error);
    pif_net_plan_apply(plan, &error);
    g_assert_no_error(error);
}

static void fixture_init(Fixture *fixture, gconstpointer unused)
{
    static const char script[] = "#!/bin/sh\n"
                                 "[ \"$1\" = bound ] || exit 0\n"
                                 "echo \"$ip/$mask router=$router dns=$dns name=$hostname.$domain "
                                 "for $lease s ntp=$ntpsrv\"\n"
                                 "[ -e \"$0.fetch\" ] || exit 0\n"
                                 "ip address add \"$ip/$mask\" dev \"$interface\"\n"
                                 "for file in config.txt name.txt; do\n"
                                 "  busybox tftp -g -r $file -l /dev/stdout \"$dns\"; done\n";
    g_autoptr(GError) error = NULL;
    if (!enter_namespace())
        return;
    leased_node = NULL;
    fixture->folder = g_dir_make_tmp("pif netboot XXXXXX", &error);
    g_assert_no_error(error);
    fixture->script = path_in(fixture, "script");
    g_autofree char *farm_path = path_in(fixture, "farm.yaml");
    g_autofree char *netboot = path_in(fixture, "netboot");
    g_autofree char *database = path_in(fixture, "state.db");
    pif_file_write(fixture->script, script, -1, 0755, &error);
    pif_file_write(farm_path, farm_text, -1, 0644, &error);
    pif_dir_make(netboot, 0755, &error);
    g_autofree char *make_served = g_strdup_printf(
        "cd '%s'; chmod o+x .; mkdir served; echo all >served/config.txt; chmod -R a+rX served",
        fixture->folder);
    run(make_served);
    g_assert_no_error(error);
    fixture->daemon.directory = fixture->folder;
    fixture->daemon.farm = pif_farm_load(farm_path, &error);
    g_assert_no_error(error);
    fixture->daemon.state = pif_state_open(database, &error);
    g_assert_no_error(error);
    make_bridge();
    fixture->netboot = pif_netboot_start(&fixture->daemon, on_lease, &error);
    g_assert_no_error(error);
}

static void fixture_clear(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    pif_netboot_free(fixture->netboot);
    pif_state_free(fixture->daemon.state);
    pif_farm_free(fixture->daemon.farm);
    pif_dir_remove(fixture->folder, NULL);
    g_free(fixture->script);
    g_free(fixture->folder);
}

/* What udhcpc gets that has that MAC; "" when nobody answers. Free it. */
static char *ask(const Fixture *fixture, const char *mac)
{
    g_autofree char *commands = g_strdup_printf(
        "ip link add name port1 type veth peer name eth0 address %s\n"
        "ip link set dev port1 master pifarm0 up\n"
        "unshare --net sh -c 'read go; ip link set dev eth0 up;"
        "  busybox udhcpc -f -q -n -t 3 -T 1 -O ntpsrv -i eth0 -s \"%s\" 2>/dev/null || true' "
        "<fifo &\n"
        "exec 3>fifo\n"
        "until [ \"$(readlink /proc/$!/ns/net)\" != \"$(readlink /proc/$$/ns/net)\" ]; do :; done\n"
        "ip link set dev eth0 netns $!\n"
        "echo go >&3\n"
        "wait $!\n"
        "ip link delete dev port1 2>/dev/null || true\n",
        mac, fixture->script);
    g_autofree char *in_folder =
        g_strdup_printf("cd '%s'; rm -f fifo; mkfifo fifo; %s", fixture->folder, commands);
    return output_of(in_folder);
}

static char *mac_of(const Fixture *fixture, const char *name)
{
    return pif_mac_format(&pif_farm_find_node(fixture->daemon.farm, name)->mac);
}

static void assert_gets(const Fixture *fixture, const char *node, const char *expected)
{
    g_autofree char *mac = mac_of(fixture, node);
    g_autofree char *got = ask(fixture, mac);
    g_assert_cmpstr(got, ==, expected);
}

static const char first[] =
    "10.77.0.11/24 router= dns=10.77.0.1 name=n1.lab for 43200 s ntp=10.77.0.9\n";

static void a_node_gets_its_address_and_name_and_the_daemon_hears_of_it(Fixture *fixture,
                                                                        gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_autoptr(GError) error = NULL;
    assert_gets(fixture, "n1", first);
    while (!leased_node)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(leased_node->name, ==, "n1");
    g_autoptr(GPtrArray) records =
        pif_state_list_events(fixture->daemon.state, PIF_STATE_NETBOOT, "n1", 0, 10, &error);
    g_assert_cmpuint(records->len, ==, 2); /* offer, ack */
    json_t *leases = pif_netboot_leases(&fixture->daemon, &error);
    json_t *lease = json_array_get(leases, 0);
    g_assert_cmpuint(json_array_size(leases), ==, 1);
    g_assert_cmpstr(json_string_value(json_object_get(lease, "node")), ==, "n1");
    g_assert_cmpstr(json_string_value(json_object_get(lease, "address")), ==, "10.77.0.11");
    json_decref(leases);
}

static void a_stranger_gets_no_answer_and_is_noted(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    guint n_records = 0;
    g_autofree char *got = ask(fixture, "52:54:00:00:00:03");
    g_assert_cmpstr(got, ==, "");
    while (n_records == 0) {
        g_main_context_iteration(NULL, TRUE);
        g_autoptr(GPtrArray) records =
            pif_state_list_events(fixture->daemon.state, PIF_STATE_NETBOOT, NULL, 0, 10, NULL);
        n_records = records->len;
        if (n_records > 0)
            g_assert_null(((PifEvent *)g_ptr_array_index(records, 0))->node);
    }
    g_assert_null(leased_node);
}

static void a_node_gets_files_of_its_own_and_that_is_kept(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_autofree char *mac = mac_of(fixture, "n1");
    g_autofree char *own = g_strdelimit(g_strdup(mac), ":", '-');
    g_autofree char *commands = g_strdup_printf(
        "cd '%s'; touch script.fetch; mkdir served/%s; echo own >served/%s/config.txt",
        fixture->folder, own, own);
    run(commands);
    g_autofree char *expected_own = g_strconcat(first, "own\nn1 at 10.77.0.1", NULL);
    assert_gets(fixture, "n1", expected_own);
    assert_gets(fixture, "n2",
                "10.77.0.12/24 router= dns=10.77.0.1 name=n2.lab for 43200 s "
                "ntp=10.77.0.9\nall\nn2 at 10.77.0.1");
    guint n_records = 0;
    while (n_records < 4) { /* offer, ack, sent twice */
        g_main_context_iteration(NULL, TRUE);
        g_autoptr(GPtrArray) records =
            pif_state_list_events(fixture->daemon.state, PIF_STATE_NETBOOT, "n1", 0, 10, NULL);
        n_records = records->len;
        if (n_records == 4)
            g_assert_nonnull(strstr(((PifEvent *)g_ptr_array_index(records, 2))->text, "sent"));
    }
}

/* 0: there is none. */
static pid_t find_server(void)
{
    g_autofree char *owner = pif_port_find_owner(PIF_PORT_UDP, 67);
    const char *pid = owner ? strstr(owner, "pifarm-netbootd (pid ") : NULL;
    return pid ? (pid_t)g_ascii_strtoll(strchr(pid, ' ') + strlen(" (pid"), NULL, 10) : 0;
}

static void a_server_that_is_killed_is_started_again_and_knows_its_leases(Fixture *fixture,
                                                                          gconstpointer unused)
{
    if (!fixture->folder)
        return;
    assert_gets(fixture, "n1", first);
    pid_t killed = find_server();
    g_assert_cmpint(killed, >, 0);
    kill(killed, SIGKILL);
    pid_t anew = 0;
    while (anew == 0 || anew == killed) {
        g_main_context_iteration(NULL, TRUE);
        anew = find_server();
    }
    json_t *leases = pif_netboot_leases(&fixture->daemon, NULL);
    g_assert_cmpuint(json_array_size(leases), ==, 1);
    json_decref(leases);
    assert_gets(fixture, "n2",
                "10.77.0.12/24 router= dns=10.77.0.1 name=n2.lab for 43200 s ntp=10.77.0.9\n");
    g_autoptr(GPtrArray) events =
        pif_state_list_events(fixture->daemon.state, PIF_STATE_EVENTS, NULL, 0, 10, NULL);
    g_assert_cmpuint(events->len, ==, 1);
    const PifEvent *warning = g_ptr_array_index(events, 0);
    g_assert_nonnull(strstr(warning->text, "pifarm-netbootd died"));
}

static void a_second_server_is_refused_with_the_first_ones_name(Fixture *fixture,
                                                                gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_autoptr(GError) error = NULL;
    g_autofree char *expected =
        g_strdup_printf("port 67 is in use by pifarm-netbootd (pid %d)", find_server());
    g_assert_null(pif_netboot_start(&fixture->daemon, on_lease, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, expected));
}

static void without_the_bridge_it_says_so(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&fixture->netboot, pif_netboot_free);
    run("ip link delete dev pifarm0");
    g_assert_null(pif_netboot_start(&fixture->daemon, on_lease, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "pifarm0"));
}

/* A fixture's process that is killed takes the server with it. */
static void it_dies_with_the_daemon(Fixture *fixture, gconstpointer unused)
{
    if (!fixture->folder)
        return;
    g_clear_pointer(&fixture->netboot, pif_netboot_free);
    pid_t daemon = fork();
    if (daemon == 0) {
        pif_netboot_start(&fixture->daemon, on_lease, NULL);
        pause();
    }
    pid_t server = 0;
    while ((server = find_server()) == 0)
        ;
    kill(daemon, SIGKILL);
    while (find_server() == server)
        ;
}

#define TEST(name) g_test_add("/netboot/" #name, Fixture, NULL, fixture_init, name, fixture_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    TEST(a_node_gets_its_address_and_name_and_the_daemon_hears_of_it);
    TEST(a_node_gets_files_of_its_own_and_that_is_kept);
    TEST(a_stranger_gets_no_answer_and_is_noted);
    TEST(a_server_that_is_killed_is_started_again_and_knows_its_leases);
    TEST(a_second_server_is_refused_with_the_first_ones_name);
    TEST(without_the_bridge_it_says_so);
    TEST(it_dies_with_the_daemon);
    return g_test_run();
}
