// SPDX-License-Identifier: MIT
// Keys of an image and of its enrolment.
#include "images/fetch/url.h"
#include "images/prepare/recipe.h"
#include "images/prepare/ssh-key.h"
#include "pifarm/model/defaults.h"
#include "pifarm/model/farm-keys.h"

#include <string.h>

void pif_image_spec_free(gpointer data)
{
    PifImageSpec *image = data;
    if (!image)
        return;
    g_free(image->name);
    g_free(image->source);
    g_free(image->sha256);
    g_free(image->recipe);
    g_free(image->enrol.user);
    g_free(image->enrol.password_hash);
    g_strfreev(image->enrol.ssh_keys);
    g_free(image->enrol.ssh_identity);
    g_free(image->enrol.hostname);
    g_free(image);
}

static void read_source(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    g_autoptr(GError) error = NULL;
    if (value->kind != PIF_YAML_SCALAR || !pif_url_is_url(value->text))
        pif_key_read_path(scope, key, value, field);
    else if (pif_url_is_file(value->text) ? !pif_url_to_path(value->text, field, &error)
                                          : !pif_url_check_http(value->text, &error))
        pif_key_refuse(scope, value, "'%s' of %s: %s", key->name, scope->what, error->message);
    else if (pif_url_is_http(value->text))
        pif_key_read_string(scope, key, value, field);
}

static void read_sha256(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64)
        *(char **)field = g_ascii_strdown(text, -1);
    else
        pif_key_expect(scope, key, value, "64 hex digits (sha256sum prints them)");
}

/* useradd(8): what Debian lets a user be called. */
static void read_user(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                      gpointer field)
{
    const char *name = pif_key_text(scope, key, value);
    if (name && (g_ascii_islower(*name) || *name == '_') && strlen(name) <= 32 &&
        !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
        pif_key_read_string(scope, key, value, field);
    else if (name)
        pif_key_expect(scope, key, value,
                       "a login name: up to 32 of a-z, 0-9, '_', '-', beginning with a letter");
}

/* crypt(5): $id$... . Anything else would be a password in the clear. */
static void read_password_hash(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                               gpointer field)
{
    const char *hash = pif_key_text(scope, key, value);
    pif_diagnostics_hide(scope->diagnostics, &value->place);
    if (hash && *hash == '$' && strlen(hash) >= 20 && strlen(hash) < 256 && !strpbrk(hash, ": \n"))
        pif_key_read_string(scope, key, value, field);
    else if (hash)
        pif_key_refuse(scope, value,
                       "'%s' of %s must be a crypt string like $6$..., not a password; "
                       "`openssl passwd -6` makes one",
                       key->name, scope->what);
}

static void read_hostname(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    g_autoptr(GString) sample = g_string_new(text);
    g_string_replace(sample, "{node}", "n", 0);
    if (pif_farm_is_name(sample->str, 40))
        pif_key_read_string(scope, key, value, field);
    else
        pif_key_expect(scope, key, value,
                       "a host name of a-z, 0-9 and '-'; {node} in it is the node's name");
}

static void read_ssh_key(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         PifImageSpec *image, GStrvBuilder *keys)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    const char *text = pif_key_text(scope, key, value);
    if (!text)
        return;
    if (pif_ssh_key_is_public(text)) {
        g_strv_builder_add(keys, text);
        return;
    }
    if (pif_ssh_key_has_type(text)) {
        pif_key_refuse(scope, value, "'%s' of %s is not a whole public key: copy the line again",
                       key->name, scope->what);
        return;
    }
    pif_key_read_path(scope, key, value, &path);
    if (!path)
        return;
    if (!pif_ssh_key_read_file(path, keys, &error))
        pif_key_refuse(scope, value, "'%s' of %s: %s", key->name, scope->what, error->message);
    else if (!image->enrol.ssh_identity)
        image->enrol.ssh_identity = pif_ssh_key_find_private(path);
}

static void read_ssh_keys(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    PifImageSpec *image = field;
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    if (value->kind == PIF_YAML_LIST)
        for (unsigned i = 0; i < value->values->len; i++)
            read_ssh_key(scope, key, g_ptr_array_index(value->values, i), image, keys);
    else
        read_ssh_key(scope, key, value, image, keys);
    image->enrol.ssh_keys = g_strv_builder_end(keys);
}

