"""What an operator names as certificate and key: taken when clients could use it, else refused in one line."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.certificates import Files, ed25519_key, issue, small_rsa_key

from hactl.core.errors import HactlError
from hactl.core.spec import EdgeTlsSpec
from hactl.engines.certificate import LARGEST, fingerprint, read


def spec(files: Files) -> EdgeTlsSpec:
    return EdgeTlsSpec(cert=str(files.cert), key=str(files.key))


def refusal(files: Files) -> HactlError:
    with pytest.raises(HactlError) as refused:
        read(spec(files))
    assert "\n" not in str(refused.value)
    assert "PRIVATE" not in str(refused.value) or "in PEM" in str(refused.value), "nothing of the key is told"
    return refused.value


def test_a_pair_that_fits(tmp_path: Path) -> None:
    """Its names and its end are known, and the copy holds chain and key, with nothing around them."""
    files = issue(tmp_path, "app.test", "www.app.test", days=60)
    shown = files.der
    files.cert.write_bytes(b"a word before\r\n" + files.cert.read_bytes().replace(b"\n", b"\r\n"))
    pair = read(spec(files))
    assert pair.certificate.names == ("app.test", "www.app.test")
    assert pair.certificate.fingerprint == fingerprint(shown)
    assert pair.pem.count(b"BEGIN") == 2
    assert b"word" not in pair.pem
    assert b"\r" not in pair.pem
    assert "PRIVATE" not in repr(pair)


def test_the_digest_is_that_of_the_whole_chain(tmp_path: Path) -> None:
    """Another intermediate is another certificate; the same chain with other words around it is not."""
    files, other = issue(tmp_path / "a"), issue(tmp_path / "b", "ca.test")
    alone = read(spec(files)).certificate
    files.cert.write_bytes(b"# renewed\n" + files.cert.read_bytes())
    assert read(spec(files)).certificate == alone
    files.cert.write_bytes(files.cert.read_bytes() + other.cert.read_bytes())
    longer = read(spec(files)).certificate
    assert longer.digest != alone.digest
    assert (longer.fingerprint, longer.names) == (alone.fingerprint, alone.names)


def test_both_may_stand_in_one_file(tmp_path: Path) -> None:
    """As some programs want it."""
    files = issue(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(files.key.read_bytes() + files.cert.read_bytes())
    assert read(spec(Files(both, both))).certificate == read(spec(files)).certificate


@pytest.mark.parametrize(
    ("made", "wrong", "said"),
    [
        (lambda path: issue(path, days=-0.5), "cert", "the certificate has expired"),
        (lambda path: issue(path, since=0.5), "cert", "the certificate is not valid yet"),
        (lambda path: issue(path, clients_only=True), "cert", "clients would not accept the certificate"),
        (lambda path: issue(path, key=small_rsa_key()), "cert", "too weak"),
        (lambda path: issue(path, passphrase=b"secret"), "key", "the key is encrypted"),
        (lambda path: Files(issue(path / "a").cert, issue(path / "b").key), "key", "the key does not fit"),
        (lambda path: Files(issue(path).key, issue(path).cert), "cert", "holds a key and no certificate"),
        (lambda path: Files(issue(path).cert, issue(path).cert), "key", "holds a certificate and no key"),
        (lambda path: Files(path / "none.pem", issue(path).key), "cert", "no such file"),
        (lambda path: Files(issue(path).cert, path), "key", "cannot be read: is a directory"),
    ],
)
def test_what_is_of_no_use_is_refused(made: Callable[[Path], Files], wrong: str, said: str, tmp_path: Path) -> None:
    """The message begins with the path of the file that is wrong, and says what to do."""
    files = made(tmp_path)
    error = refusal(files)
    assert error.message.startswith(f"{getattr(files, wrong)}: {said}")
    assert error.hint


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def garbled(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join([*lines[:2], b"????\n", *lines[3:]])


@pytest.mark.parametrize("damage", [cut, garbled, lambda content: b"", lambda content: b"x" * (LARGEST + 1)])
@pytest.mark.parametrize("which", ["cert", "key"])
def test_damaged_files_are_refused(which: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """Half-written, garbled, empty, or something else altogether."""
    files = issue(tmp_path)
    path: Path = getattr(files, which)
    path.write_bytes(damage(path.read_bytes()))
    assert refusal(files).message.startswith(str(path))


def test_what_only_envoy_refuses_is_not_refused_here(tmp_path: Path) -> None:
    """Which keys a proxy can use is that proxy's to say."""
    assert read(spec(issue(tmp_path, key=ed25519_key()))).certificate.names == ("app.test",)


def test_the_key_is_written_nowhere(tmp_path: Path) -> None:
    """To try it, it is held in memory: there is no file that a crash could leave behind."""
    files = issue(tmp_path)
    code = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda name, given: opened.append(given) if name == 'open' else None)\n"
        "from hactl.engines.certificate import read\nfrom hactl.core.spec import EdgeTlsSpec\n"
        "opened.clear()\n"
        f"read(EdgeTlsSpec(cert={str(files.cert)!r}, key={str(files.key)!r}))\n"
        "print(*[path for path, mode, flags in opened if flags & 3 and isinstance(path, str)])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


@settings(max_examples=60)
@given(which=st.sampled_from(["cert", "key"]), bytes_=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255))))
def test_whatever_stands_in_the_files_is_taken_or_refused(which: str, bytes_: list[tuple[float, int]]) -> None:
    """Never another error: a daemon must not end because somebody's editor broke a file."""
    with tempfile.TemporaryDirectory() as directory:
        files = issue(Path(directory))
        path: Path = getattr(files, which)
        content = bytearray(path.read_bytes())
        for place, byte in bytes_:
            content[int(place * len(content))] = byte
        path.write_bytes(content)
        with suppress(HactlError):
            assert read(spec(files)).certificate.digest
