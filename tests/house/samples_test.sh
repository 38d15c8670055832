#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each house rule catches what it is there for: every sample breaks one rule in one place, and exactly that is reported.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0
failed=0

# begin: a tree that keeps all rules. Its one source is compiled, its one header included, each folder has a README.
begin() {
    rm -rf "$tree"
    mkdir -p "$tree/proto/base" "$tree/build"
    echo 'Purpose.' >"$tree/proto/README.md"
    cp "$tree/proto/README.md" "$tree/proto/base/README.md"
    licence >"$tree/proto/base/good.h"
    { licence && echo '#include "proto/base/good.h"'; } >"$tree/proto/base/good.c"
    compile proto/base/good.c
}

licence() {
    echo '// SPDX-License-Identifier: Apache-2.0'
}

compile() {
    echo "\"file\": \"/somewhere/$1\"" >>"$tree/build/compile_commands.json"
}

# add FILE: standard input becomes a file of the tree, licence and README of its folders included.
add() {
    folder=$(dirname "$1")
    mkdir -p "$tree/$folder"
    for level in "$folder" "$(dirname "$folder")"; do
        [ "$level" = . ] || [ -f "$tree/$level/README.md" ] || echo 'Purpose.' >"$tree/$level/README.md"
    done
    { licence && cat; } >"$tree/$1"
    compile "$1"
}

# expect [FINDING]: the tree has no finding, or exactly the one that begins so.
expect() {
    found=$("$here/house.sh" "$tree" "$tree/build")
    case $found in
    "${1-}"*) good=$([ "$(printf '%s' "$found" | grep -c '')" -eq $# ] && echo yes) ;;
    *) good= ;;
    esac
    if [ -n "$good" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'expected: %s\nfound: %s\n\n' "${1-nothing}" "$found"
    fi
}

# breaks FILE FINDING: standard input, as FILE in a good tree, gives the finding.
breaks() {
    begin
    add "$1"
    expect "$2"
}

keeps() {
    begin
    add "$1"
    expect
}

begin
expect

# Licence
begin
{ echo && echo '#include "proto/base/good.h"'; } >"$tree/proto/base/good.c"
expect 'proto/base/good.c:1: licence:'

# Directions of includes. A header of the same name is there, so that nothing but the direction is wrong.
direction() {
    begin
    add "$2" </dev/null
    echo "#include \"$2\"" | add "$1"
    expect ${3+"$3"}
}
direction proto/base/low.c fabric/link/high.h 'proto/base/low.c:2: include-direction:'
direction proto/codec/low.c proto/trace/high.h 'proto/codec/low.c:2: include-direction:'
direction fabric/link/low.c node/board/high.h 'fabric/link/low.c:2: include-direction:'
direction node/board/low.c coordinator/run/high.h 'node/board/low.c:2: include-direction:'
direction coordinator/run/low.c node/board/high.h 'coordinator/run/low.c:2: include-direction:'
direction node/coherence/low.c node/board/high.h 'node/coherence/low.c:2: include-direction:'
direction node/coherence/low.c fabric/time/high.h 'node/coherence/low.c:2: include-direction:'
direction hmc/cli/low.c fabric/time/high.h 'hmc/cli/low.c:2: include-direction:'
direction node/main.c coordinator/run/high.h 'node/main.c:2: include-direction:'
direction tests/unit/low.c proto/schema/high.h 'tests/unit/low.c:2: include-direction:'
direction fabric/link/low.c proto/schema/high.h 'fabric/link/low.c:2: include-direction:'
direction proto/codec/low.c proto/schema/high.h
direction node/board/low.c fabric/crossbar/high.h
direction hmc/cli/low.c fabric/link/high.h

# Paths of includes
breaks fabric/link/x.c 'fabric/link/x.c:2: include-path:' <<'END'
#include "../../proto/base/good.h"
END
breaks proto/base/x.c 'proto/base/x.c:2: include-path:' <<'END'
#include "good.h"
END

# Calls
breaks coordinator/run/x.c 'coordinator/run/x.c:2: host-call:' <<'END'
int x = rand();
END
breaks coordinator/run/x.c 'coordinator/run/x.c:2: host-call:' <<'END'
void f(void) { setlocale(0, ""); }
END
keeps tests/unit/x.c <<'END'
void f(void) { setlocale(0, ""); }
END
breaks node/board/x.c 'node/board/x.c:2: host-call:' <<'END'
long x = time(NULL);
END
breaks fabric/time/x.c 'fabric/time/x.c:3: host-call:' <<'END'
// clock_gettime() in a comment is none
int x = clock_gettime(0, NULL);
END
keeps fabric/link/x.c <<'END'
int x = clock_gettime(0, NULL);
END
breaks node/memory/x.c 'node/memory/x.c:2: host-call:' <<'END'
int x = printf("%p", y);
END
keeps node/board/x.c <<'END'
int x = run_time(machine->time(now), "time(s) since");
END

# Sizes
begin
{ echo 'void f(void)' && echo '{' && seq 58 && echo '}'; } | add proto/base/x.c
expect
{ echo 'void f(void)' && echo '{' && seq 59 && echo '}'; } | add proto/base/x.c
expect 'proto/base/x.c:3: function-length: 61 lines'
begin
seq 499 | add proto/base/x.c
expect
seq 500 | add proto/base/x.c
expect 'proto/base/x.c:501: file-length: 501 lines'
begin
printf '%0110d\n' 0 | add proto/base/x.c
expect
printf '%0111d\n' 0 | add proto/base/x.c
expect 'proto/base/x.c:2: line-length: 111 columns'
begin
{ printf '%0108d' 0 && echo 'µs'; } | add proto/base/x.c
expect

# Layout and leftovers
printf 'int x; \n' | breaks proto/base/x.c 'proto/base/x.c:2: trailing-space:'
printf '// TO%s: think\n' DO | breaks proto/base/x.c 'proto/base/x.c:2: unfinished:'
begin
printf '# FIX%s\n' ME >"$tree/proto/base/README.md"
expect 'proto/base/README.md:1: unfinished:'

# Things without use
begin
licence >"$tree/proto/base/x.c"
expect 'proto/base/x.c:1: unused: no target compiles it'
begin
licence >"$tree/proto/base/x.h"
expect 'proto/base/x.h:1: unused: nothing includes it'
begin
licence >"$tree/proto/base/x.def"
expect 'proto/base/x.def:1: unused: nothing includes it'
begin
add tests/fuzz/x.c </dev/null
sed -i /fuzz/d "$tree/build/compile_commands.json"
expect
begin
add tests/x.c </dev/null
add tests/guests/zarch/x.c </dev/null
sed -i /guests/d "$tree/build/compile_commands.json"
expect

# READMEs and the tree map
begin
rm "$tree/proto/base/README.md"
expect 'proto/base:1: readme:'
begin
rm "$tree/proto/README.md"
expect 'proto:1: readme:'
begin
seq 121 >"$tree/proto/README.md"
expect 'proto/README.md:120: readme:'
begin
printf '    proto/   all agree on it\n' >"$tree/README.md"
expect 'README.md:1: tree: no line for proto/base'
printf '      base/  the ground\n' >>"$tree/README.md"
expect

echo "$passed samples as expected, $failed not"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
