// SPDX-License-Identifier: MIT
// What an HTTP server says about a client: pybootd's contract.
#pragma once

#include "hw/netboot/dhcp/dhcp-decide.h"

/* What is asked. */
typedef struct {
    uint32_t id; /* the answer carries it */
    bool is_boot_rom;
    uint8_t mac[PIF_DHCP_MAC_SIZE];
    bool has_uuid;
    uint8_t uuid[PIF_DHCP_UUID_SIZE];
    uint32_t address; /* the one it has; 0: none yet */
} PifDhcpQuestion;

typedef enum {
    PIF_DHCP_VERDICT_YES,
    PIF_DHCP_VERDICT_NO,
    PIF_DHCP_VERDICT_NONE, /* it could not be asked, or is in trouble itself */
} PifDhcpVerdictKind;

typedef struct {
    PifDhcpVerdictKind kind;
    char hostname[PIF_DHCP_SNAME_SIZE];
    char boot_file[PIF_DHCP_FILE_SIZE];
} PifDhcpHearsay;

/* status: HTTP's; 2xx is yes, 4xx no. body: lines, of which "client: NAME" and "file: PATH" are
 * taken; a value that is too long or no name or path is passed over. */
void pif_dhcp_hearsay_parse(unsigned status, const char *body, PifDhcpHearsay *ret_hearsay);

/* What it means for the answer; points into hearsay. */
PifDhcpVerdict pif_dhcp_hearsay_verdict(const PifDhcpHearsay *hearsay);

/* "mac=B8:27:EB:12:34:56&uuid=7D246455-...&ip=10.77.0.11" as text of a query. Free it. */
char *pif_dhcp_question_format(const PifDhcpQuestion *question);

/* "B8:27:EB:12:34:56" and "7D246455-7D24-6455-7D24-64557D246455", as pybootd writes them. */
enum { PIF_DHCP_MAC_TEXT = 18, PIF_DHCP_UUID_TEXT = 37 };
void pif_dhcp_mac_format(const uint8_t *mac, char *text);
void pif_dhcp_uuid_format(const uint8_t *uuid, char *text);
