# SPDX-License-Identifier: Apache-2.0
# What run and test share; sourced by them. Sets `root`, goes there, and offers stages.
#
# A stage is a command with a name. Its output goes to a log; one line says how it ended and how long it took. A
# stage that fails shows the end of its log and the command that repeats it, and the script goes on: `failures` counts.
# `repeat` names that command where it is not the stage's own.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cd -- "$root" || exit 5
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$CMAKE_BUILD_PARALLEL_LEVEL}

logs=$root/build-logs
failures=0
first_failure=
mkdir -p "$logs"

# failed WHAT REPEAT: counts a failure and keeps the first one for the end.
failed() {
    failures=$((failures + 1))
    [ -n "$first_failure" ] || first_failure="$1
to repeat: $2"
}

# stage NAME COMMAND...: see above. Returns the command's status.
stage() {
    local name=$1 status=0 start=$SECONDS
    shift
    printf '%-28s ' "$name"
    "$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok      %4d s\n' $((SECONDS - start))
    else
        printf 'FAILED  %4d s\n' $((SECONDS - start))
        tail -n 60 "$logs/$name.log"
        printf 'to repeat: %s\n' "${repeat:-$*}"
        failed "$name" "${repeat:-$*}"
    fi
    return "$status"
}

# build PRESET: a stage of its own. Quiet but for what fails, and all of that.
build() {
    local repeat="cmake --preset $1 && cmake --build --preset $1"
    stage "build-$1" configure_and_compile "$1"
}

configure_and_compile() {
    cmake --preset "$1" && cmake --build --preset "$1" -- --quiet -k 0
}

# Shows the first failure again, so that it is found without scrolling.
show_first_failure() {
    [ -z "$first_failure" ] || printf '\nFirst failure: %s\n' "$first_failure"
}
