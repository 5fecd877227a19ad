// SPDX-License-Identifier: MIT
// pifarm doctor: runs the checks and prints what they find.
#include "pifarm/base/error.h"
#include "pifarm/cli/checks.h"
#include "pifarm/cli/cli.h"

#include <stdio.h>
#include <unistd.h>

static const PifCheck checks[] = {
    {"rights", pif_check_rights, FALSE},
    {"programs", pif_check_programs, FALSE},
    {"QEMU", pif_check_qemu, FALSE},
    {"libvirt", pif_check_libvirt, FALSE},
    {"libvirt user", pif_check_libvirt_user, FALSE},
    {"TAP devices", pif_check_tun, FALSE},
    {"card access", pif_check_fuse, FALSE},
    {"ARM programs", pif_check_arm_programs, FALSE},
    {"appliance", pif_check_appliance_kernel, FALSE},
    {"KVM", pif_check_appliance_speed, FALSE},
    {"memory", pif_check_memory, FALSE},
    {"disk", pif_check_disk, FALSE},
    {"packet filter", pif_check_packet_filter, FALSE},
    {"farm.yaml", pif_check_farm_file, FALSE},
    {"images", pif_check_images, TRUE},
    {"logins", pif_check_logins, TRUE},
    {"subnet", pif_check_subnet, TRUE},
    {"ports", pif_check_ports, TRUE},
    {"daemon", pif_check_daemon, TRUE},
};

static const char *const verdict_names[] = {
    [PIF_VERDICT_OK] = "ok", [PIF_VERDICT_WARNING] = "warn", [PIF_VERDICT_FAILURE] = "fail"};

static unsigned count_nodes_to_go(const PifDoctor *doctor)
{
    json_t *json = NULL;
    g_autoptr(GArray) statuses =
        doctor->client ? pif_client_get_nodes(doctor->client, &json, NULL) : NULL;
    unsigned count = doctor->farm ? doctor->farm->nodes->len : 0;
    for (guint i = 0; statuses && i < statuses->len; i++)
        if (pif_stage_has_machine(g_array_index(statuses, PifNodeStatus, i).stage) && count > 0)
            count--;
    json_decref(json);
    return count;
}

static void doctor_init(PifDoctor *doctor, const PifCli *cli)
{
    *doctor = (PifDoctor){0};
    if (pif_farm_find_file(cli->farm_file, &doctor->farm_path, &doctor->farm_error))
        doctor->farm = pif_farm_load(doctor->farm_path, &doctor->farm_error);
    if (doctor->farm && pif_client_is_daemon_up(doctor->farm))
        pif_client_connect(doctor->farm, FALSE, &doctor->client, &doctor->client_error);
    doctor->n_nodes_to_go = count_nodes_to_go(doctor);
}

static void doctor_clear(PifDoctor *doctor)
{
    g_clear_pointer(&doctor->client, pif_client_free);
    g_clear_error(&doctor->client_error);
    g_clear_error(&doctor->farm_error);
    g_clear_pointer(&doctor->farm, pif_farm_free);
    g_clear_pointer(&doctor->farm_path, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PifDoctor, doctor_clear)

static void print_finding(const PifCheck *check, const PifFinding *finding)
{
    enum { NAME_WIDTH = 14 };
    static const char *const colours[] = {
        [PIF_VERDICT_OK] = "32", [PIF_VERDICT_WARNING] = "33", [PIF_VERDICT_FAILURE] = "31"};
    gboolean is_coloured = isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR");
    if (is_coloured)
        printf("\033[%sm%-4s\033[m", colours[finding->verdict], verdict_names[finding->verdict]);
    else
        printf("%-4s", verdict_names[finding->verdict]);
    printf("  %-*s  %s\n", NAME_WIDTH, check->name, finding->found);
    if (finding->mend)
        printf("      %*s  try: %s\n", NAME_WIDTH, "", finding->mend);
    fflush(stdout);
}

static json_t *finding_to_json(const PifCheck *check, const PifFinding *finding)
{
    return json_pack("{s:s, s:s, s:s, s:s?}", "name", check->name, "verdict",
                     verdict_names[finding->verdict], "found", finding->found, "mend",
                     finding->mend);
}

/* The worst verdict. */
static PifVerdict run_checks(const PifDoctor *doctor, json_t *list)
{
    PifVerdict worst = PIF_VERDICT_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (checks[i].needs_farm && !doctor->farm)
            continue;
        g_auto(PifFinding) finding = checks[i].run(doctor);
        worst = MAX(worst, finding.verdict);
        if (list)
            json_array_append_new(list, finding_to_json(&checks[i], &finding));
        else
            print_finding(&checks[i], &finding);
    }
    return worst;
}

gboolean pif_cmd_doctor(PifCli *cli, int argc, char **argv, int *ret_status, GError **error)
{
    gboolean is_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &is_json, "print JSON", NULL}, G_OPTION_ENTRY_NULL};
    const PifCliOptions spec = {
        pif_cli_find_command("doctor"), entries,
        "Looks, and changes nothing. With a farm.yaml also at what that farm needs. After `try`\n"
        "comes the command that mends it.\n"
        "\n"
        "Exit status: 1 when something fails; warnings do not count.",
        FALSE};
    if (!pif_cli_parse(&spec, &argc, &argv, error))
        return FALSE;
    g_auto(PifDoctor) doctor;
    doctor_init(&doctor, cli);
    json_t *json = is_json ? json_pack("{s:[]}", "checks") : NULL;
    PifVerdict worst = run_checks(&doctor, json ? json_object_get(json, "checks") : NULL);
    if (json) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(json);
    }
    *ret_status = worst == PIF_VERDICT_FAILURE ? PIF_ERROR_EXTERNAL : 0;
    return TRUE;
}
