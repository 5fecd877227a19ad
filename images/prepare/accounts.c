// SPDX-License-Identifier: MIT
// passwd(5), shadow(5) and group(5), as lines of fields between colons.
#include "images/prepare/accounts.h"

#include "pifarm/base/error.h"

#include <string.h>

enum {
    FIRST_ID = 1000,
    LAST_ID = 60000,   /* login.defs(5): UID_MAX of Debian */
    PASSWD_FIELDS = 7, /* passwd(5): name, password, user ID, group ID, comment, home, shell */
    PASSWD_UID = 2,
    PASSWD_GID = 3,
    PASSWD_HOME = 5,
    SHADOW_HASH = 1,  /* shadow(5): name, hash, days of aging (7 fields), reserved */
    GROUP_FIELDS = 4, /* group(5): name, password, group ID, members */
    GROUP_GID = 2,
    GROUP_MEMBERS = 3,
};

/* pi-gen, export-image and stage2: the groups of the first user. */
static const char *const groups[] = {
    "adm",   "dialout", "cdrom",  "sudo",   "audio", "video", "plugdev", "games",
    "users", "input",   "render", "netdev", "gpio",  "i2c",   "spi",
};

void pif_accounts_clear(PifAccounts *accounts)
{
    g_free(accounts->passwd);
    g_free(accounts->shadow);
    g_free(accounts->group);
    g_free(accounts->gshadow);
    *accounts = (PifAccounts){0};
}

void pif_account_clear(PifAccount *account)
{
    g_free(account->home);
    *account = (PifAccount){0};
}

/* A file taken apart: an array of lines, each an array of fields. */
static GPtrArray *parse(const char *text)
{
    GPtrArray *table = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_autofree char *trimmed = g_strchomp(g_strdup(text));
    g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);
    for (char **line = lines; *line; line++)
        g_ptr_array_add(table, g_strsplit(*line, ":", -1));
    return table;
}

static char *format(const GPtrArray *table)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < table->len; i++) {
        g_autofree char *line = g_strjoinv(":", table->pdata[i]);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

static char **find(const GPtrArray *table, const char *name)
{
    for (guint i = 0; i < table->len; i++) {
        char **fields = table->pdata[i];
        if (g_strcmp0(fields[0], name) == 0)
            return fields;
    }
    return NULL;
}

static void set(char **fields, guint number, const char *value)
{
    g_free(fields[number]);
    fields[number] = g_strdup(value);
}

static gboolean parse_id(const char *text, guint *ret_id)
{
    guint64 id;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &id, NULL))
        return FALSE;
    *ret_id = (guint)id;
    return TRUE;
}

static gboolean is_taken(const GPtrArray *table, guint field, guint id)
{
    for (guint i = 0; i < table->len; i++) {
        char **fields = table->pdata[i];
        guint other;
        if (g_strv_length(fields) > field && parse_id(fields[field], &other) && other == id)
            return TRUE;
    }
    return FALSE;
}

static gboolean find_free_id(const GPtrArray *table, guint field, guint from, guint *ret_id,
                             GError **error)
{
    for (guint id = from; id <= LAST_ID; id++)
        if (!is_taken(table, field, id)) {
            *ret_id = id;
            return TRUE;
        }
    return pif_error_set(error, PIF_ERROR_CONFIG, "all IDs from %u to %u are taken", from, LAST_ID);
}

static void add_member(const GPtrArray *table, const char *group, guint field, const char *user)
{
    char **fields = find(table, group);
    if (!fields || g_strv_length(fields) <= field)
        return;
    g_auto(GStrv) members = g_strsplit(fields[field], ",", -1);
    if (g_strv_contains((const char *const *)members, user))
        return;
    g_autofree char *more = g_strjoin(*fields[field] ? "," : "", fields[field], user, NULL);
    set(fields, field, more);
}

/* group and gshadow both have the members in their fourth field. */
static void join_groups(const GPtrArray *table, const char *user)
{
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        add_member(table, groups[i], GROUP_MEMBERS, user);
}

/* The group of the user's own name: there already, or new. */
static gboolean ensure_group(GPtrArray *table, const char *name, guint wanted_gid, guint *ret_gid,
                             GError **error)
{
    char **fields = find(table, name);
    if (fields && g_strv_length(fields) == GROUP_FIELDS && parse_id(fields[GROUP_GID], ret_gid))
        return TRUE;
    if (fields)
        return pif_error_set(error, PIF_ERROR_CONFIG, "/etc/group: a damaged line for '%s'", name);
    if (!find_free_id(table, GROUP_GID, wanted_gid, ret_gid, error))
        return FALSE;
    g_autofree char *line = g_strdup_printf("%s:x:%u:", name, *ret_gid);
    g_ptr_array_add(table, g_strsplit(line, ":", -1));
    return TRUE;
}

static gboolean read_account(char *const *fields, PifAccount *account, GError **error)
{
    if (g_strv_length((char **)fields) != PASSWD_FIELDS ||
        !parse_id(fields[PASSWD_UID], &account->uid) ||
        !parse_id(fields[PASSWD_GID], &account->gid) || *fields[PASSWD_HOME] != '/')
        return pif_error_set(error, PIF_ERROR_CONFIG, "/etc/passwd: a damaged line for '%s'",
                             fields[0]);
    account->home = g_strdup(fields[PASSWD_HOME]);
    return TRUE;
}

