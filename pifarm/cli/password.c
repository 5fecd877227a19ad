// SPDX-License-Identifier: MIT
// Passwords by crypt(3).
#include "pifarm/cli/password.h"

#include "pifarm/base/error.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { MAX_PASSWORD = 512 };

/* Length, or -1. */
static ssize_t read_line(char *line, size_t size)
{
    size_t length = 0;
    char next = '\0';
    for (ssize_t got; length + 1 < size; line[length++] = next) {
        got = read(STDIN_FILENO, &next, 1);
        if (got < 0)
            return -1;
        if (got == 0 || next == '\n')
            break;
    }
    line[length] = '\0';
    return (ssize_t)length;
}

static ssize_t read_silently(char *line, size_t size)
{
    struct termios before;
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return read_line(line, size);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* Ctrl-C must not leave the terminal mute */
    fputs("Password: ", stderr);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    ssize_t length = read_line(line, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return length;
}

static gboolean check_password(const char *password, ssize_t length, GError **error)
{
    if (length == 0)
        return pif_error_set(error, PIF_ERROR_USAGE, "the password on standard input is empty");
    if (length == MAX_PASSWORD - 1)
        return pif_error_set(error, PIF_ERROR_USAGE, "a password of %d bytes or more is refused",
                             MAX_PASSWORD - 1);
    for (const char *c = password; *c; c++)
        if (g_ascii_iscntrl(*c))
            return pif_error_set(error, PIF_ERROR_USAGE,
                                 "the password has a control character in it");
    return TRUE;
}

static gboolean hash_password(const char *password, char **ret_hash, GError **error)
{
    g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash = NULL;
    if (crypt_gensalt_rn("$6$", 0, NULL, 0, setting, sizeof setting))
        hash = crypt_rn(password, setting, data, sizeof *data);
    if (!hash)
        return pif_error_set_errno(error, errno, "cannot hash the password");
    *ret_hash = g_strdup(hash);
    explicit_bzero(data, sizeof *data);
    return TRUE;
}

gboolean pif_password_read_hash(char **ret_hash, GError **error)
{
    char password[MAX_PASSWORD];
    ssize_t length = read_silently(password, sizeof password);
    if (length < 0)
        return pif_error_set_errno(error, errno, "cannot read the password");
    gboolean is_ok =
        check_password(password, length, error) && hash_password(password, ret_hash, error);
    explicit_bzero(password, sizeof password);
    return is_ok;
}
