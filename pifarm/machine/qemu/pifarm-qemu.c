// SPDX-License-Identifier: MIT
// qemu-system-aarch64 with the last -accel option instead of the first.
//
// libvirt 9.0 writes its own `-accel tcg` and puts the arguments of <qemu:commandline> behind it;
// QEMU takes the first -accel that works; and libvirt has no word for TCG's thread=. So this stands
// as <emulator> in the domain, drops every -accel but the last, and becomes QEMU. Without two of
// them (libvirt asking what QEMU can do) nothing changes.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "qemu-system-aarch64";

static bool is_accel(const char *argument)
{
    return strcmp(argument, "-accel") == 0 || strcmp(argument, "--accel") == 0;
}

static char **find_last_accel(char **argv)
{
    char **last = NULL;
    for (char **argument = argv; *argument; argument++)
        if (is_accel(*argument))
            last = argument;
    return last;
}

/* Every option that could be taken for another's value is two arguments: -accel and its value. */
static void drop_all_accels_but(char **last, char **argv)
{
    char **kept = argv;
    for (char **argument = argv; *argument; argument++) {
        if (is_accel(*argument) && argument != last && argument[1])
            argument++;
        else
            *kept++ = *argument;
    }
    *kept = NULL;
}

int main(int argc, char **argv)
{
    if (argc < 1)
        return 127;
    argv[0] = (char *)program;
    drop_all_accels_but(find_last_accel(argv), argv);
    execvp(program, argv);
    fprintf(stderr, "pifarm-qemu: cannot run %s: %s%s\n", program, strerror(errno),
            errno == ENOENT ? "; try: apt install qemu-system-arm" : "");
    return 127;
}
