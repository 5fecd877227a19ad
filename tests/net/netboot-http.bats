#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The HTTP server as clients of other people see it, and as strangers do.
load ../lib/common.bash
load ../lib/netboot.bash

setup() {
    network_up
    root_up
    in_client ip address add 10.9.0.2/24 dev nb1
    cd "$BATS_TEST_TMPDIR"
}

serve() { netbootd --interface nb0 --root "$ROOT" --http "$@"; }

# get FILE OPTION...: status and body's file "got", headers in "head".
get() {
    local file=$1
    shift
    in_client curl -s -D head -o got -w '%{http_code}' "$@" "http://10.9.0.1/$file"
}

# head_says LINE
head_says() { tr -d '\r' <./head | grep -qx "$1"; }

# talk TEXT: what the server says to that on a connection of its own, until it closes.
talk() { printf '%b' "$1" | in_client socat -t 5 - TCP:10.9.0.1:80,shut-none; }

@test "a file arrives whole, by several clients, and its length and version are told" {
    put kernel 3000001
    serve
    [ "$(get kernel)" = 200 ]
    cmp got "$ROOT/kernel"
    head_says 'Content-Length: 3000001'
    head_says 'Accept-Ranges: bytes'
    head_says "Last-Modified: $(LC_ALL=C date -u -r "$ROOT/kernel" '+%a, %d %b %Y %H:%M:%S GMT')"
    in_client busybox wget -q -O busybox http://10.9.0.1/kernel
    cmp busybox "$ROOT/kernel"
    in_client python3 -c 'import sys, urllib.request; open("python", "wb").write(urllib.request.urlopen(sys.argv[1]).read())' \
        http://10.9.0.1/kernel
    cmp python "$ROOT/kernel"
    event sent '.service == "http" and .status == 200 and .size == 3000001 and .mac == "b8:27:eb:64:24:7d"'
}

@test "HEAD tells the same as GET, without the file" {
    put kernel 5000
    serve
    [ "$(get kernel)" = 200 ]
    grep -v '^Date:' head >get.head
    [ "$(get kernel -I)" = 200 ]
    grep -v '^Date:' head | cmp - get.head
}

@test "parts of a file: from, to, the end, several, none" {
    put kernel 100000
    serve
    [ "$(get kernel -r 1000-1999)" = 206 ]
    head_says 'Content-Range: bytes 1000-1999/100000'
    tail -c +1001 "$ROOT/kernel" | head -c 1000 | cmp - got
    [ "$(get kernel -r 90000-)" = 206 ]
    tail -c 10000 "$ROOT/kernel" | cmp - got
    [ "$(get kernel -r -77)" = 206 ]
    tail -c 77 "$ROOT/kernel" | cmp - got
    [ "$(get kernel -r 0-0,5-9)" = 200 ]
    cmp got "$ROOT/kernel"
    [ "$(get kernel -r 100000-)" = 416 ]
    head_says 'Content-Range: bytes \*/100000'
    [ "$(get kernel -r 100000-,200000-)" = 416 ]
    # a download that was cut goes on
    head -c 40000 "$ROOT/kernel" >part
    in_client curl -s -C - -o part http://10.9.0.1/kernel
    cmp part "$ROOT/kernel"
}

@test "what a client has already is not sent again; what changed is" {
    put kernel 1000
    serve
    get kernel
    tag=$(sed -n 's/^ETag: \(.*\)\r/\1/p' head)
    date=$(sed -n 's/^Last-Modified: \(.*\)\r/\1/p' head)
    [ "$(get kernel -H "If-None-Match: $tag")" = 304 ]
    [ "$(get kernel -H "If-None-Match: \"x\", W/$tag")" = 304 ]
    [ "$(get kernel -H "If-Modified-Since: $date")" = 304 ]
    [ "$(get kernel -H "If-None-Match: \"x\"" -H "If-Modified-Since: $date")" = 200 ]
    [ "$(get kernel -r 5- -H "If-Range: $tag")" = 206 ]
    put kernel.new 2000
    mv "$ROOT/kernel.new" "$ROOT/kernel"
    [ "$(get kernel -H "If-None-Match: $tag")" = 200 ]
    [ "$(get kernel -r 5- -H "If-Range: $tag")" = 200 ]
    cmp got "$ROOT/kernel"
}

