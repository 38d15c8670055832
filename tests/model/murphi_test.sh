#!/bin/sh
# murphi_test.sh PRINT EXPLORE: exports each protocol as a Murphi model of two boards, lets rumur explore it, and
# compares the number of reachable states with the explorer's on the same machine without symmetry. Both count
# states of: cache controllers, parked forwards, the access that waits, directory, and all messages under way.
set -eu
print=$1 explore=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for protocol in mesi moesi msi; do
  "$print" "$protocol" --murphi --boards 2 >"$work/model.m"
  rumur --output "$work/model.c" "$work/model.m"
  # rumur's verifier needs 16-byte compare and swap: an instruction, or libatomic.
  cc -O1 -w -mcx16 "$work/model.c" -o "$work/verify" -lpthread 2>/dev/null ||
    cc -O1 -w "$work/model.c" -o "$work/verify" -lpthread -latomic
  "$work/verify" >"$work/out" || { cat "$work/out"; exit 1; }
  theirs=$(sed -n 's/^[[:space:]]*\([0-9]*\) states, .* fired in .*/\1/p' "$work/out")
  ours=$("$explore" "$protocol" plain:murphi-2-boards | sed -n 's/.* \([0-9]*\) states .*/\1/p')
  echo "$protocol: rumur finds ${theirs:-no} states, the explorer ${ours:-no}"
  [ -n "$theirs" ] && [ "$theirs" = "$ours" ]
done
