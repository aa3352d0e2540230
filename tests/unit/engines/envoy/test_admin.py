"""The admin socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.places import fleet_paths

from hactl.core.errors import HactlError
from hactl.engines.envoy.admin import Admin
from hactl.engines.envoy.seat import Seat, take
from hactl.paths import FleetPaths


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[FleetPaths]:
    with fleet_paths(tmp_path) as given:
        yield given


@asynccontextmanager
async def answering(paths: FleetPaths, status: int, body: bytes) -> AsyncIterator[tuple[Admin, list[bytes]]]:
    """An admin socket that says the same to everything, and what it was asked."""
    seat = Seat.of(paths, "n1")
    take(seat)
    asked: list[bytes] = []
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body))
        await reader.read()
        writer.close()
        done.set()

    async with await asyncio.start_unix_server(serve, str(seat.admin)):
        admin = Admin(seat)
        yield admin, asked
        admin.close()
        await done.wait()


async def test_reads_are_filtered_and_decoded(paths: FleetPaths) -> None:
    """The filter goes to Envoy; numbers and texts come back."""
    body = b'{"stats":[{"name":"a","value":1},{"name":"b","value":"v1"}]}'
    async with answering(paths, 200, body) as (admin, asked):
        assert [(stat.name, stat.value) for stat in await admin.stats("^a")] == [("a", 1), ("b", "v1")]
    assert asked == [b"GET /stats?format=json&filter=^a HTTP/1.1"]


async def test_the_document_of_a_cluster_is_the_one_that_runs(paths: FleetPaths) -> None:
    """Asked for by its very name; where there is none, that is said."""
    body = b'{"configs":[{"@type":"x","version_info":"7","cluster":{"name":"gw","value":1}}]}'
    async with answering(paths, 200, body) as (admin, asked):
        assert await admin.running("gw", dict) == {"name": "gw", "value": 1}
    assert asked == [b"GET /config_dump?resource=dynamic_active_clusters&name_regex=%5Egw%24 HTTP/1.1"]
    async with answering(paths, 200, b"{}") as (admin, _):
        with pytest.raises(HactlError, match="'n1' runs without a cluster 'gw'"):
            await admin.running("gw", dict)
    async with answering(paths, 200, body) as (admin, _):
        with pytest.raises(HactlError, match="in an unexpected format"):
            await admin.running("gw", int)


async def test_changes_are_posted(paths: FleetPaths) -> None:
    """A change that is not answered with 200 did not happen."""
    async with answering(paths, 200, b"OK\n") as (admin, asked):
        await admin.post("/healthcheck/fail")
    assert asked == [b"POST /healthcheck/fail HTTP/1.1"]
    async with answering(paths, 405, b"no") as (admin, _):
        with pytest.raises(HactlError, match="'n1' answered 405 to '/healthcheck/fail'"):
            await admin.post("/healthcheck/fail")


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (200, b"not json"), (200, b'{"stats":5}')])
async def test_an_answer_of_another_shape_is_an_error(status: int, body: bytes, paths: FleetPaths) -> None:
    """Nothing is guessed from it."""
    async with answering(paths, status, body) as (admin, _):
        with pytest.raises(HactlError):
            await admin.stats("x")


async def test_hosts_that_have_passed_their_checks(paths: FleetPaths) -> None:
    """Those that are waited for, or that fail, are not among them."""
    flags = ("", '"failed_active_health_check":true', '"pending_active_hc":true', '"eds_health_status":"DRAINING"')
    hosts = ",".join(
        f'{{"address":{{"socket_address":{{"address":"127.0.0.1","port_value":{port}}}}},"health_status":{{{flag}}}}}'
        for port, flag in enumerate(flags)
    )
    body = f'{{"cluster_statuses":[{{"name":"gw","host_statuses":[{hosts}]}}]}}'.encode()
    async with answering(paths, 200, body) as (admin, asked):
        assert await admin.checked("gw") == {("127.0.0.1", 0), ("127.0.0.1", 3)}
    assert asked == [b"GET /clusters?format=json&filter=%5Egw%24 HTTP/1.1"]


async def test_silence_is_an_error(paths: FleetPaths) -> None:
    """No process, no answer: the name of the process is in the message."""
    with pytest.raises(HactlError, match="admin socket of 'n1' does not answer"):
        await Admin(Seat.of(paths, "n1")).stats("x")


async def test_the_runtime_is_what_counts_whichever_layer_says_it(paths: FleetPaths) -> None:
    body = b'{"layers":["base","admin"],"entries":{"a.b":{"layer_values":["1","2"],"final_value":"2"}}}'
    async with answering(paths, 200, body) as (admin, asked):
        assert await admin.runtime() == {"a.b": "2"}
    assert asked == [b"GET /runtime HTTP/1.1"]
    async with answering(paths, 200, b"no") as (admin, _):
        with pytest.raises(HactlError, match="a runtime in an unexpected format"):
            await admin.runtime()


@pytest.mark.parametrize("ask", ["stats", "checked", "runtime"])
async def test_a_refused_read_is_no_answer_of_another_shape(paths: FleetPaths, ask: str) -> None:
    """Whatever is asked for."""
    async with answering(paths, 503, b"not now") as (admin, _):
        question = admin.runtime() if ask == "runtime" else getattr(admin, ask)("x")
        with pytest.raises(HactlError, match="the admin socket of 'n1' answered 503 to a read"):
            await question
