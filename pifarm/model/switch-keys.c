// SPDX-License-Identifier: MIT
// Keys of a switch.
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

void pif_switch_spec_free(gpointer data)
{
    PifSwitchSpec *switch_spec = data;
    if (!switch_spec)
        return;
    g_free(switch_spec->name);
    g_free(switch_spec);
}

static void refuse_real(const PifKeyScope *scope, const PifYaml *place)
{
    pif_key_refuse(scope, place,
                   "%s is not virtual: real switches are not supported by this version yet",
                   scope->what);
}

static void read_virtual(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    gboolean is_virtual = TRUE;
    pif_key_read_truth(scope, key, value, &is_virtual);
    *(gboolean *)field = is_virtual;
    if (!is_virtual)
        refuse_real(scope, value);
}

const PifKey pif_switch_keys[] = {
    {"virtual", read_virtual, .offset = offsetof(PifSwitchSpec, is_virtual), .is_required = TRUE},
    {"ports", pif_key_read_number, .offset = offsetof(PifSwitchSpec, ports), .min = 1,
     .max = PIF_SWITCH_PORTS_MAX},
    {"address", pif_key_read_later},
    {"snmp", pif_key_read_later},
    {"power", pif_key_read_later},
    {"stagger", pif_key_read_later},
    {NULL},
};

static void read_switch(const PifKeyScope *scope, const PifKey *key, const PifYaml *name,
                        const PifYaml *value)
{
    PifFarm *farm = ((PifFarmDraft *)scope->context)->farm;
    PifSwitchSpec *spec = g_new0(PifSwitchSpec, 1);
    spec->name = g_strdup(name->text);
    spec->ports = PIF_SWITCH_PORTS_DEFAULT;
    g_ptr_array_add(farm->switches, spec);
    /* One plain word for a real switch, rather than one for each of its keys. */
    if (pif_yaml_get(value, "address") && !pif_yaml_get(value, "virtual"))
        refuse_real(scope, name);
    else
        pif_keys_read(scope, key->keys, value, spec);
}

void pif_farm_read_switches(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                            gpointer field)
{
    static const PifNamedThings switches = {
        "switch", "a map from names to switches, as sw0: { virtual: true }", PIF_SWITCHES_MAX,
        read_switch};
    pif_farm_read_named(scope, key, value, &switches);
}
