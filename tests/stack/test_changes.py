"""What `make dev` takes for a change: source files, and nothing that tools leave beside them."""

import asyncio
from pathlib import Path

import pytest

from duckline.stack.changes import Changes, Watched

SCRATCH = (
    "4913", ".mail.py.swp", "mail.py~", "#mail.py#", ".#mail.py", ".mail.py", "._mail.py",
    ".~mail.py", "~mail.py", "mail_flymake.py", "flycheck_mail.py", "mail.py.tmp",
    "mail.py___jb_tmp___", "__pycache__/mail.py", "__pycache__/mail.cpython-311.pyc",
    ".ipynb_checkpoints/mail.py", ".vscode/settings.json", ".ruff_cache/0/mail.json",
    ".cache/deep/er/mail.py",
)  # fmt: skip


@pytest.mark.parametrize("is_whole", [True, False])
def test_only_source_files_count(tmp_path: Path, is_whole: bool) -> None:
    """The stack restarted for a hidden copy, or for the settings of an editor."""
    folder = tmp_path / ".projects" / "shop"  # which may be hidden itself
    folder.mkdir(parents=True)
    source = folder / "mail.py"

    async def changed() -> set[Path]:
        changes, first = Changes(), folder / "first.py"
        whole, flat = frozenset({folder}), frozenset[Path]()
        changes.follow(Watched(whole, flat) if is_whole else Watched(flat, whole))
        waiting = asyncio.ensure_future(changes.next())
        while not waiting.done():  # until the watch has begun
            first.write_text(first.read_text() + "#" if first.exists() else "#")
            await asyncio.wait([waiting], timeout=0.1)
        for name in SCRATCH:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x")
        source.write_text("x")
        found = set[Path]()
        while source not in found:
            found |= await changes.next()
        await changes.close()
        return found - {first}

    assert asyncio.run(asyncio.wait_for(changed(), 60)) == {source}
