// SPDX-License-Identifier: MIT
// The life of a node from power-on to power-off, as a table of stages and inputs. Pure.
#pragma once

#include <glib.h>

typedef enum {
    PIF_STAGE_OFF,       /* no power */
    PIF_STAGE_QUEUED,    /* wanted on; waits for its turn */
    PIF_STAGE_PREPARING, /* its card is made or read */
    PIF_STAGE_STARTING,  /* its machine is being started */
    PIF_STAGE_BOOTING,   /* firmware's work is done, the kernel runs */
    PIF_STAGE_NETWORK,   /* it has asked for and got its address */
    PIF_STAGE_READY,     /* SSH answers */
    PIF_STAGE_HALTED,    /* it shut itself down */
    PIF_STAGE_FAILED,    /* it could not be started, or its machine died */
} PifStage;

typedef enum {
    PIF_INPUT_POWER_ON,
    PIF_INPUT_POWER_OFF,
    PIF_INPUT_TURN,     /* its turn in the queue has come */
    PIF_INPUT_PREPARED, /* card and boot files are there */
    PIF_INPUT_STARTED,  /* the machine runs */
    PIF_INPUT_LEASE,    /* an address was given to its MAC */
    PIF_INPUT_BANNER,   /* an SSH server answered */
    PIF_INPUT_GUEST_OFF,
    PIF_INPUT_GUEST_REBOOT,
    PIF_INPUT_ERROR, /* preparation or start failed, or the machine died */
} PifInput;

enum { PIF_N_STAGES = PIF_STAGE_FAILED + 1, PIF_N_INPUTS = PIF_INPUT_ERROR + 1 };

/* The stage that follows. The same stage when the input changes nothing there. */
PifStage pif_stage_next(PifStage stage, PifInput input);

/* "off", "queued" ... as the API and tables write them; parse returns FALSE for other words. */
const char *pif_stage_name(PifStage stage);
gboolean pif_stage_parse(const char *name, PifStage *ret_stage);

/* Power is on or about to be. */
gboolean pif_stage_is_on(PifStage stage);
/* A machine of it exists. */
gboolean pif_stage_has_machine(PifStage stage);
