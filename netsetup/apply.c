// SPDX-License-Identifier: MIT
// Carries out a plan step by step, each one's inverse pushed on the undo stack behind it.
#include "netsetup/plan.h"
#include "pifarm/base/undo.h"

/* A step that was carried out, and what it takes to turn it round. */
typedef struct {
    GArray *inverse; /* PifNetStep */
    PifNetRunner runner;
    gpointer host;
} DoneStep;

static DoneStep *done_step_new(const PifNetStep *step, PifNetRunner runner, gpointer host)
{
    DoneStep *done = g_new0(DoneStep, 1);
    done->inverse = pif_net_step_invert(step);
    done->runner = runner;
    done->host = host;
    return done;
}

static void done_step_free(gpointer data)
{
    DoneStep *done = data;
    g_array_unref(done->inverse);
    g_free(done);
}

/* Goes on after a failure: the more is taken back, the less is left for somebody to clean up. */
static void take_back(gpointer data)
{
    DoneStep *done = data;
    for (guint i = 0; i < done->inverse->len; i++) {
        const PifNetStep *step = &g_array_index(done->inverse, PifNetStep, i);
        g_autoptr(GError) error = NULL;
        if (!done->runner(step, done->host, &error))
            g_warning("left undone: %s", error->message);
    }
}

gboolean pif_net_plan_run(const PifNetPlan *plan, PifNetRunner runner, gpointer host,
                          GError **error)
{
    g_autoptr(PifUndo) undo = pif_undo_new();
    for (guint i = 0; i < plan->steps->len; i++) {
        const PifNetStep *step = &g_array_index(plan->steps, PifNetStep, i);
        if (!runner(step, host, error))
            return FALSE;
        pif_undo_push(undo, take_back, done_step_new(step, runner, host), done_step_free);
    }
    pif_undo_commit(undo);
    return TRUE;
}
