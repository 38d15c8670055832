#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shipped scenario: `check` takes it, and what those claim that need no recording holds when they are run. A
# claim that does not hold must be told from one that does.
set -u
scenarios=$NUMAPLEX_SOURCE/deploy/scenarios
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0 ran=0

fail() {
    echo "FAILED: $*"
    failed=$((failed + 1))
}

for file in "$scenarios"/*.yaml; do
    name=$(basename "$file" .yaml)
    if grep -q 'guests/' "$file" && [ ! -e "$NUMAPLEX_BIN/guests/zarch/hello.elf" ]; then
        echo "$name is left out: guests are not built, which needs s390x-linux-gnu-gcc"
        continue
    fi
    "$NUMAPLEX_BIN/numaplex" check "$file" > "$folder/out" 2>&1 || { fail "check $name"; cat "$folder/out"; }
    grep -q '^claims:' "$file" && ! grep -q 'record:' "$file" || continue
    ran=$((ran + 1))
    "$NUMAPLEX_BIN/numaplex" run "$file" --nodes 1 --threads 2 -o "$folder/$name" > "$folder/out" 2>&1 ||
        { fail "run $name"; tail -20 "$folder/out"; }
    grep -q '^Claims: \([0-9]*\) of \1 hold$' "$folder/out" || fail "$name: claims are not shown"
done
[ "$ran" -ge 6 ] || fail "only $ran scenarios with claims"

sed 's/value: SMP.counters.checks, equals: 3/value: SMP.counters.checks, equals: 4/' \
    "$scenarios/directory-at-work.yaml" > "$folder/wrong.yaml"
"$NUMAPLEX_BIN/numaplex" run "$folder/wrong.yaml" --nodes 1 -o "$folder/wrong" > "$folder/out" 2> "$folder/err"
[ $? -eq 7 ] || fail "a claim that does not hold must end with 7"
grep -q 'NP0703.*Three loads were compared' "$folder/err" || fail "the claim is not named"
echo "$ran scenarios run, $failed failures"
[ "$failed" -eq 0 ]
