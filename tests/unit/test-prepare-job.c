// SPDX-License-Identifier: MIT
// The pure parts of a preparation: specification, job, recipe, accounts, command line.
#include "images/card/command-line.h"
#include "images/prepare/accounts.h"
#include "images/prepare/prepare-job.h"
#include "pifarm/base/error.h"

#include <string.h>

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@host"
#define HASH "$6$salt$abcDEF./0"

static const PifPrepareSpec whole = {
    .size = 1,
    .hostname = "n1",
    .user = "pi",
    .password_hash = HASH,
    .ssh_keys =
        (char *[]){(char *)"# mine\n" KEY "\n\n", (char *)"sk-ssh-ed25519@openssh.com AAAA", NULL},
    .enable_ssh = TRUE,
};

static PifPrepareJob *there_and_back(const PifPrepareSpec *spec, const char *disk)
{
    PifPrepareJob *read = NULL;
    g_autoptr(GError) error = NULL;
    PifPrepareJob job = {.disk = (char *)disk, .is_accelerated = TRUE, .must_grow = TRUE};
    job.plan = pif_prepare_plan(spec, &error);
    g_assert_no_error(error);
    g_autofree char *text = pif_prepare_job_format(&job);
    g_assert_null(strchr(text, '\n'));
    g_assert_true(pif_prepare_job_parse(text, &read, &error));
    g_assert_no_error(error);
    json_decref(job.plan);
    return read;
}

static void a_job_survives_its_way_to_the_worker(void)
{
    g_autoptr(PifPrepareJob) job = there_and_back(&whole, "/a disk");
    g_auto(GStrv) lines = pif_prepare_job_lines(job, "ssh-keys");
    g_autofree char *keys = g_strjoinv("|", lines);
    g_assert_cmpstr(job->disk, ==, "/a disk");
    g_assert_true(job->is_accelerated);
    g_assert_true(job->must_grow);
    g_assert_cmpstr(pif_prepare_job_text(job, "hostname"), ==, "n1");
    g_assert_cmpstr(pif_prepare_job_text(job, "user"), ==, "pi");
    g_assert_cmpstr(pif_prepare_job_text(job, "password-hash"), ==, HASH);
    g_assert_cmpstr(keys, ==, KEY "|sk-ssh-ed25519@openssh.com AAAA");
    g_assert_true(pif_prepare_job_has(job, "ssh-enable"));
}

static void a_job_of_nothing_has_no_values(void)
{
    g_autoptr(PifPrepareJob) job = there_and_back(&(PifPrepareSpec){0}, NULL);
    g_assert_null(job->disk);
    for (const PifPrepareField *field = pif_prepare_fields; field->key; field++)
        g_assert_false(pif_prepare_job_has(job, field->key));
}

static void a_job_that_is_none_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    PifPrepareJob *job = NULL;
    g_assert_false(pif_prepare_job_parse("{\"disk\": 1}", &job, &error));
    g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
    g_assert_null(job);
}

static PifPrepareLine say(const PifPrepareLine *line)
{
    g_autoptr(GError) error = NULL;
    PifPrepareLine heard = {0};
    g_autofree char *text = pif_prepare_line_format(line);
    g_assert_true(pif_prepare_line_parse(text, &heard, &error));
    g_assert_no_error(error);
    return heard;
}

