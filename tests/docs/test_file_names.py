"""A file that a page, or a comment of a script, names is there, also after a rename."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
SCRIPTS = list((ROOT / "huey_tasks" / "broker" / "lua").rglob("*.lua"))

#: Files that a reader makes, or that AWS reads.
OF_READERS = {
    "my_tasks/images.py", "a/tasks.py", "b/tasks.py", "email.py", "lambda_function.py",
    "handler.py", "main.py",
}  # fmt: skip

_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_IN_MARKS = re.compile(r"`([\w./-]+\.(?:py|lua|js))`")
_IN_COMMENT = re.compile(r"--.*?\b(\w+\.(?:py|lua))\b")


def _known() -> set[str]:
    """Every end of the path of a file of ours: `slot.py`, `execution/slot.py` and so on."""
    folders = [ROOT / name for name in ("duckline", "huey_tasks", "static", "tests", "web")]
    files = [*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.*"))]
    paths = [file.relative_to(ROOT).parts for file in files]
    return {"/".join(parts[at:]) for parts in paths for at in range(len(parts))} | OF_READERS


def test_pages_and_scripts_name_files_that_are_there() -> None:
    named = {
        (path.name, file)
        for paths, pattern in ((PAGES, _IN_MARKS), (SCRIPTS, _IN_COMMENT))
        for path in paths
        for file in pattern.findall(_BLOCK.sub("", path.read_text()))
    }
    known = _known()
    assert {(page, file) for page, file in named if file not in known} == set()
