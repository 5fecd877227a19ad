// SPDX-License-Identifier: MIT
// What `pifarm netboot serve` and pifarm-netbootd are told to do.
#pragma once

#include <glib.h>

/* As given on the command line; strings may be NULL. */
typedef struct {
    char *interface;
    char **roots;     /* folders, disks */
    char **nodes;     /* "MAC=ROOT", "SERIAL=ROOT" */
    char **maps;      /* "GLOB=PATH" */
    char **texts;     /* "GLOB=TEXT" */
    char **templates; /* "GLOB=FILE" */
    char *user;
    char *dhcp; /* "FIRST-LAST", "static" or "proxy" */
    /* "MAC=ADDRESS", "id:IDENTIFIER=ADDRESS", "port:CIRCUIT[@REMOTE]=ADDRESS", each with ",NAME" */
    char **hosts;
    char *router;
    char *dns;
    char *domain;
    char **boot_files; /* "FILE", "ARCH=FILE" */
    char **options;    /* "[WHO,][force:]NAME=VALUE" */
    gboolean no_probe; /* offers addresses without asking who has them */
    char **broadcast;  /* who hears nothing but 255.255.255.255 */
    char **allow;      /* MACs, beginnings of MACs, UUIDs */
    char **deny;
    char *unknown;    /* "ignore", "offer" or "adopt" */
    char *auth_url;   /* asked whether a client may */
    char *auth_paths; /* behind it, for boot ROMs and for systems: "pxe,dhcp" */
    int auth_timeout_s;
    int auth_remember_s;
    char **notify; /* "ADDRESS:PORT" and URLs */
    char *leases;
    gboolean only_dhcp; /* any of the three: none but those */
    gboolean only_tftp;
    gboolean only_http;
    int lease_time_s;
    char *upload;
    char *upload_max;
    gboolean may_upload_replace;
    int tftp_port;
    int http_port;
    int http_timeout_s;
    int max_transfers;
    gboolean rollover_to_1;
    gboolean is_http_for_leases_only;
} PifServeOptions;

/* Rows that fill the one PifServeOptions there is for a command line; NULL-terminated. */
const GOptionEntry *pif_serve_option_entries(void);
PifServeOptions *pif_serve_options_get(void);
/* Of those for DHCP the rarer ones. */
const GOptionEntry *pif_serve_dhcp_option_entries(void);
extern const char pif_serve_description[];
extern const char pif_serve_dhcp_description[];
/* Those of TFTP and HTTP, likewise. */
const GOptionEntry *pif_serve_file_option_entries(void);
extern const char pif_serve_file_description[];

/* Which services they ask for. */
gboolean pif_serve_options_has_dhcp(const PifServeOptions *options);
gboolean pif_serve_options_has_tftp(const PifServeOptions *options);
gboolean pif_serve_options_has_http(const PifServeOptions *options);

/* Whether there is anything to serve files from. */
gboolean pif_serve_options_has_files(const PifServeOptions *options);

/* Whether they make sense together. */
gboolean pif_serve_options_check(const PifServeOptions *options, GError **error);
