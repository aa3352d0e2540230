import os
import time

import pytest
from support.processes import ending, freeze, wait_until_dead

from hactl.supervisor import procfs


def test_a_program_whose_name_looks_like_the_file_format_is_read_right(nursery):
    """Blanks and parentheses in a process's name change nothing."""
    code = "open('/proc/self/comm', 'w').write(') Z 1 (x)'); import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    process = nursery.start(code)
    os.waitid(os.P_PID, process.launch.pid, os.WSTOPPED | os.WNOWAIT)
    assert procfs.name(process.launch.pid) == ") Z 1 (x)"
    stat = procfs.read_stat(process.launch.pid)
    assert (stat.state, stat.session, stat.ticks) == ("T", process.launch.pid, process.launch.ticks)


async def test_its_state_can_be_read_again_and_again_and_is_never_a_successors(nursery):
    """The descriptor means the process and not the number: stopped, running, ended and reaped."""
    process = nursery.start()
    stat = procfs.open_stat(process.launch.pid)
    try:
        assert procfs.state(stat) in "RSD"
        freeze(process)
        assert procfs.state(stat) == "T"
        process.signal("KILL")
        await ending(process)
        assert procfs.state(stat) == "Z"
    finally:
        os.close(stat)
    assert procfs.open_stat(process.launch.pid) == -1


def test_what_a_process_takes_of_the_machine_is_told():
    """Processor seconds agree with what the process itself is told; memory is some megabytes for a Python."""
    before = time.process_time()
    stat = procfs.read_stat(os.getpid())
    assert before - 0.1 <= stat.cpu <= time.process_time() + 0.1
    assert 4 << 20 < stat.rss < 4 << 30


def test_a_start_in_ticks_becomes_a_monotonic_time(nursery):
    """Deadlines and starts are compared on one clock."""
    before = time.monotonic()
    started = procfs.monotonic_at(nursery.start().launch.ticks)
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert before - 2 * tick <= started <= time.monotonic() + tick


def test_a_process_that_does_not_exist_is_nobody():
    """Questions about it have empty answers, never errors."""
    nobody = int((procfs.Path("/proc/sys/kernel/pid_max")).read_text()) + 1
    assert procfs.read_stat(nobody) is None
    assert procfs.start_ticks(nobody) is None
    assert procfs.owner(nobody) is None
    assert procfs.environ(nobody) == {}
    assert procfs.name(nobody) == ""


def test_values_in_an_environment_may_hold_anything(nursery):
    """Equals signs, line ends and bytes that are no text."""
    value = "a=b\nc\udcff"
    assert procfs.environ(nursery.start(env={"ODD": value}).launch.pid)["ODD"] == value


def test_who_only_waits_for_a_burial_lives_no_more(nursery):
    """Where the first process buries nobody that is for ever. A stopped one lives, and a successor is another."""
    process = nursery.start()
    pid, ticks = process.launch.pid, process.launch.ticks
    freeze(process)
    assert procfs.lives(pid, ticks)
    assert not procfs.lives(pid, ticks - 1)
    process.signal("KILL")
    wait_until_dead(process)
    assert procfs.start_ticks(pid) == ticks
    assert not procfs.lives(pid, ticks)


def test_our_own_process_is_seen_with_its_owner(nursery):
    """The list of all processes holds ours."""
    process = nursery.start()
    freeze(process)
    assert process.launch.pid in procfs.pids()
    assert procfs.owner(process.launch.pid) == os.geteuid()


@pytest.mark.parametrize(
    ("cgroup", "counter"),
    [
        ("0::/fleet/nodes\n", "sys/fs/cgroup/fleet/nodes/memory.events"),
        ("4:memory:/fleet/nodes\n0::/\n", "proc/vmstat"),
        ("", "proc/vmstat"),
    ],
)
def test_memory_kills_are_counted_as_near_to_the_process_as_possible(tmp_path, cgroup, counter):
    """In its own cgroup where that is counted, else on the whole machine."""
    for path, text in {
        "proc/7/cgroup": cgroup,
        "proc/vmstat": "nr_free_pages 1\noom_kill 5\n",
        "sys/fs/cgroup/fleet/nodes/memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 9\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = procfs.oom_counter(7, root=tmp_path)
    assert found == tmp_path / counter
    assert procfs.oom_kills(found) == (5 if counter.endswith("vmstat") else 2)


def test_a_counter_that_went_with_its_cgroup_says_nothing(tmp_path):
    """Gone is not zero."""
    assert procfs.oom_kills(tmp_path / "memory.events") is None


def test_this_machine_counts_memory_kills():
    """The kernel's own file is understood."""
    assert procfs.oom_kills(procfs.oom_counter(os.getpid())) is not None
