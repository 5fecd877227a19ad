// SPDX-License-Identifier: MIT
// The life cycle table: every stage against every input.
#include "pifarm/model/lifecycle.h"

static void power_off_leads_to_off_from_everywhere(void)
{
    for (int stage = 0; stage < PIF_N_STAGES; stage++)
        g_assert_cmpint(pif_stage_next((PifStage)stage, PIF_INPUT_POWER_OFF), ==, PIF_STAGE_OFF);
}

static void a_boot_goes_through_all_stages_in_order(void)
{
    static const struct {
        PifInput input;
        PifStage stage;
    } steps[] = {
        {PIF_INPUT_POWER_ON, PIF_STAGE_QUEUED},     {PIF_INPUT_TURN, PIF_STAGE_PREPARING},
        {PIF_INPUT_PREPARED, PIF_STAGE_STARTING},   {PIF_INPUT_STARTED, PIF_STAGE_BOOTING},
        {PIF_INPUT_LEASE, PIF_STAGE_NETWORK},       {PIF_INPUT_BANNER, PIF_STAGE_READY},
        {PIF_INPUT_GUEST_REBOOT, PIF_STAGE_QUEUED}, {PIF_INPUT_TURN, PIF_STAGE_PREPARING},
        {PIF_INPUT_ERROR, PIF_STAGE_FAILED},        {PIF_INPUT_POWER_ON, PIF_STAGE_QUEUED},
    };
    PifStage stage = PIF_STAGE_OFF;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        stage = pif_stage_next(stage, steps[i].input);
        g_assert_cmpstr(pif_stage_name(stage), ==, pif_stage_name(steps[i].stage));
    }
}

static void late_inputs_do_not_wake_a_node_that_is_off(void)
{
    static const PifInput late[] = {PIF_INPUT_TURN,         PIF_INPUT_PREPARED, PIF_INPUT_STARTED,
                                    PIF_INPUT_LEASE,        PIF_INPUT_BANNER,   PIF_INPUT_GUEST_OFF,
                                    PIF_INPUT_GUEST_REBOOT, PIF_INPUT_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(late); i++)
        g_assert_cmpint(pif_stage_next(PIF_STAGE_OFF, late[i]), ==, PIF_STAGE_OFF);
}

static void a_second_power_on_changes_nothing_while_on(void)
{
    for (int stage = PIF_STAGE_QUEUED; stage <= PIF_STAGE_READY; stage++)
        g_assert_cmpint(pif_stage_next((PifStage)stage, PIF_INPUT_POWER_ON), ==, stage);
}

static void names_read_back(void)
{
    for (int stage = 0; stage < PIF_N_STAGES; stage++) {
        PifStage parsed = PIF_STAGE_OFF;
        g_assert_true(pif_stage_parse(pif_stage_name((PifStage)stage), &parsed));
        g_assert_cmpint(parsed, ==, stage);
    }
    PifStage unused;
    g_assert_false(pif_stage_parse("sleeping", &unused));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/lifecycle/" #name, name)
    TEST(power_off_leads_to_off_from_everywhere);
    TEST(a_boot_goes_through_all_stages_in_order);
    TEST(late_inputs_do_not_wake_a_node_that_is_off);
    TEST(a_second_power_on_changes_nothing_while_on);
    TEST(names_read_back);
    return g_test_run();
}