static void what_the_worker_says_is_understood(void)
{
    g_autoptr(GError) failure = g_error_new(PIF_ERROR, PIF_ERROR_CONFIG, "step 'grow': \"no\"");
    g_auto(PifPrepareLine) step =
        say(&(PifPrepareLine){PIF_PREPARE_STEP, (char *)"grow", (char *)"growing", NULL});
    g_auto(PifPrepareLine) done = say(&(PifPrepareLine){PIF_PREPARE_DONE, NULL, NULL, NULL});
    g_auto(PifPrepareLine) error = say(&(PifPrepareLine){PIF_PREPARE_ERROR, NULL, NULL, failure});
    g_assert_cmpint(step.says, ==, PIF_PREPARE_STEP);
    g_assert_cmpstr(step.step, ==, "grow");
    g_assert_cmpstr(step.text, ==, "growing");
    g_assert_cmpint(done.says, ==, PIF_PREPARE_DONE);
    g_assert_cmpint(error.says, ==, PIF_PREPARE_ERROR);
    g_assert_error(error.error, PIF_ERROR, PIF_ERROR_CONFIG);
    g_assert_cmpstr(error.error->message, ==, "step 'grow': \"no\"");
}

static void what_is_no_line_of_the_worker_is_an_error(void)
{
    static const char *const lines[] = {
        "",    "supermin: hello",      "{}",
        "[1]", "{\"step\": \"grow\"}", "{\"error\": \"unheard-of\", \"message\": \"\"}"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        PifPrepareLine line = {0};
        g_assert_false(pif_prepare_line_parse(lines[i], &line, &error));
        g_assert_error(error, PIF_ERROR, PIF_ERROR_EXTERNAL);
    }
}

typedef struct {
    const char *name; /* a sentence */
    PifPrepareSpec spec;
    const char *message; /* part of the error; NULL: all is well */
} SpecCase;

