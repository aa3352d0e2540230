"""Measurements on a disk that fills: `python small_disk_samples.py DIRECTORY`, run where that is a small tmpfs.

Prints what happened as JSON; the test that started it judges.
"""

import json
import os
import sys
from pathlib import Path

from support.measurements import AT, moment

from hactl.store.samples import SampleLog
from hactl.store.segments import Segments

RESERVE = 1 << 20


def story(disk: Path) -> dict[str, object]:
    """Measure, fill the disk up to what is reserved, measure on, make room, measure again."""
    directory, filler, said = disk / "samples", disk / "filler", []
    with SampleLog(directory, say=said.append, reserve=RESERVE) as log:
        log.keep(moment(0), 0)
        while Segments(directory).last != AT:
            pass
        filler.write_bytes(bytes(1 << 20))
        for number in range(1, 9):
            log.keep(moment(number), number)
        while not said or log._queue.qsize():
            pass
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        os.truncate(filler, 0)
        log.keep(moment(9), 9)
    segments = Segments(directory)
    return {
        "said": said,
        "kept": [int(frame.at - AT) for frame in segments.back(AT + 100, 200.0, limit=100)],
        "room left": room > RESERVE // 2,
        "damaged": len(segments.damaged),
    }


if __name__ == "__main__":
    print(json.dumps(story(Path(sys.argv[1]))))
