"""What a pattern finds, and what it never follows or opens."""

import os
import socket
from pathlib import Path

import pytest

from huey_tasks.watches.listing import Listing, Pattern, Version, list_files


def listed(root: Path, *patterns: str) -> Listing:
    return list_files(str(root), [Pattern(each) for each in patterns])


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(os.fsencode(path))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("inbox/*.png", {"inbox/a.png", "inbox/b c.png"}),
        ("./inbox//?.png", {"inbox/a.png"}),
        ("inbox/*", {"inbox/a.png", "inbox/b c.png", "inbox/x.csv"}),
        ("inbox/.*", {"inbox/.hidden.png"}),
        ("inbox/*/*.png", {"inbox/in/c.png"}),
        ("inbox/**/*.png", {"inbox/a.png", "inbox/b c.png", "inbox/in/c.png", "inbox/in/er/d.png"}),
        ("inbox/**", {"inbox/a.png", "inbox/b c.png", "inbox/x.csv", "inbox/in/c.png",
                      "inbox/in/er/d.png"}),
        ("*/in/[a-c].png", {"inbox/in/c.png"}),
        ("*.csv", {"top.csv"}),
        ("inbox/a.png", {"inbox/a.png"}),
        ("inbox/A.png", set()),
        ("inbox/in", set()),
    ],
)  # fmt: skip
def test_what_a_pattern_fits(tmp_path: Path, pattern: str, found: set[str]) -> None:
    put(tmp_path, "inbox/a.png", "inbox/b c.png", "inbox/x.csv", "inbox/.hidden.png", "top.csv",
        "inbox/in/c.png", "inbox/in/er/d.png", "inbox/.in/e.png", "outbox/a.png")  # fmt: skip
    if pattern.endswith("**"):
        (tmp_path / "outbox").rename(tmp_path / "elsewhere")
    listing = listed(tmp_path, pattern)
    assert listing.files.keys() == found
    assert listing.problem is None
    for path, version in listing.files.items():
        info = (tmp_path / path).stat()
        assert version == Version(info.st_size, info.st_mtime_ns)


def test_every_name_can_be_listed(tmp_path: Path) -> None:
    names = [
        "ä \u2028.png",
        os.fsdecode(b"\xff\xfe.png"),
        "a\nb.png",
        "[x].png",
        "-rf.png",
        "%s+.png",
    ]
    put(tmp_path, *(f"inbox/{name}" for name in names))
    assert listed(tmp_path, "inbox/*.png").files.keys() == {f"inbox/{name}" for name in names}
    assert listed(tmp_path, "inbox/[[]x].png").files.keys() == {"inbox/[x].png"}


def test_links_that_lead_out_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "functions", tmp_path / "outside"
    put(root, "inbox/real.png", "inbox/in/c.png", "other.png")
    put(outside, "secret.png")
    inbox = root / "inbox"
    (inbox / "inside.png").symlink_to(inbox / "real.png")
    (inbox / "out.png").symlink_to(outside / "secret.png")
    (inbox / "up.png").symlink_to("../other.png")
    (inbox / "gone.png").symlink_to("nowhere")
    (inbox / "loop.png").symlink_to("loop.png")
    (inbox / "folder").symlink_to(outside)
    (inbox / "round").symlink_to(inbox)
    (inbox / "folder.png").mkdir()
    os.mkfifo(inbox / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(inbox / "s.png"))
        found = listed(root, "inbox/**/*.png")
    assert found.files.keys() == {"inbox/real.png", "inbox/inside.png", "inbox/in/c.png"}
    assert found.problem is None
    (root / "linked").symlink_to(outside)  # named by the pattern itself: so it is wanted
    assert listed(root, "linked/*.png").files.keys() == {"linked/secret.png"}


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    missing = listed(tmp_path, "inbox/*.png", "*.csv")
    assert missing.problem == "inbox cannot be read: No such file or directory"
    assert len(missing.folders) == 1
    put(tmp_path, "inbox")
    assert listed(tmp_path, "inbox/*").problem == "inbox cannot be read: Not a directory"
    first = listed(tmp_path, "*").folders
    assert first == listed(tmp_path, "*").folders != listed(tmp_path.parent, "*").folders
