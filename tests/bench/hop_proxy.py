"""What it costs to have a proxy in every hop to the nodes: latency, processor time, and how long it takes to be led."""

import argparse
import asyncio

from common import Bench, BenchFleet, Values, cpu_seconds, loaded, median, mono

from hactl.control.client import Client
from hactl.core.commands import BeginDrill, EndDrill
from hactl.core.hop import FASTEST, Disturbance, HopFault
from hactl.core.hop_commands import BreakHop
from hactl.drill.measure import judge

WIDE = HopFault(what=Disturbance.NARROW, rate=FASTEST)
"""More than anybody sends: everything passes, and nothing waits."""
EACH = 6.0
"""Seconds without the proxy, with it, and without it again."""

bench = Bench(
    "fault proxy",
    "a proxy in the hops from both edges to one of two regions, under load: median with and without it, its processor"
    " time, seconds until everybody was led through it and past it again, failed requests",
    "0 failed; led within 1 s",
)
bench.option("--rate", 300.0, "requests per second")


async def run(options: argparse.Namespace, _: int) -> Values:
    """One drill that does no harm."""
    regions = (("a", 0, 2), ("b", 0, 2))
    with BenchFleet(regions=regions, service=False, extra='[safety]\nmax_faulted_share = "2/3"\n') as fleet:
        client = fleet.client
        async with loaded(fleet.url, rate=options.rate, duration=3 * EACH + 2) as load:
            await asyncio.sleep(EACH)
            names = ("b-1", "b-2")
            lent = BeginDrill(name="bench", nodes=names, lease=60.0, longest=120.0)
            drill = client.submit(lent, by="bench").operation
            asked = mono()
            await _over(client, client.submit(BreakHop(nodes=names, fault=WIDE), by="bench").operation)
            led = mono()
            (pid,) = {hop.proxy.pid for hop in client.fleet().fleet.hops.values() if hop.proxy is not None}
            spent = cpu_seconds(pid)
            await asyncio.sleep(EACH)
            spent = cpu_seconds(pid) - spent
            ending = mono()
            client.submit(EndDrill(id=drill), by="bench")
            await _over(client, drill)
            past = mono()
            records = await load.finish()
        bench.judged(records)
    rows = [row for row in records if row.node.startswith("b-")]
    through = judge(rows, led, ending)
    return {
        "p50_ms": judge(rows, 0.0, asked).p50_ms,
        "p50_through_ms": through.p50_ms,
        "p99_ms": judge(rows, 0.0, asked).p99_ms,
        "p99_through_ms": through.p99_ms,
        "cpu_us_per_request": spent / max(1, through.requests) * 1e6,
        "led_s": led - asked,
        "past_s": past - ending,
        "failed": sum(not row.ok for row in records),
    }


async def _over(client: Client, operation: str) -> None:
    while operation in (await asyncio.to_thread(client.fleet)).fleet.operations:  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.005)


def _met(values: dict[str, list[float]]) -> bool:
    return not any(values["failed"]) and median(values, "led_s") <= 1.0


if __name__ == "__main__":
    bench.main(run, _met)
