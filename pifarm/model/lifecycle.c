// SPDX-License-Identifier: MIT
// The stage table.
#include "pifarm/model/lifecycle.h"

static const char *const stage_names[PIF_N_STAGES] = {
    [PIF_STAGE_OFF] = "off",
    [PIF_STAGE_QUEUED] = "queued",
    [PIF_STAGE_PREPARING] = "preparing",
    [PIF_STAGE_STARTING] = "starting",
    [PIF_STAGE_BOOTING] = "booting",
    [PIF_STAGE_NETWORK] = "network",
    [PIF_STAGE_READY] = "ready",
    [PIF_STAGE_HALTED] = "halted",
    [PIF_STAGE_FAILED] = "failed",
};

typedef struct {
    PifStage from;
    PifInput input;
    PifStage to;
} Transition;

/* What is not listed changes nothing. */
static const Transition transitions[] = {
    {PIF_STAGE_OFF, PIF_INPUT_POWER_ON, PIF_STAGE_QUEUED},
    {PIF_STAGE_HALTED, PIF_INPUT_POWER_ON, PIF_STAGE_QUEUED},
    {PIF_STAGE_FAILED, PIF_INPUT_POWER_ON, PIF_STAGE_QUEUED},

    {PIF_STAGE_QUEUED, PIF_INPUT_TURN, PIF_STAGE_PREPARING},
    {PIF_STAGE_PREPARING, PIF_INPUT_PREPARED, PIF_STAGE_STARTING},
    {PIF_STAGE_STARTING, PIF_INPUT_STARTED, PIF_STAGE_BOOTING},
    {PIF_STAGE_BOOTING, PIF_INPUT_LEASE, PIF_STAGE_NETWORK},
    /* a card with a fixed address asks for no lease */
    {PIF_STAGE_BOOTING, PIF_INPUT_BANNER, PIF_STAGE_READY},
    {PIF_STAGE_NETWORK, PIF_INPUT_BANNER, PIF_STAGE_READY},

    {PIF_STAGE_STARTING, PIF_INPUT_GUEST_OFF, PIF_STAGE_HALTED},
    {PIF_STAGE_BOOTING, PIF_INPUT_GUEST_OFF, PIF_STAGE_HALTED},
    {PIF_STAGE_NETWORK, PIF_INPUT_GUEST_OFF, PIF_STAGE_HALTED},
    {PIF_STAGE_READY, PIF_INPUT_GUEST_OFF, PIF_STAGE_HALTED},

    /* the machine has ended; the boot files are read again, as a box's boot ROM does */
    {PIF_STAGE_STARTING, PIF_INPUT_GUEST_REBOOT, PIF_STAGE_QUEUED},
    {PIF_STAGE_BOOTING, PIF_INPUT_GUEST_REBOOT, PIF_STAGE_QUEUED},
    {PIF_STAGE_NETWORK, PIF_INPUT_GUEST_REBOOT, PIF_STAGE_QUEUED},
    {PIF_STAGE_READY, PIF_INPUT_GUEST_REBOOT, PIF_STAGE_QUEUED},

    {PIF_STAGE_QUEUED, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
    {PIF_STAGE_PREPARING, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
    {PIF_STAGE_STARTING, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
    {PIF_STAGE_BOOTING, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
    {PIF_STAGE_NETWORK, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
    {PIF_STAGE_READY, PIF_INPUT_ERROR, PIF_STAGE_FAILED},
};

PifStage pif_stage_next(PifStage stage, PifInput input)
{
    if (input == PIF_INPUT_POWER_OFF)
        return PIF_STAGE_OFF;
    for (size_t i = 0; i < G_N_ELEMENTS(transitions); i++)
        if (transitions[i].from == stage && transitions[i].input == input)
            return transitions[i].to;
    return stage;
}

const char *pif_stage_name(PifStage stage)
{
    return stage_names[stage];
}

gboolean pif_stage_parse(const char *name, PifStage *ret_stage)
{
    for (int i = 0; i < PIF_N_STAGES; i++) {
        if (g_strcmp0(stage_names[i], name) != 0)
            continue;
        *ret_stage = (PifStage)i;
        return TRUE;
    }
    return FALSE;
}

gboolean pif_stage_is_on(PifStage stage)
{
    return stage != PIF_STAGE_OFF && stage != PIF_STAGE_HALTED && stage != PIF_STAGE_FAILED;
}

gboolean pif_stage_has_machine(PifStage stage)
{
    return stage == PIF_STAGE_BOOTING || stage == PIF_STAGE_NETWORK || stage == PIF_STAGE_READY;
}
