#!/bin/sh
# A gate of a pipeline: start the fleet in this directory, break it on purpose, and say whether clients noticed.
#
#     ./gate.sh [SUITE [OPTIONS]]      like: ./gate.sh ci --skip region-loss
#
# Ends like `hactl drill run`: 0 passed, 1 an objective was missed, 10 nothing was shown, 11 aborted, 12 not clean.
# What shows nothing (10) is run once more: a machine that others use, too, may have been too busy to measure on.
# Reports are left in ./reports, one directory for each drill: report.html, junit.xml, report.md, report.json.
set -u
cd "$(dirname "$0")" || exit 1

suite=${1:-ci}
[ $# -eq 0 ] || shift

stop() {
    drills=$(hactl where | sed -n 's/^drills  *//p')
    rm -rf reports
    [ ! -d "$drills" ] || cp -R "$drills" reports
    hactl down || true
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

hactl up --detach && hactl wait || exit 1

hactl drill run --suite "$suite" --no-input "$@"
code=$?
if [ "$code" -eq 10 ]; then
    echo "gate: nothing was shown, once more" >&2
    hactl drill run --suite "$suite" --no-input "$@"
    code=$?
fi
exit "$code"
