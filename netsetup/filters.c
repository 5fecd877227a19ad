// SPDX-License-Identifier: MIT
// What packet filters of others (Docker's, mostly) do to frames that cross the bridge.
#include "netsetup/filters.h"

#include "netsetup/net.h"
#include "netsetup/netlink.h"
#include "pifarm/base/command.h"
#include "pifarm/base/file.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <string.h>

gboolean pif_net_bridge_filtered(void)
{
    enum { MAX_SIZE = 16 };
    g_autofree char *text = NULL;
    return pif_file_read("/proc/sys/net/bridge/bridge-nf-call-iptables", MAX_SIZE, &text, NULL,
                         NULL) &&
           text[0] == '1';
}

/* The hook that a base chain is in; -1 for a chain that only others jump to. */
static int hook_of(struct nlattr *hook)
{
    struct nlattr *found[NFTA_HOOK_MAX + 1];
    if (!hook || nla_parse_nested(found, NFTA_HOOK_MAX, hook, NULL) < 0 ||
        !found[NFTA_HOOK_HOOKNUM])
        return -1;
    return (int)ntohl(nla_get_u32(found[NFTA_HOOK_HOOKNUM]));
}

typedef struct {
    PifForwardChainVisitor visitor;
    gpointer data;
} ChainVisit;

static void on_chain(struct nlmsghdr *message, gpointer data)
{
    const ChainVisit *visit = data;
    struct nfgenmsg *header = nlmsg_data(message);
    struct nlattr *found[NFTA_CHAIN_MAX + 1];
    if (header->nfgen_family != NFPROTO_IPV4 && header->nfgen_family != NFPROTO_INET)
        return;
    if (nlmsg_parse(message, sizeof *header, found, NFTA_CHAIN_MAX, NULL) < 0 ||
        hook_of(found[NFTA_CHAIN_HOOK]) != NF_INET_FORWARD || !found[NFTA_CHAIN_POLICY])
        return;
    g_autofree char *chain = g_strdup_printf(
        "%s %s %s", header->nfgen_family == NFPROTO_IPV4 ? "ip" : "inet",
        nla_get_string(found[NFTA_CHAIN_TABLE]), nla_get_string(found[NFTA_CHAIN_NAME]));
    visit->visitor(chain, ntohl(nla_get_u32(found[NFTA_CHAIN_POLICY])) == NF_DROP, visit->data);
}

/* One dump of the chains, which the kernel shows to root only. */
gboolean pif_filters_visit_forward_chains(PifForwardChainVisitor visitor, gpointer data)
{
    ChainVisit visit = {visitor, data};
    struct nfgenmsg every = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};
    g_autoptr(PifNetlink) netlink = pif_netlink_open(NETLINK_NETFILTER, NULL);
    if (!netlink)
        return FALSE;
    struct nl_msg *request =
        nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NLM_F_DUMP);
    nlmsg_append(request, &every, sizeof every, NLMSG_ALIGNTO);
    return pif_netlink_dump(netlink, request, on_chain, &visit) >= 0;
}

static void note_policy(const char *chain, gboolean drops, gpointer policy)
{
    (void)chain;
    if (drops)
        *(PifForwardPolicy *)policy = PIF_FORWARD_DROPS;
}

static PifForwardPolicy nftables_policy(void)
{
    PifForwardPolicy policy = PIF_FORWARD_ACCEPTS;
    return pif_filters_visit_forward_chains(note_policy, &policy) ? policy : PIF_FORWARD_UNKNOWN;
}

/* The older iptables. Its program is run only where its tables are in use: running it makes them.
 */
static PifForwardPolicy iptables_policy(void)
{
    enum { MAX_SIZE = 4096, TIMEOUT_MS = 5000 };
    g_autofree char *tables = NULL, *rules = NULL;
    if (!pif_file_read("/proc/net/ip_tables_names", MAX_SIZE, &tables, NULL, NULL) ||
        !strstr(tables, "filter"))
        return PIF_FORWARD_ACCEPTS;
    g_autoptr(PifCommand) command = pif_command_new("iptables-legacy", "-S", "FORWARD", NULL);
    pif_command_set_timeout_ms(command, TIMEOUT_MS);
    if (!pif_command_run(command, &rules, NULL))
        return PIF_FORWARD_UNKNOWN;
    return g_str_has_prefix(rules, "-P FORWARD DROP") ? PIF_FORWARD_DROPS : PIF_FORWARD_ACCEPTS;
}

PifForwardPolicy pif_net_forward_policy(void)
{
    PifForwardPolicy nftables = nftables_policy();
    return nftables == PIF_FORWARD_ACCEPTS ? iptables_policy() : nftables;
}

gboolean pif_net_forward_drops(void)
{
    return pif_net_forward_policy() == PIF_FORWARD_DROPS;
}
