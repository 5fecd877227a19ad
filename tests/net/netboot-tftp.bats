#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The TFTP server as clients of other people see it, and as strangers do.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    root_up
    in_client ip address add 10.9.0.2/24 dev nb1
    cd "$BATS_TEST_TMPDIR"
}

serve() { netbootd --interface nb0 --root "$ROOT" "$@"; }

# say HEX [PORT]: one datagram to the server from a client's port, and what comes back in 0.3 s, as hex.
say() {
    printf '%b' "\\x${1// /\\x}" |
        in_client socat -t 0.3 -T 0.3 - "UDP4-DATAGRAM:10.9.0.1:69,bind=10.9.0.2:${2:-40000}" | od -An -tx1 -v | tr -d ' \n'
}

# ask_without_answering FILE: all that is sent in one second.
ask_without_answering() {
    { printf '\0\1%s\0octet\0' "$1" && sleep 1; } |
        in_client socat -t 0 - "UDP4-DATAGRAM:10.9.0.1:69,bind=10.9.0.2:40000"
}

@test "tftp-hpa, atftp, curl and busybox get what is there, byte by byte" {
    put kernel 3000001
    serve
    in_client tftp -m binary 10.9.0.1 -c get kernel hpa
    in_client atftp --get --remote-file kernel --local-file atftp 10.9.0.1
    in_client atftp --option 'blksize 1428' --option 'windowsize 8' --get -r kernel -l window 10.9.0.1
    in_client curl -s -o curl --tftp-blksize 1468 tftp://10.9.0.1/kernel
    in_client curl -s -o plain --tftp-no-options tftp://10.9.0.1/kernel
    in_client busybox tftp -b 1024 -g -r kernel -l busybox 10.9.0.1
    for copy in hpa atftp window curl plain busybox; do cmp "$copy" "$ROOT/kernel"; done
    [ "$(jq -s 'map(select(.event == "sent")) | length' "$EVENTS")" -eq 6 ]
    event sent '.windowsize == 8 and .blksize == 1428'
    event sent '.blksize == 1468 and .path == "kernel" and .size == 3000001 and .resent == 0'
}

@test "an empty file, one of a whole block, and a missing one" {
    put empty 0
    put block 512
    serve
    for file in empty block; do
        in_client curl -s -o "$file" --tftp-no-options "tftp://10.9.0.1/$file"
        cmp "$file" "$ROOT/$file"
    done
    fails_with 68 in_client curl -s tftp://10.9.0.1/nothing
    event missing '.file == "nothing" and .client == "10.9.0.2"'
}

@test "a file of 40 MiB in blocks of 512 bytes goes past block 65535" {
    put large $((40 << 20))
    serve
    in_client curl -s -o large --tftp-blksize 512 tftp://10.9.0.1/large
    cmp large "$ROOT/large"
}

# ask_for_all COUNT: a request from each of so many ports, answered by an ACK of the OACK, and then no more.
ask_for_all() {
    python3 -c '
import socket, sys
count = int(sys.argv[1])
held = []
for i in range(count):
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.settimeout(5)
    port.bind(("10.9.0.%d" % (2 + i % 5), 0))
    port.sendto(b"\0\1" + b"\0".join([b"kernel", b"octet", b"tsize", b"0", b"timeout", b"200", b"windowsize", b"64", b""]), ("10.9.0.1", 69))
    oack, server = port.recvfrom(2000)
    assert oack[:2] == b"\0\6"
    port.sendto(b"\0\4\0\0", server)
    held.append(port)
print("open", flush=True)
sys.stdin.read()' "$1"
}

@test "1,000 open transfers take less than 64 MiB, and others are served meanwhile" {
    put kernel $((30 << 20))
    put file 10
    serve
    for i in 3 4 5 6; do in_client ip address add "10.9.0.$i/24" dev nb1; done
    mkfifo hold
    in_client ask_for_all 1000 <hold >state 3>&- &
    cleanup kill $!
    exec 9>hold
    until grep -q open state; do kill -0 $!; done
    in_client curl -s -o file tftp://10.9.0.1/file
    cmp file "$ROOT/file"
    fds=("/proc/$NETBOOTD/fd/"*)
    [ "${#fds[@]}" -gt 900 ]
    # what is its own, and not pages of the file that all share
    awk '/^RssAnon|^RssShmem/ { kib += $2 } END { exit kib >= 65536 }' "/proc/$NETBOOTD/status"
    exec 9>&-
}

@test "a node has files of its own by MAC, then by serial, then those of all" {
    put config.txt 10
    put 5564247d/config.txt 20
    put 5564247d/start.elf 30
    put b8-27-eb-64-24-7d/config.txt 40
    serve
    in_client curl -s -o 1 tftp://10.9.0.1/config.txt
    cmp 1 "$ROOT/b8-27-eb-64-24-7d/config.txt"
    in_client curl -s -o 2 tftp://10.9.0.1/5564247d/start.elf
    cmp 2 "$ROOT/5564247d/start.elf"
    event sent '.mac == "b8:27:eb:64:24:7d" and .path == "5564247d/start.elf"'
    rm -r "$ROOT/b8-27-eb-64-24-7d" "$ROOT/5564247d"
    in_client curl -s -o 3 tftp://10.9.0.1/5564247d/config.txt
    cmp 3 "$ROOT/config.txt"
}

