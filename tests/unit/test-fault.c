// SPDX-License-Identifier: MIT
// Faults of a cable: their words, and the queues that the kernel is asked for.
#include "netsetup/fault.h"
#include "netsetup/queue.h"
#include "pifarm/base/error.h"

#include <linux/pkt_sched.h>
#include <netlink/msg.h>
#include <netlink/route/tc.h>
#include <string.h>

typedef struct {
    const char *text;
    const char *plain; /* NULL: refused */
} Case;

static const Case cases[] = {
    {"", ""},
    {"loss=5%", "loss=5%"},
    {"loss=0.0001%", "loss=0.0001%"},
    {"  loss=100%   down ", "loss=100% down"},
    {"delay=20ms", "delay=20ms"},
    {"delay=0.5s", "delay=500ms"},
    {"delay=1500us", "delay=1500us"},
    {"delay=20ms±5", "delay=20ms±5ms"},
    {"delay=1s+-250ms", "delay=1s±250ms"},
    {"rate=1mbit", "rate=1mbit"},
    {"rate=1500kbit", "rate=1500kbit"},
    {"rate=0.5gbit", "rate=500mbit"},
    {"dup", "dup=100%"},
    {"dup=1% loss=2%", "loss=2% dup=1%"},
    {"down", "down"},
    {"down up", ""},
    {"loss=5% loss=0%", ""},
    {"delay=20ms±5ms rate=1mbit dup down loss=5%",
     "loss=5% delay=20ms±5ms rate=1mbit dup=100% down"},
    {"loss", NULL},
    {"loss=", NULL},
    {"loss=5", NULL},
    {"loss=101%", NULL},
    {"loss=-1%", NULL},
    {"loss=5%%", NULL},
    {"loss=nan%", NULL},
    {"delay=20", NULL},
    {"delay=20ms±", NULL},
    {"delay=20ms±30ms", NULL},
    {"delay=20ms-5ms", NULL},
    {"delay=61s", NULL},
    {"rate=1", NULL},
    {"rate=1mbps", NULL},
    {"rate=1bit", NULL},
    {"rate=100gbit", NULL},
    {"down=1", NULL},
    {"up=", NULL},
    {"lose=5%", NULL},
    {"n1", NULL},
};

static void words_are_read_and_written(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        PifFault fault;
        if (!cases[i].plain) {
            g_assert_false(pif_fault_parse(cases[i].text, &fault, &error));
            g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
            g_assert_nonnull(strstr(error->message, cases[i].text));
            continue;
        }
        pif_fault_parse(cases[i].text, &fault, &error);
        g_assert_no_error(error);
        g_autofree char *plain = pif_fault_format(&fault);
        g_assert_cmpstr(plain, ==, cases[i].plain);
    }
}

static void what_is_written_is_read_as_the_same(void)
{
    const PifFault fault = {123456, 7, 59999999, 333, 1234567, TRUE};
    PifFault again;
    g_autofree char *text = pif_fault_format(&fault);
    g_assert_true(pif_fault_parse(text, &again, NULL));
    g_autofree char *text_again = pif_fault_format(&again);
    g_assert_cmpstr(text, ==, text_again);
    g_assert_cmpint(again.loss_ppm, ==, fault.loss_ppm);
    g_assert_cmpint(again.delay_us, ==, fault.delay_us);
    g_assert_cmpint(again.rate_bit_s, ==, fault.rate_bit_s);
}

static GPtrArray *queues_of(const char *text)
{
    PifFault fault;
    g_assert_true(pif_fault_parse(text, &fault, NULL));
    return pif_queues_new(&fault, 7, 1500);
}

/* TCA_OPTIONS of the request that makes the queue. */
static struct nlattr *options_of(PifQueue *queue, struct nl_msg **ret_request)
{
    g_assert_cmpint(rtnl_qdisc_build_add_request(queue, NLM_F_CREATE, ret_request), ==, 0);
    return nlmsg_find_attr(nlmsg_hdr(*ret_request), sizeof(struct tcmsg), TCA_OPTIONS);
}

static void netem_holds_what_is_lost_late_or_double(void)
{
    g_autoptr(GPtrArray) queues = queues_of("loss=50% delay=20ms±5ms dup=1%");
    struct nl_msg *request = NULL;
    g_assert_cmpint(queues->len, ==, 1);
    struct nlattr *options = options_of(g_ptr_array_index(queues, 0), &request);
    const struct tc_netem_qopt *netem = nla_data(options);
    const struct tcmsg *header = nlmsg_data(nlmsg_hdr(request));
    g_assert_cmpint(header->tcm_ifindex, ==, 7);
    g_assert_cmphex(header->tcm_parent, ==, TC_H_ROOT);
    g_assert_cmpint(nla_len(options), >=, (int)sizeof *netem);
    g_assert_cmpuint(netem->loss, ==, UINT32_MAX / 2);
    g_assert_cmpuint(netem->duplicate, ==, UINT32_MAX / 100);
    g_assert_cmpint(rtnl_tc_get_kind(TC_CAST(g_ptr_array_index(queues, 0)))[0], ==, 'n');
    /* in the kernel's ticks, of which /proc/net/psched tells how many go into a microsecond */
    g_assert_cmpfloat_with_epsilon((double)netem->latency / netem->jitter, 4.0, 0.001);
    nlmsg_free(request);
}

static void what_is_slow_and_late_waits_in_two_queues(void)
{
    g_autoptr(GPtrArray) queues = queues_of("delay=20ms rate=8mbit");
    struct nl_msg *request = NULL;
    g_assert_cmpint(queues->len, ==, 2);
    struct nlattr *options = options_of(g_ptr_array_index(queues, 1), &request);
    struct nlattr *parameters = nla_find(nla_data(options), nla_len(options), TCA_TBF_PARMS);
    const struct tc_tbf_qopt *tbf = nla_data(parameters);
    const struct tcmsg *header = nlmsg_data(nlmsg_hdr(request));
    g_assert_cmphex(header->tcm_parent, ==, TC_H_MAKE(1 << 16, 1));
    g_assert_cmpuint(tbf->rate.rate, ==, 1000000);
    nlmsg_free(request);
}

static void nothing_waits_for_nothing(void)
{
    g_autoptr(GPtrArray) queues = queues_of("down");
    g_assert_cmpint(queues->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fault/words_are_read_and_written", words_are_read_and_written);
    g_test_add_func("/fault/what_is_written_is_read_as_the_same",
                    what_is_written_is_read_as_the_same);
    g_test_add_func("/fault/netem_holds_what_is_lost_late_or_double",
                    netem_holds_what_is_lost_late_or_double);
    g_test_add_func("/fault/what_is_slow_and_late_waits_in_two_queues",
                    what_is_slow_and_late_waits_in_two_queues);
    g_test_add_func("/fault/nothing_waits_for_nothing", nothing_waits_for_nothing);
    return g_test_run();
}
