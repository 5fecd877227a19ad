// SPDX-License-Identifier: MIT
// A pseudo terminal of the namespace, so that job control and tty(1) work in it.
#include "images/root/worker/namespace.h"

#include "pifarm/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

void pif_terminal_clear(PifTerminal *terminal)
{
    pif_fd_clear(&terminal->master);
    pif_fd_clear(&terminal->slave);
}

gboolean pif_terminal_open(PifTerminal *terminal, GError **error)
{
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->master < 0 || unlockpt(terminal->master) < 0)
        return pif_error_set_errno(error, errno, "cannot make a terminal in the image");
    terminal->slave = ioctl(terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->slave < 0)
        return pif_error_set_errno(error, errno, "cannot open a terminal in the image");
    pif_terminal_resize(terminal);
    return TRUE;
}

void pif_terminal_resize(const PifTerminal *terminal)
{
    struct winsize size;
    if (ioctl(PIF_ROOT_INPUT_FD, TIOCGWINSZ, &size) == 0)
        ioctl(terminal->master, TIOCSWINSZ, &size);
}

static gboolean write_all(int fd, const char *bytes, ssize_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, (size_t)size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        bytes += written;
        size -= written;
    }
    return TRUE;
}

static gboolean move(int from, int to)
{
    char bytes[4096];
    ssize_t size = read(from, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return TRUE;
    return size > 0 && write_all(to, bytes, size);
}

gboolean pif_terminal_pass(PifTerminal *terminal, int signals)
{
    struct pollfd fds[] = {
        {.fd = signals, .events = POLLIN},
        {.fd = terminal->master, .events = POLLIN}, /* -1 is passed over */
        {.fd = terminal->master >= 0 ? PIF_ROOT_INPUT_FD : -1, .events = POLLIN},
    };
    if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
        return TRUE;
    if (fds[1].revents && !move(terminal->master, STDOUT_FILENO))
        return FALSE;
    return !fds[2].revents || move(PIF_ROOT_INPUT_FD, terminal->master);
}

void pif_terminal_drain(PifTerminal *terminal)
{
    if (terminal->master < 0)
        return;
    struct pollfd output = {.fd = terminal->master, .events = POLLIN};
    while (poll(&output, 1, 0) > 0 && (output.revents & POLLIN))
        if (!move(terminal->master, STDOUT_FILENO))
            return;
}
