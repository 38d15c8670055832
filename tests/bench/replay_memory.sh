#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# replay_memory.sh BUILD [MILLIONS [THREADS]]: what memory a node needs to replay a long trace, beside what the same
# machine needs with nothing to run. Takes a minute; not a test.
set -eu
build=${1:?replay_memory.sh BUILD [MILLIONS [THREADS]]}
millions=${2:-100}
threads=${3:-4}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --build "$build" --target numaplex-long-trace > "$folder/log"
"$build/bin/numaplex-long-trace" "$folder/long.nptrace" "$millions" "$threads"

# scenario NAME PROGRAM-LINE: two boards of the Sun Fire 15K in one process.
scenario() {
  cat > "$folder/$1.yaml" << END
scenario: $1
until: 10s
systems:
  - name: sun
    preset: sun-fire-15k
    boards: [SB0, SB1]
    partitions:
      - {name: P, boards: all, frames: 256MiB, programs: [$2]}
END
}

# rss NAME: peak bytes of the process that simulates.
rss() {
  "$build/bin/numaplex" run --nodes 1 --quiet --out "$folder/$1" "$folder/$1.yaml" > /dev/null
  sed -n 's/.*"max_rss_bytes": \([0-9]*\).*/\1/p' "$folder/$1/results.json" | sort -n | tail -1
}

scenario without ""
scenario with "{on: {spread: $threads}, trace: long.nptrace}"
without=$(rss without)
with=$(rss with)
echo "$millions M references of $threads threads: $(wc -c < "$folder/long.nptrace") bytes of trace"
echo "peak memory $with bytes with the trace, $without without: $(((with - without) / 1048576)) MiB more"
