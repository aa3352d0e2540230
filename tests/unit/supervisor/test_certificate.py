"""Real files, looked at in virtual time: which changes are noticed, when they are judged, and what is told."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hactl.core.certificate import Certificate
from hactl.core.errors import HactlError
from hactl.core.model import Fleet
from hactl.core.observations import CertificateFit, CertificateUnfit, Observation
from hactl.core.spec import EdgeSpec, EdgeTlsSpec, FleetSpec
from hactl.supervisor.certificate import AGAIN, LOOK, CertificateWatch


class Over(Exception):
    """The time of a test."""


class Files:
    """Two files, an engine that takes what begins with "good", and a clock."""

    def __init__(self, directory: Path) -> None:
        self.cert, self.key = directory / "cert.pem", directory / "key.pem"
        self.cert.write_text("good 0")
        self.key.write_text("key 0")
        tls = EdgeTlsSpec(cert=str(self.cert), key=str(self.key))
        self.fleet = Fleet(spec=FleetSpec(edge=EdgeSpec(tls=tls)))
        self.now = 0.0
        self.judged: list[tuple[float, str]] = []
        self.saw: list[Observation] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """What happens while something is being judged."""
        self._script: dict[int, Callable[[], object]] = {}

    def after(self, looks: int, act: Callable[[], object]) -> None:
        """Do something between look number `looks` and the next."""
        self._script[looks] = act

    def watch(self, looks: int) -> list[Observation]:
        """What is told within so many looks."""
        watch = CertificateWatch(
            look=lambda: self.fleet,
            engine=self,  # type: ignore[arg-type]
            deliver=self.saw.append,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        self.end = looks * LOOK
        with pytest.raises(Over):
            asyncio.run(watch.run())
        return self.saw

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if act := self._script.pop(round(self.now / LOOK), None):
            act()
        if self.now >= self.end:
            raise Over

    async def certify(self, fleet: Fleet) -> Certificate:
        try:
            content = _content(fleet.spec.edge.tls)
        except OSError as error:
            raise HactlError("no such file") from error
        self.judged.append((self.now, content))
        self.meanwhile()
        if not content.startswith("good"):
            raise HactlError(f"it says {content}")
        return named(content)

    def replace(self, content: str) -> None:
        """By a rename, as careful programs do."""
        new = self.cert.with_name("new")
        new.write_text(content)
        os.replace(new, self.cert)  # noqa: PTH105


def _content(tls: EdgeTlsSpec) -> str:
    return Path(tls.cert).read_text()


def named(content: str) -> Certificate:
    return Certificate(digest=content, fingerprint="f", names=("a.test",), not_after=2e9)


def fit(content: str) -> CertificateFit:
    return CertificateFit(certificate=named(content))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_what_stays_the_same_is_judged_once(files: Files) -> None:
    """At the first look, whoever has judged it before."""
    assert files.watch(500) == [fit("good 0")]


@pytest.mark.parametrize("change", ["replace", "rewrite"])
def test_a_change_is_noticed_and_judged_when_it_has_come_to_rest(change: str, files: Files) -> None:
    """Moved there or written in place: the second look that finds the same is the one."""
    act = files.replace if change == "replace" else files.cert.write_text
    files.after(10, lambda: act("good 1"))
    assert files.watch(20) == [fit("good 0"), fit("good 1")]
    assert files.judged == [(0.0, "good 0"), (11 * LOOK, "good 1")]


def test_a_rewrite_of_the_same_length_within_the_same_second_is_noticed(files: Files) -> None:
    """Times are looked at to the nanosecond, and those the writer cannot set as well."""

    def rewrite() -> None:
        before = files.cert.stat()
        files.cert.write_text("good 1")
        os.utime(files.cert, ns=(before.st_atime_ns, before.st_mtime_ns))

    files.after(10, rewrite)
    assert files.watch(20)[-1] == fit("good 1")


def test_a_link_that_leads_elsewhere_is_noticed(files: Files) -> None:
    """As certificates are mounted into containers."""
    first, second = files.cert.with_name("v1"), files.cert.with_name("v2")
    first.write_text("good 1")
    second.write_text("good 2")
    files.cert.unlink()
    files.cert.symlink_to(first)

    def turn() -> None:
        link = files.cert.with_name("link")
        link.symlink_to(second)
        os.replace(link, files.cert)  # noqa: PTH105

    files.after(10, turn)
    assert files.watch(20) == [fit("good 1"), fit("good 2")]


def test_nothing_is_judged_while_it_is_being_written(files: Files) -> None:
    """Half a file is no news."""
    for look in range(10, 20):
        files.after(look, lambda look=look: files.cert.write_text("half" if look < 19 else "good 1"))
    assert files.watch(30) == [fit("good 0"), fit("good 1")]


def test_a_key_that_follows_its_certificate_is_waited_for(files: Files) -> None:
    """Two files cannot be replaced at once."""
    files.after(10, lambda: files.replace("good 1"))
    files.after(11, lambda: files.key.write_text("key 1"))
    files.watch(30)
    assert files.judged[1:] == [(12 * LOOK, "good 1")]


def test_what_is_refused_is_judged_again_after_a_minute(files: Files) -> None:
    """A certificate may have been too young, a disk too slow; that it is refused again is the core's to drop."""
    files.replace("bad")
    saw = files.watch(int(2.5 * AGAIN / LOOK))
    assert saw == [CertificateUnfit(why="it says bad")] * 3
    assert [round(at / AGAIN) for at, _ in files.judged] == [0, 1, 2]


def test_files_that_are_gone_are_told_and_taken_when_they_are_back(files: Files) -> None:
    """Also when they come back as they were."""
    files.after(10, files.cert.unlink)
    files.after(20, lambda: files.cert.write_text("good 0"))
    assert files.watch(30) == [fit("good 0"), CertificateUnfit(why="no such file"), fit("good 0")]


@pytest.mark.parametrize(
    ("content", "told"), [("good 1", fit("good 1")), ("bad", CertificateUnfit(why="it says bad"))], ids=["fit", "unfit"]
)
def test_files_that_are_no_longer_those_in_force_when_they_are_judged_are_not_told(
    content: str, told: Observation, files: Files
) -> None:
    """A configuration with others came into force meanwhile, and shows theirs; once back, they are judged anew."""
    files.replace(content)
    coming = files.cert.with_name("coming.pem")
    coming.write_text("good 2")
    old, other = (
        files.fleet,
        Fleet(spec=FleetSpec(edge=EdgeSpec(tls=EdgeTlsSpec(cert=str(coming), key=str(files.key))))),
    )
    files.meanwhile = lambda: setattr(files, "fleet", other)
    files.after(10, lambda: (setattr(files, "fleet", old), setattr(files, "meanwhile", lambda: None)))
    assert files.watch(20) == [fit("good 2"), told]
    assert files.judged == [(0.0, content), (2 * LOOK, "good 2"), (11 * LOOK, content)]


def test_without_tls_nothing_is_looked_at(files: Files) -> None:
    """Until a configuration names files."""
    encrypted, files.fleet = files.fleet, Fleet()
    files.after(10, lambda: setattr(files, "fleet", encrypted))
    assert files.watch(20) == [fit("good 0")]
    assert files.judged == [(10 * LOOK, "good 0")]
