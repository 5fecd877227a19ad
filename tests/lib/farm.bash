# SPDX-License-Identifier: MIT
# For tests that boot real guests: one farm a file, made by farm_up in setup_file, taken down by farm_down.

# own_farm FLAVOUR NODES [USER]: a folder with a key and a farm.yaml of that many nodes on the image of that flavour. Exports
# FARM_DIR and works in it.
own_farm() {
    local image
    image=$("$PIFARM_SOURCE/examples/build-card-image" --flavour "$1")
    export FARM_DIR="$BATS_FILE_TMPDIR/farm" FARM_IMAGE=$image
    export PIFARM_STATE_DIR="$BATS_FILE_TMPDIR/state" PIFARM_RUNTIME_DIR="$BATS_FILE_TMPDIR/run"
    mkdir -p "$FARM_DIR" "$PIFARM_STATE_DIR" "$PIFARM_RUNTIME_DIR"
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$PIFARM_STATE_DIR"
    cd "$FARM_DIR" || return
    ssh-keygen -q -t ed25519 -N '' -f key
    cat >farm.yaml <<YAML
farm: bats
lan: { bridge: pfbats0, subnet: 10.78.0.0/24 }
images:
  card: { source: $image, enrol: { user: ${3:-pi}, ssh-key: key.pub } }
switches:
  sw0: { virtual: true, ports: 16 }
nodes:
  - { name: "n[1-$2]", id: 1, port: "sw0/[1-$2]", image: card }
YAML
}

# farm_down: for teardown_file; takes down what a failed test may have left.
farm_down() {
    cd "$FARM_DIR" || return
    pifarm down --all --now --purge >/dev/null 2>&1 || true
    pkill -KILL -f "$BATS_FILE_TMPDIR" 2>/dev/null || true
}

# daemon_pid: of the farm's daemon; fails when none runs.
daemon_pid() {
    pgrep -f "pifarmd --farm $FARM_DIR/farm.yaml"
}

# await_event NODE KIND [COUNT]: waits until that many events of the kind have been recorded.
await_event() {
    # a grep that writes to /dev/null would go on reading
    timeout 120 sh -c "pifarm log $1 --events --follow | grep -m ${3:-1} ' $2 ' | cat >&2"
}

# next_boot NODE COMMAND...: runs the command, which is to make the node boot again, and waits until it does.
next_boot() {
    local node=$1 boots
    shift
    boots=$(pifarm log "$node" --events | grep -c ' queued ')
    "$@" || true
    await_event "$node" queued $((boots + 1))
}

# state_of NODE
state_of() {
    pifarm list "$1" --json | jq -r '.nodes[0].state'
}
