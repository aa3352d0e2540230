#!/bin/sh
# A pipeline gate: start the fleet in this directory, break it on purpose, and report whether clients noticed.
#
#     ./gate.sh [SUITE [OPTIONS]]      like: ./gate.sh ci --skip region-loss
#
# Exits like `hactl drill run`: 0 passed, 1 an objective was missed, 5 refused, 10 inconclusive, 11 aborted, 12 not
# clean. An inconclusive drill (10) is repeated once: a shared machine may have been too busy to measure.
# SERVICE is the command that starts the service behind the fleet, unless it already runs; it is stopped with the fleet.
# Leaves in ./reports: junit.xml and summary.md about all drills, correct even if this is killed in the middle, and one
# directory per run with report.html, junit.xml, report.md and report.json.
set -u
cd "$(dirname "$0")" || exit 1

began=$(date -u +%Y%m%d-%H%M%S)
suite=${1:-ci}
[ $# -eq 0 ] || shift

rm -rf reports
mkdir reports || exit 1

${SERVICE:-python3 -m http.server 9000 --bind 127.0.0.1} >/dev/null 2>&1 &
service=$!

stop() {
    drills=$(hactl where | sed -n 's/^drills  *//p')
    # runs are named after their start time in UTC: earlier ones stay where they are
    [ ! -d "$drills" ] || ls "$drills" | awk -v began="$began" '/^[0-9]/ && $0 >= began' |
        while read -r run; do cp -R "$drills/$run" reports; done
    hactl down
    kill "$service" 2>/dev/null
    wait "$service" 2>/dev/null  # leave nothing running
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

hactl up --detach && hactl wait || exit 1

hactl drill run --suite "$suite" --again 1 --no-input --junit reports/junit.xml --summary reports/summary.md "$@"
