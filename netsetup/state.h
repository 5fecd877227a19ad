// SPDX-License-Identifier: MIT
// What a host's network is, as plain structs: links with their addresses, and routes.
#pragma once

#include <glib.h>
#include <stdint.h>

enum { PIF_MAC_SIZE = 6, PIF_IPV6_SIZE = 16 };

typedef struct {
    uint32_t address; /* host byte order */
    unsigned prefix_length;
    uint32_t broadcast;  /* 0: none */
    gboolean is_passing; /* has a lifetime, as one from a DHCP server */
    gboolean is_bare;    /* comes without a route to its subnet */
} PifAddress;

typedef struct {
    uint8_t bytes[PIF_IPV6_SIZE];
    unsigned prefix_length;
    gboolean is_passing;   /* has a lifetime, as one from a router advertisement */
    gboolean is_bare;      /* comes without a route to its subnet */
    gboolean is_unchecked; /* no other host is asked whether it has it */
} PifAddress6;

/* A link that is, or one that should be. A property that means nothing for the link's kind is 0. */
typedef struct {
    int index; /* the kernel's number for it; 0: not there yet */
    char *name;
    char *kind;   /* "bridge", "vxlan", "tun"; "" for a physical interface */
    char *alias;  /* "": none */
    char *master; /* name of the bridge that it is a port of; "": none */
    uint8_t mac[PIF_MAC_SIZE];
    unsigned mtu; /* 0: whatever the kernel makes of it */
    gboolean is_up;
    gboolean has_carrier; /* while it is read: somebody is at the other end */
    struct {              /* times in hundredths of a second, as the kernel and `ip` count them */
        gboolean has_stp;
        unsigned forward_delay_cs;
        unsigned ageing_cs;
        /* where spanning tree protocols are spoken; zero: not said. Frames to it end here. */
        uint8_t group_address[PIF_MAC_SIZE];
    } bridge;
    struct { /* a TAP */
        gboolean has_owner;
        unsigned owner; /* user who may open it besides root */
    } tun;
    char *peer; /* of a veth: the other end, which comes and goes with it; "": not here */
    struct {
        unsigned id;
        uint32_t remote; /* host byte order */
        uint16_t port;
    } vxlan;
    int master_index;   /* while it is read; 0: none */
    int peer_index;     /* the same */
    GArray *addresses;  /* PifAddress, IPv4, in the order they were added */
    GArray *addresses6; /* PifAddress6, not of link-local scope; only moved, never compared */
} PifLink;

/* A unicast route of the main table or another; the values are the kernel's own. */
typedef struct {
    PifAddress to; /* 0.0.0.0/0: the default route */
    int link_index;
    uint32_t gateway; /* 0: none */
    uint32_t source;  /* preferred source address; 0: none */
    unsigned table;
    unsigned metric;
    uint8_t protocol;
    uint8_t scope;
    gboolean is_onlink;
    unsigned n_hops; /* over 1: several ways, of which this is the first */
} PifRoute;

/* The same of IPv6: those that somebody made. */
typedef struct {
    PifAddress6 to;
    int link_index;
    gboolean has_gateway;
    PifAddress6 gateway;
    unsigned table;
    unsigned metric;
    uint8_t protocol;
    unsigned n_hops;
} PifRoute6;

/* One of pifarm's tables of packet filters. */
typedef struct {
    char *name; /* with its family: "bridge pifarm_lab" */
    char *text; /* as nft lists it */
} PifTableState;

/* A rule of a farm in somebody else's chain. */
typedef struct {
    char *chain; /* "ip filter FORWARD" */
    char *farm;
    unsigned long handle;
} PifExceptionState;

typedef struct {
    GPtrArray *links;           /* PifLink */
    GArray *routes;             /* PifRoute */
    GArray *routes6;            /* PifRoute6 */
    gboolean has_ipv6;          /* new links do */
    gboolean are_filters_known; /* the rest about filters was told */
    GPtrArray *tables;          /* PifTableState */
    GPtrArray *dropping_chains; /* char *: "ip filter FORWARD" */
    GArray *exceptions;         /* PifExceptionState */
    gboolean is_forwarding;     /* IPv4 */
    char *machine_id; /* of the host, "" when it has none: makes what we derive from names differ
                         between hosts */
} PifNetState;

PifLink *pif_link_new(const char *name, const char *kind);
PifLink *pif_link_copy(const PifLink *link);
void pif_link_free(PifLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifLink, pif_link_free)

PifNetState *pif_net_state_new(void);
void pif_net_state_free(PifNetState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifNetState, pif_net_state_free)

/* NULL when there is none. */
PifLink *pif_net_state_find_link(const PifNetState *state, const char *name);
PifLink *pif_net_state_find_link_by_index(const PifNetState *state, int index);

/* What the kernel says now; needs no root. Free it. */
PifNetState *pif_net_state_observe(GError **error);

gboolean pif_address_equal(PifAddress a, PifAddress b);
/* Whether the two subnets share an address. */
gboolean pif_address_overlaps(PifAddress a, PifAddress b);
/* First address of the subnet. */
PifAddress pif_address_network(PifAddress address);
/* "10.77.0.1/24". Free it. */
char *pif_address_format(PifAddress address);
/* "10.77.0.1". Free it. */
char *pif_ip_format(uint32_t address);
