# SPDX-License-Identifier: MIT
# A web server for one test: its folder is $web, its address $url.

# start_web [PEM]: with a file of key and certificate it speaks TLS.
start_web() {
    local port server
    web=$BATS_TEST_TMPDIR/web
    mkdir -p "$web"
    unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
    rm -f "$BATS_TEST_TMPDIR/port"
    mkfifo "$BATS_TEST_TMPDIR/port"
    "$PIFARM_SOURCE/tests/lib/web-server" "$web" "$@" >"$BATS_TEST_TMPDIR/port" 2>"$BATS_TEST_TMPDIR/web.log" 3>&- &
    server=$!
    cleanup kill "$server"
    read -r port <"$BATS_TEST_TMPDIR/port"
    export url=http${1:+s}://127.0.0.1:$port
}

# behave NAME [VALUE]: the server does that from now on.
behave() {
    echo "${2:-}" >"$web/.$1"
}

behave_well() {
    rm -f "$web"/.cut "$web"/.stall "$web"/.slow "$web"/.status "$web"/.etag "$web"/.no-range "$web"/.no-length
}

# requests: what was asked of it since the last time, one line each: PATH RANGE STATUS BYTES.
requests() {
    cat "$web/.log"
    : >"$web/.log"
}
