// SPDX-License-Identifier: MIT
// Requests whose answer has to wait: somebody else is asked whether the client may, or whether
// anybody has the address already.
#pragma once

#include "hw/netboot/dhcp/dhcp-verdict.h"

/* The wall's for leases, the monotonic for waiting. */
typedef struct {
    int64_t wall_s;
    int64_t mono_us;
} PifDhcpTime;

typedef struct {
    const PifDhcpConfig *decide;
    PifDhcpPool *pool;
    /* Whether clients may be served is asked elsewhere: pif_dhcp_desk_hear() brings the answer.
     * False: it cannot be asked now. NULL: all may. */
    bool (*ask)(const PifDhcpQuestion *question, gpointer data);
    /* Asks the network who has an address: pif_dhcp_desk_see() says who. NULL: is not asked. */
    void (*probe)(uint32_t address, gpointer data);
    /* An answer that had to wait, or the reason why there is none. */
    void (*answer)(PifDhcpReply *reply, gpointer data);
    /* mac has an address that was to be offered. */
    void (*on_conflict)(uint32_t address, const uint8_t *mac, gpointer data);
    gpointer data;
    int64_t remember_us;    /* how long a verdict holds; 0: it is asked each time */
    int64_t ask_timeout_us; /* without an answer for so long: none */
    int64_t probe_wait_us;  /* nobody has said anything for so long: the address is free */
} PifDhcpDeskConfig;

enum { PIF_DHCP_MAX_WAITING = 1024 };

typedef struct PifDhcpDesk PifDhcpDesk;

PifDhcpDesk *pif_dhcp_desk_new(const PifDhcpDeskConfig *config);
void pif_dhcp_desk_free(PifDhcpDesk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PifDhcpDesk, pif_dhcp_desk_free)

/* True: the reply is complete. False: it has to wait. */
bool pif_dhcp_desk_handle(PifDhcpDesk *desk, const PifDhcpMessage *message, PifDhcpTime now,
                          PifDhcpReply *ret_reply);

/* The answer to question id; what nobody waits for any more is passed over. */
void pif_dhcp_desk_hear(PifDhcpDesk *desk, uint32_t id, const PifDhcpHearsay *hearsay,
                        PifDhcpTime now);
/* That MAC has been seen with that address. */
void pif_dhcp_desk_see(PifDhcpDesk *desk, uint32_t address, const uint8_t *mac, PifDhcpTime now);

/* When pif_dhcp_desk_turn() is due; INT64_MAX: nobody waits. */
int64_t pif_dhcp_desk_next_us(const PifDhcpDesk *desk);
void pif_dhcp_desk_turn(PifDhcpDesk *desk, PifDhcpTime now);

unsigned pif_dhcp_desk_count(const PifDhcpDesk *desk);
