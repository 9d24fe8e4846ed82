"""What is installed is exactly what was looked at: every package pinned, with its hashes."""

import re

import pytest

from tests.stack.running import ROOT

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Give the packages that a file names, each with its version."""
    found = _PIN.findall((ROOT / name).read_text())
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_pins_each_package_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    packages = [entry for entry in entries if not entry.startswith("#")]

    assert len(packages) > 30
    for entry in packages:
        assert _PIN.match(entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]
    assert "://" not in text  # no address of a registry


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_a_lock_holds_what_was_asked_for(kind: str) -> None:
    asked, locked = pins(f"{kind}.in"), pins(f"{kind}.txt")

    assert asked
    assert {name: locked.get(name) for name in asked} == asked, "run `make lock`"


def test_tests_run_on_what_the_service_runs_on() -> None:
    runtime, development = pins("requirements.txt"), pins("requirements-dev.txt")

    assert {name: development.get(name) for name in runtime} == runtime, "run `make lock`"
