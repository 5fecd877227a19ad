// SPDX-License-Identifier: MIT
// A farm as farm.yaml describes it, with every default filled in: what the rest of the program
// reads.
#pragma once

#include "pifarm/model/forward.h"

#include <glib.h>
#include <stdint.h>

typedef struct {
    uint8_t bytes[6];
} PifMac;

typedef struct {
    char *name;
    char *source; /* path (relative to farm.yaml's folder made absolute) or NULL when only in the
                     store */
    char *sha256; /* of the source file or disk; NULL: not given */
    guint64 size; /* bytes; 0: not given */
    char *recipe; /* path of a file of steps, or NULL; enrol has its user and identity too */
    gboolean is_static; /* its nodes have their addresses written on their cards */
    struct {
        char *user;          /* default: none */
        char *password_hash; /* NULL: key only */
        char **ssh_keys;     /* public key texts, read from the files named (~ expanded),
                                NULL-terminated */
        char *ssh_identity;  /* path of the private key beside the first public key file, if it
                                exists; else NULL */
        char *hostname;      /* template, default "{node}" */
    } enrol;
} PifImageSpec;

typedef struct {
    char *name;
    gboolean is_virtual;
    unsigned ports;
    uint32_t address; /* host byte order: subnet + 2 for the first, then counting up */
} PifSwitchSpec;

typedef struct {
    char *name;
    unsigned id;       /* 1..200, unique */
    PifMac mac;        /* b8:27:eb + three bytes from farm name and id unless given */
    uint32_t serial;   /* low 24 bits equal the MAC's */
    uint32_t address;  /* host byte order: subnet + 10 + id unless given */
    char *switch_name; /* of port "sw0/3", or NULL */
    unsigned port;
    const PifImageSpec *image; /* owned by the farm */
    char **groups;
    gboolean is_isolated; /* exchanges frames with this host only */
    uint16_t ssh_port;    /* lan.ssh_ports + id: forward on 127.0.0.1 */
    GArray *forwards;     /* PifNodeForward, that of ssh_port among them */
    gboolean has_wan;     /* an adapter on a user-mode net */
    gboolean has_wlan;    /* an adapter that its access point is on */
    char **dhcp_options;  /* "name=value", of two with one name the later counts; NULL: none */
    char *console_halt;   /* reserved: NULL */
} PifNode;

/* Who gives addresses on the lan: we; another server, and we say what to boot; another server. */
typedef enum { PIF_DHCP_ON, PIF_DHCP_PROXY, PIF_DHCP_OFF } PifFarmDhcp;

typedef struct {
    char *name;
    char *path; /* absolute, of farm.yaml */
    struct {
        char *bridge;
        uint32_t network; /* host byte order */
        unsigned prefix_length;
        uint32_t host_address; /* network + 1 */
        unsigned mtu;          /* 0: the kernel's choice */
        char *uplink;          /* interface that joins the bridge; NULL: none */
        struct {
            uint32_t remote; /* host byte order; 0: no VXLAN */
            unsigned id;
            unsigned port;
        } vxlan;
        unsigned ssh_ports;   /* node ID n's SSH is forwarded from this + n */
        gboolean has_nat;     /* nodes reach what this host reaches */
        gboolean has_guard;   /* nodes can send from their own addresses only */
        gboolean is_accepted; /* packet filters of others let the bridge pass */
        char **isolate;       /* groups whose nodes are isolated; NULL: none */
    } lan;
    struct {
        PifFarmDhcp dhcp;
        uint32_t first, last; /* host byte order: for those who are no nodes; 0: none */
        char *unknown;        /* "ignore", "offer", "adopt"; NULL: as the server has it */
        char **allow, **deny; /* MACs, beginnings of MACs, UUIDs; NULL: no rules */
        char *auth_url;       /* asks there whether a client may; NULL: not asked */
        char **broadcast;     /* clients that hear 255.255.255.255 only; NULL: none */
        char **maps;          /* "GLOB=PATH": names that lead elsewhere; NULL: none */
        char **texts;         /* "GLOB=TEXT": names that are made up; NULL: none */
        char **notify;        /* tells there of boots and leases; NULL: nobody */
        char *root;           /* folder that is served; NULL: none */
        gboolean has_http;    /* serves it by HTTP too */
    } netboot;
    char *libvirt_uri;   /* NULL: the embedded driver */
    GPtrArray *images;   /* PifImageSpec* */
    GPtrArray *switches; /* PifSwitchSpec* */
    GPtrArray *nodes;    /* PifNode*, by id */
} PifFarm;

/* Reads and checks farm.yaml. On failure error is CONFIG and its text has every mistake found, each
 * as `file:line:column: what, and what to try`, the line, and a caret under the place. */
PifFarm *pif_farm_load(const char *path, GError **error);
/* The same for a text in memory; path (which need not exist) is what it is called. */
PifFarm *pif_farm_parse(const char *path, const char *text, gsize size, GError **error);
void pif_farm_free(PifFarm *farm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifFarm, pif_farm_free)

const PifNode *pif_farm_find_node(const PifFarm *farm, const char *name);

/* Nodes named by arguments: "n1", "n[1-4]", "n[1,3-5]", "3" (an ID), "@group", "sw0/[1-4]" (ports),
 * and such with commas between. Array of const PifNode*, each once, by id. all: every node. No
 * arguments and not all is USAGE. NOT_FOUND suggests. */
GPtrArray *pif_farm_select(const PifFarm *farm, const char *const *arguments, gboolean all,
                           GError **error);

char *pif_mac_format(const PifMac *mac);
gboolean pif_mac_parse(const char *text, PifMac *ret_mac);
char *pif_ipv4_format(uint32_t address);
gboolean pif_ipv4_parse(const char *text, uint32_t *ret_address);

/* Text of a commented farm.yaml for `pifarm init`, with these values in it: right as it is for
 * every good farm name. image_source NULL: a made-up file name. The user's own SSH key is named if
 * there is one. Free it. */
char *pif_farm_template(const char *farm_name, const char *image_source, unsigned n_nodes);

/* The farm.yaml to use: the argument (a file, or a folder with one), or $PIFARM_FILE, or farm.yaml
 * here or in a folder above. *ret_path is absolute; else NOT_FOUND. */
gboolean pif_farm_find_file(const char *given, char **ret_path, GError **error);
