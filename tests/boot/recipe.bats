#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Recipes on real guests: what the first boot runs, what units find of their node, an address without DHCP; with systemd and
# with BusyBox' init.

load ../lib/common
load ../lib/farm

setup_file() {
    own_farm tiny 1 root # tiny has no sudo
    standard=$("$PIFARM_SOURCE/examples/build-card-image" --flavour standard)
    mkdir -p tree/usr/local/bin
    # shellcheck disable=SC2016 # expanded on the node
    printf '#!/bin/sh\necho "$NODE $ID" >>/root/first\n' >tree/usr/local/bin/first
    chmod 755 tree/usr/local/bin/first
    printf '#!/bin/sh\necho {address} >>/root/first; exec /usr/local/bin/first\n' >first.sh
    printf '#!/bin/sh\necho no good; exit 3\n' >fails.sh
    cat >app.service <<'UNIT'
[Service]
Type=oneshot
EnvironmentFile=/etc/pifarm/node.env
ExecStart=/bin/sh -c 'echo "$NODE at $ADDRESS, {node} of {farm}" >/run/app'
[Install]
WantedBy=multi-user.target
UNIT
    printf '%s\n' 'user: root' 'ssh-keys: key.pub' 'copy: tree' 'firstboot: [fails.sh, first.sh]' >recipe.yaml
    { cat recipe.yaml; echo 'run-booted: uname -r >/root/kernel'; } >busybox.yaml
    { cat recipe.yaml; echo 'unit: app.service'; } >systemd.yaml
    cat >farm.yaml <<YAML
farm: bats
lan: { bridge: pfbats0, subnet: 10.78.0.0/24 }
images:
  small: { source: $FARM_IMAGE, recipe: busybox.yaml, address: static }
  large: { source: $standard, recipe: systemd.yaml, address: static }
switches:
  sw0: { virtual: true, ports: 16 }
nodes:
  - { name: n1, id: 1, port: sw0/1, image: small }
  - { name: n2, id: 2, port: sw0/2, image: large }
YAML
    pifarm up --all --wait=ssh --timeout 500
}

teardown_file() {
    farm_down
}

setup() {
    cd "$FARM_DIR"
}

# first_boot_is_over NODE: its scripts run beside the login.
first_boot_is_over() {
    timeout 120 pifarm ssh "$1" 'until [ -e /var/lib/pifarm/firstboot/done ]; do sleep 0.2; done'
}

# ran_once NODE LINE
ran_once() {
    first_boot_is_over "$1"
    run -0 pifarm ssh "$1" 'cat /root/first; cd /var/lib/pifarm/firstboot; grep . *'
    [ "$output" = "10.78.0.1${1#n}
$2
01-fails.sh:3
01-fails.sh.log:no good
02-first.sh:0" ]
}

@test "scripts run at the first boot, with the node's own values, one that fails too" {
    ran_once n1 'n1 1'
    ran_once n2 'n2 2'
}

@test "an image was booted for a command before its nodes were" {
    run -0 pifarm ssh n1 'cmp /root/kernel /proc/sys/kernel/osrelease'
}

@test "a unit runs, and knows its node" {
    run -0 pifarm ssh n2 'systemctl is-enabled app; cat /run/app'
    [ "$output" = 'enabled
n2 at 10.78.0.12, n2 of bats' ]
}

@test "a fixed address is used, and nobody asks for another" {
    run -0 pifarm ssh n1 'ip -4 addr show dev eth0; ps | grep [u]dhcpc || echo no DHCP'
    says 'inet 10.78.0.11/24'
    says 'no DHCP'
    run -0 pifarm ssh n2 'ip -4 addr show dev eth0; ip route show default; cat /run/systemd/netif/leases/* 2>/dev/null || echo no DHCP'
    says 'inet 10.78.0.12/24'
    says 'default via 10.78.0.1 dev eth0'
    says 'no DHCP'
    for node in n1 n2; do
        run -0 pifarm log $node --events
        says "10.78.0.1${node#n}/24, for "
        [[ $output != *' network '* ]]
    done
}

@test "scripts do not run again: not at the second boot, nor when they are asked to" {
    pifarm down n1 n2
    pifarm up n1 n2 --wait=ssh --timeout 500
    ran_once n1 'n1 1'
    ran_once n2 'n2 2'
    timeout 120 pifarm ssh n2 'until [ -s /run/app ]; do sleep 0.2; done'
    run -0 pifarm ssh n2 'cat /run/app; systemctl show -P ConditionResult pifarm-firstboot'
    [ "$output" = $'n2 at 10.78.0.12, n2 of bats\nno' ]
    run -0 pifarm ssh n2 'systemctl restart pifarm-firstboot; /usr/lib/pifarm/firstboot'
    ran_once n2 'n2 2'
}

@test "a node that farm.yaml gives another address has it at its next start" {
    pifarm down n1
    sed -i 's/image: small/image: small, address: 10.78.0.77/' farm.yaml
    pifarm up n1 --wait=ssh --timeout 240
    run -0 pifarm ssh n1 'ip -4 addr show dev eth0; cat /etc/pifarm/node.env'
    says 'inet 10.78.0.77/24'
    says 'ADDRESS=10.78.0.77'
    run -0 pifarm audit
}
