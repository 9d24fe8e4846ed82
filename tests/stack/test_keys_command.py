"""`duckline keys`: keys are made, listed and revoked in Redis itself."""

import subprocess
import sys
from pathlib import Path

import pytest

import huey_tasks as tq
from duckline import commands

ROOT = Path(__file__).parents[2]


def _keys(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return the lines of stdout."""
    assert commands.main(["keys", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_key_is_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["keys", "create", "ada", "admin"]) == 0
    said = capsys.readouterr()
    key = said.out.removesuffix("\n")  # alone: KEY=$(duckline keys create …) takes it
    known = tq.KnownKeys(())
    holder = known.holder_of(key)
    assert holder is not None
    assert holder.role is tq.Role.ADMIN
    assert said.err == f"{holder.id} is 'ada', admin. The key is shown only now.\n"

    _keys(
        capsys,
        "create",
        "billing",
        "submitter",
        "--queue",
        "low",
        "--type",
        "send_email",
        "--rate",
        "0.5",
    )
    head, first, second = _keys(capsys, "list")

    assert head.split() == ["id", "name", "role", "reaches", "rate", "last", "used", "expires"]
    assert first.split()[1:5] == ["ada", "admin", "everything", "-"]
    assert second.split()[1:6] == ["billing", "submitter", "low", "send_email", "0.5/s"]
    assert _keys(capsys, "revoke", second.split()[0]) == [f"{second.split()[0]} is revoked."]
    revoked = _keys(capsys, "revoke", holder.id)
    assert revoked[1] == "No key is left: the service needs none now."
    entries = tq.audit_trail().entries
    assert [(entry.who, entry.queue) for entry in entries] == [("duckline keys", None)] * 4


def test_what_is_refused_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["keys", "create", "ada", "king"]) != 0
    assert "The roles are viewer, submitter, operator, admin." in capsys.readouterr().err
    assert commands.main(["keys", "revoke", "nothing"]) != 0
    assert capsys.readouterr().err == "duckline: There is no API key with the id 'nothing'.\n"
    assert commands.main(["keys", "create", "ada", "admin"]) == 0
    assert commands.main(["keys", "create", "ada", "admin"]) != 0
    assert "Another key has the name 'ada': revoke it" in capsys.readouterr().err
    assert commands.main(["keys", "revoke", "ada"]) != 0
    (ada,) = tq.list_keys(())
    hint = f"There is no API key with the id 'ada'; the key of that name has the id {ada.id}.\n"
    assert capsys.readouterr().err == f"duckline: {hint}"
    assert commands.main(["keys", "create", "bob", "viewer", "--type", "send_mail"]) != 0
    assert "did you mean 'send_email'?" in capsys.readouterr().err


def test_a_time_that_is_no_number_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.main(["keys", "create", "bob", "viewer", "--expires-in", "90d"])
    assert "'90d' is no number of seconds; 90 days are 7776000" in capsys.readouterr().err


def test_the_command_is_part_of_the_command_line() -> None:
    shown = subprocess.run(
        [sys.executable, "app.py", "keys", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.returncode == 0
    assert "revoke" in shown.stdout


def test_the_help_lists_the_commands_for_people() -> None:
    shown = subprocess.run(
        [sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert shown.returncode == 0
    assert "debug-tasks" in shown.stdout and "consumers" not in shown.stdout


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("worker", "did you mean 'consumer'?"),
        ("start", "did you mean 'up'?"),
        ("verfy", "did you mean 'verify'?"),
        ("frobnicate", "alone lists them"),
    ],
)
def test_an_unknown_command_names_the_one_that_was_meant(
    capsys: pytest.CaptureFixture[str], word: str, hint: str
) -> None:
    assert commands.main([word, "high"]) == 64
    said = capsys.readouterr().err
    assert said.startswith(f"duckline: there is no command '{word}'; ")
    assert said.endswith(f"{hint}\n") and said.count("\n") == 1