/* What of a recipe belongs to nodes, not to the image, unless farm.yaml has something else. */
static void take_from_recipe(PifImageSpec *image, const PifRecipe *recipe)
{
    if (recipe->hostname && g_str_equal(image->enrol.hostname, "{node}")) {
        g_free(image->enrol.hostname);
        image->enrol.hostname = g_strdup(recipe->hostname);
    }
    if (!image->enrol.user)
        image->enrol.user = g_strdup(recipe->spec.user);
    if (!image->enrol.ssh_identity)
        image->enrol.ssh_identity = g_strdup(recipe->ssh_identity);
}

/* Its own mistakes have places in a file of their own: here stands the first of them. */
static void read_recipe(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                        gpointer field)
{
    PifImageSpec *image = field;
    g_autoptr(GError) error = NULL;
    pif_key_read_path(scope, key, value, &image->recipe);
    if (!image->recipe)
        return;
    g_autoptr(PifRecipe) recipe = pif_recipe_load(image->recipe, &error);
    if (recipe)
        take_from_recipe(image, recipe);
    else
        pif_key_refuse(scope, value, "'%s' of %s: %.*s", key->name, scope->what,
                       (int)strcspn(error->message, "\n"), error->message);
}

static const PifKey enrol_keys[] = {
    {"user", read_user, .offset = offsetof(PifImageSpec, enrol.user)},
    {"ssh-key", read_ssh_keys},
    {"password-hash", read_password_hash, .offset = offsetof(PifImageSpec, enrol.password_hash)},
    {"hostname", read_hostname, .offset = offsetof(PifImageSpec, enrol.hostname)},
    {NULL},
};

static void read_enrol(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                       gpointer field)
{
    pif_key_read_map(scope, key, value, field);
    if (pif_yaml_get(value, "user"))
        return;
    const PifYaml *ssh_key = pif_yaml_get_key(value, "ssh-key");
    const PifYaml *password = pif_yaml_get_key(value, "password-hash");
    if (ssh_key || password)
        pif_key_refuse(scope, ssh_key ? ssh_key : password,
                       "%s has '%s' but no 'user' in 'enrol': whose is it?", scope->what,
                       ssh_key ? "ssh-key" : "password-hash");
}

static void read_address(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                         gpointer field)
{
    const char *text = pif_key_text(scope, key, value);
    *(gboolean *)field = g_strcmp0(text, "static") == 0;
    if (text && !g_str_equal(text, "static") && !g_str_equal(text, "dhcp"))
        pif_key_expect(scope, key, value,
                       "dhcp, or static (the address of each node is the node's 'address')");
}

const PifKey pif_image_keys[] = {
    {"source", read_source, .offset = offsetof(PifImageSpec, source)},
    {"sha256", read_sha256, .offset = offsetof(PifImageSpec, sha256)},
    {"size", pif_key_read_size, .offset = offsetof(PifImageSpec, size), .min = 16ULL << 20,
     .max = 2ULL << 40},
    {"enrol", read_enrol, .keys = enrol_keys},
    {"recipe", read_recipe},
    {"address", read_address, .offset = offsetof(PifImageSpec, is_static)},
    {NULL},
};

static void read_image(const PifKeyScope *scope, const PifKey *key, const PifYaml *name,
                       const PifYaml *value)
{
    PifFarm *farm = ((PifFarmDraft *)scope->context)->farm;
    PifImageSpec *image = g_new0(PifImageSpec, 1);
    image->name = g_strdup(name->text);
    image->enrol.hostname = g_strdup("{node}");
    g_ptr_array_add(farm->images, image);
    pif_keys_read(scope, key->keys, value, image);
}

void pif_farm_read_images(const PifKeyScope *scope, const PifKey *key, const PifYaml *value,
                          gpointer field)
{
    static const PifNamedThings images = {"image",
                                          "a map from names to images, as debian: { source: FILE }",
                                          PIF_IMAGES_MAX, read_image};
    pif_farm_read_named(scope, key, value, &images);
}