@test "one connection carries many requests, also one after the other without waiting" {
    put a 10
    put b 20
    serve
    in_client curl -s -o 1 http://10.9.0.1/a -o 2 http://10.9.0.1/nothing -o 3 http://10.9.0.1/b -w '%{num_connects}\n' >connects
    [ "$(tr -d '\n' <connects)" = 100 ]
    cmp 3 "$ROOT/b"
    talk 'GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >both
    [ "$(grep -ao 'HTTP/1.1 200' both | wc -l)" -eq 2 ]
    tail -c 20 both | cmp - "$ROOT/b"
}

@test "missing, outside, written to, not HTTP: each its status" {
    put inside 10
    put empty 0
    ln -s ../../../../../../etc/passwd "$ROOT/upwards"
    mkdir "$ROOT/folder"
    mkfifo -m 666 "$ROOT/fifo"
    serve
    [ "$(get nothing)" = 404 ]
    [ "$(get folder)" = 404 ]
    [ "$(get folder/)" = 404 ]
    [ "$(get '')" = 404 ]
    [ "$(get upwards)" = 403 ]
    [ "$(get fifo)" = 403 ]
    [ "$(get ../etc/passwd --path-as-is)" = 403 ]
    [ "$(get %2e%2e/etc/passwd --path-as-is)" = 403 ]
    [ "$(get empty)" = 200 ]
    [ "$(get inside -X PUT -d new)" = 405 ]
    head_says 'Allow: GET, HEAD'
    [ "$(get inside -X DELETE)" = 405 ]
    [ "$(get 'inside?version=2')" = 200 ]
    [ -z "$(talk 'what\r\n\r\n')" ]
    [[ $(talk 'GET /inside HTTP/1.1\r\n\r\n') == *' 400 '* ]]
}

@test "a head of more than 16 KiB is refused" {
    put file 10
    serve
    long=$(head -c 20000 /dev/zero | tr '\0' x)
    case $(get file -H "X-Long: $long") in 413 | 431) ;; *) false ;; esac
    [ "$(get file)" = 200 ]
}

@test "a node's own tree, by its MAC and by its serial" {
    put config.txt 10
    put B8-27-EB-64-24-7D/config.txt 20
    put 5564247d/start.elf 30
    serve
    [ "$(get config.txt)" = 200 ]
    cmp got "$ROOT/B8-27-EB-64-24-7D/config.txt"
    [ "$(get 5564247d/start.elf)" = 200 ]
    cmp got "$ROOT/5564247d/start.elf"
}

@test "a file that is cut while it is sent ends the connection short, at the latest when it is idle" {
    truncate -s 1G "$ROOT/disk"
    chmod a+r "$ROOT/disk"
    serve --http-timeout 2
    local status=0
    start_in_client curl -s --limit-rate 64M -o got http://10.9.0.1/disk
    until [ -s got ]; do :; done
    truncate -s 0 "$ROOT/disk"
    wait "$STARTED" || status=$?
    [ "$status" -eq 18 ] # of curl: a partial file
    put file 10
    [ "$(get file)" = 200 ]
}

@test "with --http-for-leases only those with an address from here get files" {
    put file 10
    serve --pxe --dhcp static --host b8:27:eb:64:24:7d=10.9.0.50 --http-for-leases
    [ "$(get file)" = 403 ]
    event refused '.status == 403 and .client == "10.9.0.2"'
    in_client busybox udhcpc -i nb1 -f -n -q -s /bin/true
    in_client ip address flush dev nb1
    in_client ip address add 10.9.0.50/24 dev nb1
    [ "$(get file)" = 200 ]
    event sent '.client == "10.9.0.50"'
}

