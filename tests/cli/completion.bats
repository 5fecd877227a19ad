#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The bash completion offers what there is: commands, options, nodes, images.
load ../lib/common.bash

setup() {
    own_folders
    cd "$BATS_TEST_TMPDIR"
    unset PIFARM_FILE
    cat >farm.yaml <<'END'
farm: clitest
images:
  small: { source: small.img }
nodes:
  - { name: "n[1-2]", id: 1, image: small }
END
    # shellcheck source=/dev/null
    source "$PIFARM_SOURCE/pifarm/cli/completion/pifarm.bash"
}

# complete_line WORD...: what is offered for the last word, in one line.
complete_line() {
    COMP_WORDS=(pifarm "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _pifarm
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

@test "commands are completed, and image's own" {
    [ "$(complete_line co)" = 'console ' ]
    [ "$(complete_line c)" = 'check clone console cp ' ]
    [ "$(complete_line help "do")" = 'doctor down ' ]
    [ "$(complete_line image i)" = 'import inspect ' ]
    [ "$(complete_line image '')" = \
        'export fetch flash gc import inspect list prepare rm shell shrink verify ' ]
}

@test "options are completed, each command's own" {
    [ "$(complete_line up --d)" = '--dry-run ' ]
    [ "$(complete_line down --)" = '--all --help --now --purge --timeout ' ]
    [ "$(complete_line image import --m)" = '--max-download --max-size ' ]
    [ "$(complete_line netboot serve --roo)" = '--root ' ]
    [ "$(complete_line clone list --j)" = '--json ' ]
    [ "$(complete_line --v)" = '--verbose --version ' ]
}

@test "nodes are completed from the farm, also from that of -f" {
    [ "$(complete_line ssh '')" = 'n1 n2 ' ]
    [ "$(complete_line up n1 n)" = 'n1 n2 ' ]
    [ "$(complete_line cp n1)" = 'n1: ' ]
    [ "$(complete_line clone reset n)" = 'n1 n2 ' ]
    [ "$(complete_line clone r)" = 'rebase reset ' ]
    mkdir other
    sed 's/n\[1-2\]/web[1-2]/' farm.yaml >other/farm.yaml
    [ "$(complete_line -f other/farm.yaml console w)" = 'web1 web2 ' ]
}

@test "the values of options are completed" {
    [ "$(complete_line wait --for p)" = 'ping ' ]
    : >card.img
    [ "$(complete_line init --image ca)" = 'card.img ' ]
    [ "$(complete_line up --timeout '')" = ' ' ]
}

@test "export is offered nodes and images, then files" {
    : >card.img
    [ "$(complete_line image export n)" = 'n1 n2 ' ]
    [ "$(complete_line image export --force n1 ca)" = 'card.img ' ]
}

@test "files are completed for import, and nothing where there is no farm" {
    : >card.img
    [ "$(complete_line image import ca)" = 'card.img ' ]
    rm farm.yaml
    [ "$(complete_line ssh '')" = ' ' ]
}
