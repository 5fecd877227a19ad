// SPDX-License-Identifier: MIT
// The keys of farm.yaml, and a farm while it is read. For pifarm/model and its tests only.
#pragma once

#include "pifarm/base/yaml-keys.h"
#include "pifarm/model/farm.h"

/* One text of `forward`: a forward of each node that it is said of. */
typedef struct {
    const PifYaml *value;
    char *what;             /* whose it is, for messages: "group 'web'" */
    PifNodeForward forward; /* port without the ID */
    gboolean has_id;        /* the node's ID is added to the port */
    gboolean is_used;       /* by a node */
    gboolean is_refused;
} PifForwardRule;

typedef enum { PIF_ANSWER_NONE, PIF_ANSWER_NO, PIF_ANSWER_YES } PifAnswer;

/* What is said of adapters and forwards: of all nodes, those of a group, or one. */
typedef struct {
    GArray *forwards; /* PifForwardRule; NULL: none */
    PifAnswer wan;
    PifAnswer wlan;
    char **dhcp_options; /* "name=value"; NULL: none */
} PifNets;

typedef struct {
    const PifYaml *name;
    PifNets nets;
} PifGroupDraft;

/* An item of `nodes`: one node, or with ranges several. Texts as in the file, ranges expanded. */
typedef struct {
    const PifYaml *map;
    char *what; /* for messages: "node 'n[1-4]'" */
    char **names;
    char **ids;
    char **ports;
    char **addresses;
    char **groups;
    char *mac;
    char *image;
    gboolean is_isolated;
    PifNets nets;
} PifNodeEntry;

/* What is read so far, and which entry each node is from. */
typedef struct {
    PifFarm *farm;
    PifDiagnostics *diagnostics;
    GPtrArray *entries;     /* PifNodeEntry* */
    GHashTable *entry_of;   /* PifNode* -> PifNodeEntry* */
    GPtrArray *groups;      /* PifGroupDraft* */
    PifNets nets;           /* of all nodes */
    const PifYaml *isolate; /* value of lan.isolate-groups; NULL: none */
    const PifYaml *range;   /* value of netboot.range; NULL: none */
} PifFarmDraft;

/* The table of the whole file; tables of maps inside it hang on its rows. */
extern const PifKey pif_farm_keys[];

/* Readers of the sections; scope's context is the PifFarmDraft. */
void pif_farm_read_images(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field);
void pif_farm_read_switches(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                            gpointer field);
void pif_farm_read_nodes(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field);
void pif_farm_read_groups(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field);
extern const PifKey pif_netboot_keys[];
/* char **: a map as "name=value" texts, see hw/netboot/dhcp/dhcp-option.h. */
void pif_farm_read_dhcp_options(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                                gpointer field);
extern const PifKey pif_image_keys[];
extern const PifKey pif_switch_keys[];
extern const PifKey pif_node_keys[];

/* forward, wan and wlan: as a table for a PifNets, as a reader of any of them into one, and into
 * the draft's own. */
extern const PifKey pif_nets_keys[];
void pif_farm_read_net_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                           gpointer nets);
void pif_farm_read_own_net_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                               gpointer field);

/* A map from names to things, as images and switches are. */
typedef struct {
    const char *kind;     /* for messages: "image" */
    const char *expected; /* what the whole must be, if it is no map */
    unsigned max;
    /* Reads one; scope's what is "image 'debian'". */
    void (*read)(const PifKeyScope *scope, const PifKey *key, const PifYaml *name,
                 const PifYaml *value);
} PifNamedThings;

void pif_farm_read_named(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         const PifNamedThings *things);

/* a-z 0-9 and '-', beginning with a letter, ending without '-': what can be a host name too. */
gboolean pif_farm_is_name(const char *text, gsize max_length);

/* The nodes that the entries stand for, once the rest of the file is read. */
void pif_farm_make_nodes(PifFarmDraft *draft);
/* Their adapters and forwards, when all nodes are there. */
void pif_farm_make_nets(PifFarmDraft *draft);
/* Whether a node is in it. */
gboolean pif_farm_is_group(const PifFarm *farm, const char *group);
/* What no single key can know: clashes and what is outside of the lan. */
void pif_farm_check(PifFarmDraft *draft);
void pif_farm_check_netboot(PifFarmDraft *draft);

void pif_image_spec_free(gpointer image);
void pif_switch_spec_free(gpointer switch_spec);
void pif_node_free(gpointer node);
void pif_node_entry_free(gpointer entry);
void pif_nets_clear(PifNets *nets);
void pif_group_draft_free(gpointer group);
