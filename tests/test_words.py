"""The words of docs/glossary.md: no text brings back one that its last table rules out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import app

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"

#: Text without code marks is checked; a name in them may be one that Redis or Huey knows.
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]

#: Checked as a whole: names, strings, docstrings and comments.
CLEAN = [
    ".env.example",
    "Makefile",
    "app.py",
    "benchmarks",
    "deploy",
    "docker-compose.yml",
    "duckline",
    "gunicorn.conf.py",
    "huey_tasks/__init__.py",
    "huey_tasks/access",
    "huey_tasks/api",
    "huey_tasks/audit",
    "huey_tasks/broker",
    "huey_tasks/cleanup",
    "huey_tasks/config.py",
    "huey_tasks/consumer",
    "huey_tasks/credentials",
    "huey_tasks/declaration",
    "huey_tasks/errors.py",
    "huey_tasks/events",
    "huey_tasks/execution",
    "huey_tasks/flows",
    "huey_tasks/functions",
    "huey_tasks/huey_adapter",
    "huey_tasks/log_stream.py",
    "huey_tasks/logs.py",
    "huey_tasks/monitoring",
    "huey_tasks/operations",
    "huey_tasks/processes",
    "huey_tasks/queues.py",
    "huey_tasks/records",
    "huey_tasks/redis_urls.py",
    "huey_tasks/registry",
    "huey_tasks/schedules",
    "huey_tasks/search",
    "huey_tasks/serializer.py",
    "huey_tasks/settings",
    "huey_tasks/submission",
    "huey_tasks/tasks",
    "huey_tasks/values",
    "loadtests",
    "static/css",
    "static/js",
    "web",
]

#: A text in JavaScript, and what makes it a sentence: four words from a capital on, or a full stop.
_LITERAL = re.compile(r"'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`")
_SENTENCE = re.compile(r"\s?[A-Z][a-z’]*(?:[,:]?\s[“(]?[A-Za-z’0]+){3}|.*\s.*[a-z]{3}\.$")

#: What may part the words of a phrase: spaces, a new line, its comment marks or quotes.
_GAP = r"[\s#*/\"'`|-]+"


def _banned() -> dict[str, re.Pattern[str]]:
    """Each banned phrase of the glossary's last table, and what finds it in a text."""
    table = GLOSSARY.read_text().partition("## Words we do not use")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    phrases = [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row)]
    return {phrase: _pattern(phrase) for phrase in phrases if phrase != "…"}


def _pattern(phrase: str) -> re.Pattern[str]:
    between = rf"{_GAP}(?:[\w`]+{_GAP}){{0,2}}"
    parts = [_GAP.join(map(re.escape, part.split())) for part in phrase.split("…")]
    return re.compile(rf"\b{between.join(parts)}\b", re.IGNORECASE)


BANNED = _banned()


def _found(text: str) -> list[str]:
    lines = [
        f"line {text.count(chr(10), 0, hit.start()) + 1}: {hit.group()!r} ({phrase})"
        for phrase, pattern in BANNED.items()
        for hit in pattern.finditer(text)
    ]
    return sorted(lines, key=lambda line: int(re.findall(r"\d+", line)[0]))


def _without_code(text: str) -> str:
    """Drop what is in code marks, and the addresses of links; keep the lines."""
    return re.sub(r"`[^`\n]*`|\]\([^)\n]*\)", "", text)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Every title, summary and description of the OpenAPI document.

    Without the titles that pydantic makes of a field's name, which is on the wire.
    """
    if isinstance(value, dict):
        here = cast("dict[str, Any]", value)
        for key, inner in here.items():
            if key in {"title", "summary", "description"} and isinstance(inner, str):
                if key != "title" or inner != name.replace("_", " ").title():
                    yield inner
            else:
                yield from _texts(inner, str(here.get("name", key)))
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _texts(inner)


def _files(names: list[str]) -> list[Path]:
    inside = [ROOT / name for name in names]
    found = [f for path in inside for f in (path.rglob("*") if path.is_dir() else [path])]
    found = [file for file in found if ".peers" not in file.parts]  # other systems, installed
    skip = {"__pycache__", "results"}
    return sorted(f for f in found if f.is_file() and not skip & set(f.parts))


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_the_glossary_lists_words_and_finds_them() -> None:
    assert len(BANNED) > 40
    for text in ("is told", "put it back", "puts what\n# it back", "SO\n  many", "hold still"):
        assert _found(text), text
    for text in ("set_aside", "untold", "so that many", "back"):
        assert not _found(text), text


@pytest.mark.parametrize("file", sorted(DOCUMENTS), ids=_name)
def test_a_document_uses_the_words_of_the_glossary(file: Path) -> None:
    assert _found(_without_code(file.read_text())) == []


@pytest.mark.parametrize("file", _files(CLEAN), ids=_name)
def test_a_file_uses_the_words_of_the_glossary(file: Path) -> None:
    assert _found(file.read_text()) == []


def test_the_api_uses_the_words_of_the_glossary() -> None:
    document = app.create_app().test_client().get("/openapi.json").get_json()
    texts = set(_texts(document))
    assert len(texts) > 300
    assert {text: hits for text in texts if (hits := _found(text))} == {}


def _sentences(file: Path) -> list[str]:
    code = re.sub(r"/\*.*?\*/|^\s*//.*?$|^import .*?$", "", file.read_text(), flags=re.S | re.M)
    literals = [plain or template for plain, template in _LITERAL.findall(code)]
    return [text for text in literals if _SENTENCE.match(re.sub(r"\$\{[^}]*\}", "0", text))]


def test_every_sentence_of_the_pages_is_in_the_folder_of_texts() -> None:
    pages = ROOT / "static" / "js"
    found = {
        _name(file): sentences
        for file in pages.rglob("*.js")
        if file.parent.name != "texts" and (sentences := _sentences(file))
    }
    # A program that people copy, and the payload of an example, are no sentences of a page.
    programs = {"static/js/schedules/page.js", "static/js/tasks/completion.js"}
    assert {name: sentences for name, sentences in found.items() if name not in programs} == {}
    assert sum(len(_sentences(file)) for file in (pages / "texts").glob("*.js")) > 100