@test "nothing outside of the root is served, by dots or by links" {
    put inside 10
    echo secret >"$BATS_TEST_TMPDIR/secret"
    ln -s "$BATS_TEST_TMPDIR/secret" "$ROOT/absolute"
    ln -s ../../../../../../etc/passwd "$ROOT/upwards"
    ln -s inside "$ROOT/link"
    mkfifo -m 666 "$ROOT/fifo"
    mkdir "$ROOT/folder"
    serve
    for file in absolute upwards ../../etc/passwd a/../../etc/passwd fifo folder ''; do
        run in_client curl -s --path-as-is -m 5 "tftp://10.9.0.1/$file"
        [ "$status" -ne 0 ]
        [ -z "$output" ]
    done
    in_client curl -s -o link tftp://10.9.0.1/link
    cmp link "$ROOT/inside"
    event refused '.file == "absolute"'
}

@test "the ROM's first two requests are answered as it expects" {
    put bootcode.bin 600
    serve
    # 00 03 00 01 and 512 bytes
    answer=$(say '00 01 62 6f 6f 74 63 6f 64 65 2e 62 69 6e 00 6f 63 74 65 74 00' 49153)
    [ "${answer:0:1032}" = "00030001$(head -c 512 "$ROOT/bootcode.bin" | od -An -tx1 -v | tr -d ' \n')" ]
    answer=$(say '00 01 62 6f 6f 74 73 69 67 2e 62 69 6e 00 6f 63 74 65 74 00' 49154)
    [ "${answer:0:8}" = 00050001 ]
}

@test "the same port may ask for another file at once" {
    put bootcode.bin 600
    put start.elf 700
    serve
    say '00 01 62 6f 6f 74 63 6f 64 65 2e 62 69 6e 00 6f 63 74 65 74 00' 49153
    answer=$(say '00 01 73 74 61 72 74 2e 65 6c 66 00 6f 63 74 65 74 00 74 73 69 7a 65 00 30 00' 49153)
    [ "${answer:0:24}" = 00067473697a650037303000 ]
    event failed '.file == "bootcode.bin"'
}

@test "netascii, mail and writing are refused with a reason" {
    put file 10
    serve
    answer=$(say '00 01 66 69 6c 65 00 6e 65 74 61 73 63 69 69 00')
    [ "${answer:0:8}" = 00050004 ]
    answer=$(say '00 02 66 69 6c 65 00 6f 63 74 65 74 00')
    [ "${answer:0:8}" = 00050002 ]
    echo new >new
    run in_client curl -s -T new tftp://10.9.0.1/new
    [ "$status" -ne 0 ]
    [ ! -e "$ROOT/new" ]
}

@test "what is no request is not answered" {
    serve
    for bytes in '00' '00 01' '00 01 66' '00 03 00 01' '00 04 00 00' '00 05 00 00 00' '00 06 00' 'ff ff ff ff'; do
        [ -z "$(say "$bytes")" ]
    done
}

@test "a file replaced during a transfer is sent as it was; one that is cut ends it with an error" {
    put kernel 30000
    cp "$ROOT/kernel" old
    serve
    # the first block, then the same after 250 ms without an answer
    ask_without_answering kernel >blocks &
    until [ -s blocks ]; do :; done
    put kernel.new 100
    mv "$ROOT/kernel.new" "$ROOT/kernel"
    wait $!
    head -c 512 old | cmp - <(tail -c 512 blocks)
    [ "$(wc -c <blocks)" -gt 516 ]
    put kernel 30000
    ask_without_answering kernel >shorter &
    until [ -s shorter ]; do :; done
    truncate -s 0 "$ROOT/kernel"
    wait $!
    grep -qa 'the file became shorter' shorter
    event failed '.message == "the file became shorter while it was sent"'
    put kernel 10
    in_client curl -s -o after tftp://10.9.0.1/kernel
    cmp after "$ROOT/kernel"
}

@test "there is a limit to open transfers, and they end when their clients are silent" {
    put file 1000
    serve --max-transfers 3
    for port in 40001 40002 40003; do say '00 01 66 69 6c 65 00 6f 63 74 65 74 00' "$port" >/dev/null; done
    event failed '.message == "the client closed its port"'
    in_client curl -s -o file tftp://10.9.0.1/file
    cmp file "$ROOT/file"
}

@test "10,000 malformed datagrams later it still serves" {
    put file 1000
    serve
    in_client malformed 10.9.0.1 69 "$PIFARM_SOURCE/tests/data/fuzz-tftp/options"
    in_client curl -s -o file tftp://10.9.0.1/file
    cmp file "$ROOT/file"
    fds=("/proc/$NETBOOTD/fd/"*)
    [ "${#fds[@]}" -lt 20 ]
}

@test "it has given up root, its files but the root, and all other system calls" {
    serve
    grep -q '^Uid:.65534.65534.65534.65534$' "/proc/$NETBOOTD/status"
    grep -q '^CapEff:.0000000000000000$' "/proc/$NETBOOTD/status"
    grep -q '^Seccomp:.2$' "/proc/$NETBOOTD/status"
    [ "$(readlink "/proc/$NETBOOTD/root")" = "$ROOT" ]
}

@test "a taken port, a missing interface and a missing folder are told apart" {
    serve
    fails_with 7 pifarm-netbootd --interface nb0 --root "$ROOT"
    says 'cannot serve TFTP on 0.0.0.0 port 69: Address already in use'
    fails_with 4 pifarm-netbootd --interface nosuch0 --root "$ROOT"
    says "there is no network interface 'nosuch0'"
    fails_with 4 pifarm-netbootd --interface nb0 --root "$ROOT/nothing"
    says "$ROOT/nothing"
    fails_with 2 pifarm-netbootd
    says '--root'
}