@test "each service runs alone, or those that are named" {
    put file 10
    serve
    run in_client curl -s -m 2 tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    [ "$(get file)" = 200 ]
    stop_netbootd
    netbootd --interface nb0 --root "$ROOT" --tftp
    in_client curl -s -o got tftp://10.9.0.1/file
    fails_with 7 in_client curl -s http://10.9.0.1/file
    stop_netbootd
    netbootd --interface nb0 --root "$ROOT" -t -H
    in_client curl -s -o got tftp://10.9.0.1/file
    [ "$(get file)" = 200 ]
    stop_netbootd
    netbootd --interface nb0 --root "$ROOT" --dhcp 10.9.0.100-10.9.0.101 -p
    fails_with 7 in_client curl -s http://10.9.0.1/file
    run in_client curl -s -m 2 tftp://10.9.0.1/file
    [ "$status" -ne 0 ]
    in_client busybox udhcpc -i nb1 -f -n -q -s /bin/true
    fails_with 2 pifarm-netbootd --pxe --root "$ROOT"
    says '--pxe wants --dhcp'
    fails_with 2 pifarm-netbootd --interface nb0 --dhcp 10.9.0.100-10.9.0.101 --http
    says '--http wants --root'
}

@test "a taken port is told" {
    serve
    fails_with 7 pifarm-netbootd --interface nb0 --root "$ROOT" --http
    says 'cannot serve HTTP on 0.0.0.0 port 80: Address already in use'
}

# connections SCRIPT...: a Python script with connect(), which gives a new connection.
connections() {
    in_client python3 -c "
import socket, sys, time
def connect():
    connection = socket.create_connection(('10.9.0.1', 80), timeout=20)
    return connection
$1"
}

@test "requests that never end, answers that nobody fetches, and idle connections are ended" {
    truncate -s 64M "$ROOT/disk"
    chmod a+r "$ROOT/disk"
    put file 10
    serve --http-timeout 2
    # a byte of the head now and then; an answer a byte at a time; nothing at all
    connections '
slow, reader, idle = connect(), connect(), connect()
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
reader.sendall(b"GET /disk HTTP/1.1\r\nHost: x\r\n\r\n")
slow.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n")
over = set()
for turn in range(200):
    time.sleep(0.1)
    for connection in {slow, reader, idle} - over:
        try:
            if connection is slow:
                connection.sendall(b"X")
            if connection is reader:
                if len(connection.recv(10)) == 0: raise OSError
            else:
                connection.setblocking(False)
                if connection.recv(1) == b"": raise OSError
        except BlockingIOError:
            pass
        except OSError:
            over.add(connection)
    if slow in over and idle in over: break
assert slow in over and idle in over
'
    event failed '.file == "/disk" and .message == null'
    [ "$(get file)" = 200 ]
}

@test "no client gets more than its share of connections, and others are served meanwhile" {
    put file 10
    serve
    in_client ip address add 10.9.0.3/24 dev nb1
    connections '
held = [connect() for i in range(200)]
print("held", flush=True)
sys.stdin.read()' 3>&- < <(sleep 20) >held &
    cleanup kill $!
    until grep -q held held; do :; done
    [ "$(get file --interface 10.9.0.3)" = 200 ]
    fds=("/proc/$NETBOOTD/fd/"*)
    [ "${#fds[@]}" -lt 100 ]
}

@test "10,000 malformed requests later it still serves" {
    put file 1000
    serve
    printf 'GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-5,-3\r\nIf-None-Match: "a", W/"b"\r\nContent-Length: 5\r\n\r\nhello' >good
    # most of them whole, for them to be answered; some cut, and closed
    connections '
import random
good = open("good", "rb").read()
for i in range(10000):
    bad = bytearray(good[: random.randrange(len(good) + 1)])
    for k in range(random.randrange(6) if bad else 0):
        bad[random.randrange(len(bad))] = random.randrange(256)
    try:
        with connect() as connection:
            connection.settimeout(0.05)
            connection.sendall(bad + (b"\r\n\r\n" if i % 200 else b""))
            connection.recv(4096)
    except OSError:
        pass
'
    [ "$(get file)" = 200 ]
    cmp got "$ROOT/file"
    kill -0 "$NETBOOTD"
}