#define KEYS(...)                                                                                  \
    .ssh_keys = (char *[])                                                                         \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const SpecCase spec_cases[] = {
    {"nothing wanted is fine", {0}, NULL},
    {"a host name has no dots", {.hostname = "n1.lab"}, "'n1.lab' is no host name"},
    {"a host name does not end with a dash", {.hostname = "n1-"}, "'n1-' is no host name"},
    {"a host name is one line", {.hostname = "n1\n"}, "is no host name"},
    {"a user name has no colon", {.user = "pi:0"}, "'pi:0' is no user name"},
    {"a user name does not begin with a digit", {.user = "1pi"}, "'1pi' is no user name"},
    {"a password is not taken for its hash",
     {.user = "pi", .password_hash = "raspberry"},
     "that is no password hash (it is not shown here): a hash as `openssl passwd -6` prints it"},
    {"a hash has no colon", {.user = "pi", .password_hash = "$6$a:0:"}, "is no password hash"},
    {"yescrypt is a hash too",
     {.user = "pi", .password_hash = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9Sq"},
     NULL},
    {"a password needs a user", {.password_hash = HASH}, "of no use without 'user'"},
    {"a key needs a user", {KEYS((char *)KEY)}, "of no use without 'user'"},
    {"a private key is no public key",
     {.user = "pi", KEYS((char *)"-----BEGIN OPENSSH PRIVATE KEY-----\nabc")},
     "is no SSH public key"},
    {"a path is no public key",
     {.user = "pi", KEYS((char *)"~/.ssh/id.pub")},
     "'~/.ssh/id.pub' is no SSH public key"},
};

static void check_spec(gconstpointer data)
{
    const SpecCase *row = data;
    g_autoptr(GError) error = NULL;
    gboolean is_ok = pif_prepare_spec_check(&row->spec, &error);
    g_assert_true(is_ok == (row->message == NULL));
    if (row->message)
        g_assert_error(error, PIF_ERROR, PIF_ERROR_USAGE);
    if (row->message && !strstr(error->message, row->message))
        g_error("expected '%s' in: %s", row->message, error->message);
}

static char *recipe_of(const char *base, PifPrepareSpec spec)
{
    PifImage image = {.sha256 = (char *)base, .size = 1 << 20};
    return pif_prepare_recipe(&image, &spec, NULL);
}

static void a_recipe_changes_with_all_that_it_is_of(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    PifPrepareSpec specs[] = {
        whole,
        {.size = 1},
        {.size = 2 << 20},
        {.size = 1, .hostname = "n1"},
        {.size = 1, .user = "n1"},
        {.size = 1, .user = "n1", .password_hash = HASH},
        {.size = 1, .user = "n1", KEYS((char *)KEY)},
        {.size = 1, .enable_ssh = TRUE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(specs); i++)
        g_assert_true(g_hash_table_add(seen, recipe_of("a", specs[i])));
    g_assert_true(g_hash_table_add(seen, recipe_of("b", specs[0])));
}

static void a_recipe_does_not_change_with_what_makes_no_difference(void)
{
    PifPrepareSpec other = whole;
    other.size = 1 << 20; /* what the base is rounded to anyway */
    other.ssh_keys = (char *[]){(char *)KEY, (char *)"sk-ssh-ed25519@openssh.com AAAA", NULL};
    g_autofree char *recipe = recipe_of("a", whole);
    g_autofree char *same = recipe_of("a", other);
    g_assert_cmpstr(recipe, ==, same);
    g_assert_cmpuint(strlen(recipe), ==, 64);
}

typedef struct {
    const char *name; /* a sentence */
    const char *user;
    const char *hash;
    const char *before; /* passwd, shadow, group, gshadow, separated by = */
    const char *after;  /* the same and "uid gid home new|old"; or the error */
} AccountCase;

#define ROOT "root:x:0:0:root:/root:/bin/sh\n"

static const AccountCase account_cases[] = {
    {"a missing user is made and joins the groups that there are", "ann", HASH,
     ROOT "=root:*:1::::::\n=root:x:0:\nsudo:x:27:joe\nvideo:x:44:\nwheel:x:9:\n=sudo:*::joe\n",
     ROOT "ann:x:1000:1000::/home/ann:/bin/sh\n=root:*:1::::::\nann:" HASH ":::::::\n="
          "root:x:0:\nsudo:x:27:joe,ann\nvideo:x:44:ann\nwheel:x:9:\nann:x:1000:\n="
          "sudo:*::joe,ann\nann:!::\n=1000 1000 /home/ann new"},
    {"a user without a password logs in by key only", "ann", NULL, "=\n=\n=",
     "ann:x:1000:1000::/home/ann:/bin/sh\n=ann:*:::::::\n=ann:x:1000:\n=ann:!::\n="
     "1000 1000 /home/ann new"},
    {"IDs in use are left alone", "ann", NULL,
     "pi:x:1000:1000::/home/pi:/bin/sh\n=pi:!::\n=pi:x:1000:\nbig:x:1001:\n=-",
     "pi:x:1000:1000::/home/pi:/bin/sh\nann:x:1001:1002::/home/ann:/bin/sh\n=pi:!::\n"
     "ann:*:::::::\n=pi:x:1000:\nbig:x:1001:\nann:x:1002:\n=-=1001 1002 /home/ann new"},
    {"a user that is there keeps ID, home, shell and password", "pi", NULL,
     "pi:x:7:8:Pi,,,:/srv/pi:/bin/zsh\n=pi:$y$old:19000:0:99999:7:::\n=pi:x:8:\n=-",
     "pi:x:7:8:Pi,,,:/srv/pi:/bin/zsh\n=pi:$y$old:19000:0:99999:7:::\n=pi:x:8:\n=-=7 8 /srv/pi "
     "old"},
    {"a locked user is opened for keys", "pi", NULL,
     "pi:x:7:8::/home/pi:/bin/sh\n=pi:!:19000::::::\n=pi:x:8:\n=-",
     "pi:x:7:8::/home/pi:/bin/sh\n=pi:*:19000::::::\n=pi:x:8:\n=-=7 8 /home/pi old"},
    {"a user gets a new password", "pi", HASH,
     "pi:x:7:8::/home/pi:/bin/sh\n=pi:old:19000::::::\n=pi:x:8:\nusers:x:100:pi\n=-",
     "pi:x:7:8::/home/pi:/bin/sh\n=pi:" HASH ":19000::::::\n=pi:x:8:\nusers:x:100:pi\n=-="
     "7 8 /home/pi old"},
    {"root joins no groups", "root", HASH, ROOT "=root:*:1::::::\n=root:x:0:\nsudo:x:27:\n=-",
     ROOT "=root:" HASH ":1::::::\n=root:x:0:\nsudo:x:27:\n=-=0 0 /root old"},
    {"a group of the user's name is his", "ann", NULL, "=\n=ann:x:500:\n=-",
     "ann:x:1000:500::/home/ann:/bin/sh\n=ann:*:::::::\n=ann:x:500:\n=-=1000 500 /home/ann "
     "new"},
    {"a system without users is refused", "ann", NULL, "-=-=-=-",
     "the system on the card has no /etc/passwd, shadow and group"},
    {"a damaged line is refused", "pi", NULL, "pi:x:7\n=\n=\n=-",
     "/etc/passwd: a damaged line for 'pi'"},
};

static char *file_of(const char *text)
{
    return g_str_equal(text, "-") ? NULL : g_strdup(text);
}

static const char *text_of(const char *file)
{
    return file ? file : "-";
}

static void check_account(gconstpointer data)
{
    const AccountCase *row = data;
    g_autoptr(GError) error = NULL;
    g_auto(PifAccount) account = {0};
    g_auto(GStrv) files = g_strsplit(row->before, "=", -1);
    g_auto(PifAccounts) accounts = {
        file_of(files[0]),
        file_of(files[1]),
        file_of(files[2]),
        file_of(files[3]),
    };
    g_autofree char *after = NULL;
    if (pif_accounts_ensure_user(&accounts, row->user, row->hash, "/bin/sh", &account, &error))
        after = g_strdup_printf("%s=%s=%s=%s=%u %u %s %s", text_of(accounts.passwd),
                                text_of(accounts.shadow), text_of(accounts.group),
                                text_of(accounts.gshadow), account.uid, account.gid, account.home,
                                account.is_new ? "new" : "old");
    else
        after = g_strdup(error->message);
    g_assert_cmpstr(after, ==, row->after);
}

static void the_words_of_the_first_boot_go_and_the_rest_stays(void)
{
    static const char *const lines[][2] = {
        {"console=serial0,115200 root=PARTUUID=1-02 rootwait quiet "
         "init=/usr/lib/raspberrypi-sys-mods/firstboot\n",
         "console=serial0,115200 root=PARTUUID=1-02 rootwait quiet\n"},
        {"rootwait resize\n", "rootwait\n"},
        {"quiet init=/usr/lib/raspi-config/init_resize.sh  splash\n", "quiet  splash\n"},
        {"firstboot=1 noresize  resize=x\n", "firstboot=1 noresize  resize=x\n"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *after = pif_command_line_drop_first_boot(lines[i][0]);
        g_assert_cmpstr(after, ==, lines[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/prepare/" #name, name)
    TEST(a_job_survives_its_way_to_the_worker);
    TEST(a_job_of_nothing_has_no_values);
    TEST(a_job_that_is_none_is_refused);
    TEST(what_the_worker_says_is_understood);
    TEST(what_is_no_line_of_the_worker_is_an_error);
    TEST(a_recipe_changes_with_all_that_it_is_of);
    TEST(a_recipe_does_not_change_with_what_makes_no_difference);
    TEST(the_words_of_the_first_boot_go_and_the_rest_stays);
    for (size_t i = 0; i < G_N_ELEMENTS(spec_cases); i++) {
        g_autofree char *path = g_strconcat("/spec/", spec_cases[i].name, NULL);
        g_test_add_data_func(path, &spec_cases[i], check_spec);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(account_cases); i++) {
        g_autofree char *path = g_strconcat("/accounts/", account_cases[i].name, NULL);
        g_test_add_data_func(path, &account_cases[i], check_account);
    }
    return g_test_run();
}
