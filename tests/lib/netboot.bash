# SPDX-License-Identifier: MIT
# For tests of the netboot server: a veth pair to a client's network namespace, a served folder, events.
# shellcheck disable=SC2034 # the tests use what is set here

# network_up: the test's side is nb0 with 10.9.0.1/24, the client's nb1 with 10.9.0.2/24.
network_up() {
    [ "$(id -u)" -eq 0 ] || require root false
    unshare --net sleep infinity 3>&- &
    CLIENT=$!
    cleanup kill "$CLIENT"
    until [ "$(readlink "/proc/$CLIENT/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do :; done
    cleanup ip link del nb0
    cable_up
    in_client ip link set lo up
}

# cable_up: nb0 and nb1, also after `ip link del nb0`.
cable_up() {
    ip link add nb0 address b8:27:eb:00:00:01 type veth peer name nb1 address b8:27:eb:64:24:7d netns "$CLIENT"
    ip address add 10.9.0.1/24 dev nb0
    ip link set nb0 up
    in_client ip link set nb1 up
}

# malformed ADDRESS PORT FILE: 10,000 datagrams, each the file's bytes cut somewhere and with some of them changed.
malformed() {
    python3 -c '
import random, socket, sys
address, port, name = sys.argv[1:]
good = open(name, "rb").read()
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(10000):
    bad = bytearray(good[: random.randrange(len(good) + 1)])
    for k in range(random.randrange(4) if bad else 0):
        bad[random.randrange(len(bad))] = random.randrange(256)
    try:
        out.sendto(bad, (address, int(port)))
    except OSError:
        pass' "$@"
}

in_client() {
    if [ "$(type -t "$1")" = function ]; then
        # shellcheck disable=SC2016 # expanded by the inner shell
        nsenter -t "$CLIENT" -n bash -c "$(declare -f "$1")"'; "$@"' bash "$@"
    else
        nsenter -t "$CLIENT" -n "$@"
    fi
}

# start_in_client COMMAND...: in the background, until the test ends; its process is $STARTED. No shell stands
# between, which would be all that a kill meets.
start_in_client() {
    nsenter -t "$CLIENT" -n "$@" 3>&- &
    STARTED=$!
    cleanup kill "$STARTED"
}

# root_up: a folder that everybody can read, in a path that everybody can walk.
root_up() {
    ROOT=$(mktemp -d /tmp/pifarm-netboot-XXXXXX)
    cleanup rm -rf "$ROOT"
    chmod 755 "$ROOT"
}

# put FILE SIZE: random bytes there.
put() {
    mkdir -p "$(dirname "$ROOT/$1")"
    head -c "$2" /dev/urandom >"$ROOT/$1"
    chmod -R a+rX "$ROOT"
}

# netbootd OPTION...: starts it and waits until it is ready; its events are in $EVENTS.
netbootd() {
    EVENTS=$BATS_TEST_TMPDIR/events
    : >"$EVENTS"
    pifarm-netbootd "$@" >"$EVENTS" 2>"$EVENTS.errors" 3>&- &
    NETBOOTD=$!
    cleanup stop_netbootd
    event ready
}

stop_netbootd() {
    kill "$NETBOOTD" 2>/dev/null
    wait "$NETBOOTD" || true
}

# event NAME [JQ-CONDITION]: waits for such an event, at most 10 seconds; prints it.
event() {
    local line deadline=$((SECONDS + 10))
    until line=$(jq -c "select(.event == \"$1\" and (${2:-true}))" "$EVENTS" 2>/dev/null) && [ -n "$line" ]; do
        [ "$SECONDS" -lt "$deadline" ] || {
            echo "no event $1 ${2:-}; there are:" >&2
            cat "$EVENTS" "$EVENTS.errors" >&2
            return 1
        }
        read -rt 0.05 <> <(:) || true
    done
    echo "$line"
}