static gboolean add_account(GPtrArray *passwd, GPtrArray *group, const char *user,
                            const char *shell, PifAccount *account, GError **error)
{
    if (!find_free_id(passwd, PASSWD_UID, FIRST_ID, &account->uid, error) ||
        !ensure_group(group, user, account->uid, &account->gid, error))
        return FALSE;
    account->home = g_strdup_printf("/home/%s", user);
    account->is_new = TRUE;
    g_autofree char *line = g_strdup_printf("%s:x:%u:%u::%s:%s", user, account->uid, account->gid,
                                            account->home, shell);
    g_ptr_array_add(passwd, g_strsplit(line, ":", -1));
    return TRUE;
}

/* "!" locks an account for sshd without PAM even with a key; "*" only says that there is no
 * password. */
static void set_password(GPtrArray *shadow, const char *user, const char *hash)
{
    char **fields = find(shadow, user);
    if (!fields) {
        g_autofree char *line = g_strdup_printf("%s:%s:::::::", user, hash ? hash : "*");
        g_ptr_array_add(shadow, g_strsplit(line, ":", -1));
    } else if (g_strv_length(fields) > SHADOW_HASH) {
        gboolean has_none = *fields[SHADOW_HASH] == '!' || !*fields[SHADOW_HASH];
        if (hash || has_none)
            set(fields, SHADOW_HASH, hash ? hash : "*");
    }
}

static void replace(char **text, const GPtrArray *table)
{
    g_free(*text);
    *text = format(table);
}

static void update_gshadow(PifAccounts *accounts, const char *user, gboolean has_own_group)
{
    if (!accounts->gshadow)
        return;
    g_autoptr(GPtrArray) table = parse(accounts->gshadow);
    if (has_own_group && !find(table, user)) {
        g_autofree char *line = g_strdup_printf("%s:!::", user);
        g_ptr_array_add(table, g_strsplit(line, ":", -1));
    }
    join_groups(table, user);
    replace(&accounts->gshadow, table);
}

gboolean pif_accounts_ensure_user(PifAccounts *accounts, const char *user,
                                  const char *password_hash, const char *shell,
                                  PifAccount *ret_account, GError **error)
{
    if (!accounts->passwd || !accounts->shadow || !accounts->group)
        return pif_error_set(error, PIF_ERROR_CONFIG,
                             "the system on the card has no /etc/passwd, shadow and group");
    g_auto(PifAccount) account = {0};
    g_autoptr(GPtrArray) passwd = parse(accounts->passwd);
    g_autoptr(GPtrArray) shadow = parse(accounts->shadow);
    g_autoptr(GPtrArray) group = parse(accounts->group);
    char **fields = find(passwd, user);
    if (!(fields ? read_account(fields, &account, error)
                 : add_account(passwd, group, user, shell, &account, error)))
        return FALSE;
    set_password(shadow, user, password_hash);
    if (account.uid != 0)
        join_groups(group, user);
    replace(&accounts->passwd, passwd);
    replace(&accounts->shadow, shadow);
    replace(&accounts->group, group);
    if (account.uid != 0)
        update_gshadow(accounts, user, find(group, user) != NULL);
    *ret_account = account;
    account = (PifAccount){0};
    return TRUE;
}

static gboolean find_id(const char *text, const char *name, guint field, guint *ret_id)
{
    g_autoptr(GPtrArray) table = parse(text ? text : "");
    char **fields = find(table, name);
    return parse_id(name, ret_id) ||
           (fields && g_strv_length(fields) > field && parse_id(fields[field], ret_id));
}

gboolean pif_accounts_find_ids(const PifAccounts *accounts, const char *owner, const char *group,
                               guint *ret_uid, guint *ret_gid, GError **error)
{
    if (!find_id(accounts->passwd, owner, PASSWD_UID, ret_uid))
        return pif_error_set(error, PIF_ERROR_CONFIG, "the system on the card has no user '%s'",
                             owner);
    return find_id(accounts->group, group, GROUP_GID, ret_gid) ||
           pif_error_set(error, PIF_ERROR_CONFIG, "the system on the card has no group '%s'",
                         group);
}

static gboolean is_in(const char *path, const char *folder)
{
    gsize length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
}

gboolean pif_accounts_find_home(const PifAccounts *accounts, const char *path, guint *ret_uid,
                                guint *ret_gid)
{
    g_autoptr(GPtrArray) table = parse(accounts->passwd ? accounts->passwd : "");
    for (guint i = 0; i < table->len; i++) {
        g_auto(PifAccount) account = {0};
        char **fields = table->pdata[i];
        if (!read_account(fields, &account, NULL) || account.uid < FIRST_ID ||
            account.uid > LAST_ID || !account.home[1] || !is_in(path, account.home))
            continue;
        *ret_uid = account.uid;
        *ret_gid = account.gid;
        return TRUE;
    }
    return FALSE;
}
