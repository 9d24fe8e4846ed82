"""How the loader puts a script together: its parts, its arguments, the names of fields."""

import json
import re
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import script_text as loader
from huey_tasks.broker.protocol import About, Argument, Cause, Commit, Gate, NewTask, Sent
from huey_tasks.broker.script_text import LUA, parts_of, script_text
from huey_tasks.broker.states import Ending
from tests.engine.helpers import scripts

SCRIPTS = sorted(file.stem for file in LUA.glob("*.lua"))
FILES = sorted(file.relative_to(LUA).with_suffix("").as_posix() for file in LUA.rglob("*.lua"))


@pytest.fixture
def lua(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts of the test's own, with an empty part `keys`."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/keys.lua").write_text("")
    monkeypatch.setattr(loader, "LUA", tmp_path)
    script_text.cache_clear()
    return tmp_path


def test_a_script_names_its_arguments_and_where_others_begin(lua: Path) -> None:
    (lua / "say.lua").write_text("-- args: id token\nreturn { id, token, ARGV[MORE] }")
    arguments, text = script_text("say")
    assert arguments == ("id", "token")
    assert "local MORE, id, token = 3, ARGV[1], ARGV[2]\n" in text


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("NewTask.id", "1"),
        ("NewTask.flow", str(len(NewTask._fields))),
        ("NewTask.COUNT", str(len(NewTask._fields))),
        ("NewTask.NAMES", ", ".join(f"'{name}'" for name in NewTask._fields)),
        ("Gate.callback", "2"),
        ("Ending.UNBEGUN", "'UNBEGUN'"),
        ("Ending.RELEASED", "'PENDING'"),
        ("TaskState.RETRY", "'RETRY'"),
        ("Ties.gate", "2"),
        ("Ties.type", "3"),
    ],
)
def test_a_name_becomes_a_constant(lua: Path, name: str, constant: str) -> None:
    (lua / "say.lua").write_text(
        f"-- args: id\n-- record Ties: token gate\n--   type\nreturn {{ {name} }} -- {name}"
    )
    assert f"return {{ {constant} }} -- {name}\n" in script_text("say").text


@pytest.mark.parametrize("name", ["NewTask.colour", "Ending.HAPPY", "Nothing.id"])
def test_a_wrong_name_fails_before_redis_sees_it(lua: Path, name: str) -> None:
    (lua / "say.lua").write_text(f"-- args: id\nreturn {name}")
    with pytest.raises(ValueError, match=name):
        script_text("say")


def test_each_part_comes_once_and_behind_those_it_needs(lua: Path) -> None:
    (lua / "lib/clock.lua").write_text("-- the clock")
    (lua / "lib/queue.lua").write_text("-- with: clock\n-- last of all: ring\n-- the queue")
    (lua / "lib/finish.lua").write_text("-- with: queue clock\n-- at the end: write\n-- the end")
    (lua / "say.lua").write_text("-- args: id\n-- with: finish clock\n-- the script")
    text = script_text("say").text
    found = [text.index(part) for part in ("-- the clock", "-- the queue", "-- the end", "run()")]
    assert found == sorted(found) and text.count("-- the clock") == 1
    assert text.endswith(
        "local answer = run()\nwrite()\nring()\nreturn answer\nend\nreturn script()"
    )


def test_a_part_that_answers_first_is_made_without_the_others(lua: Path) -> None:
    (lua / "lib/clock.lua").write_text("local NOW = 1")
    (lua / "lib/queue.lua").write_text("local function wait() return 2 end")
    (lua / "lib/short.lua").write_text("-- with: clock\nif id then return NewTask.type + NOW end")
    (lua / "say.lua").write_text(
        "-- args: id\n-- with: queue\n-- tries first: short\nreturn wait()"
    )
    first, long = script_text("say").text.split("if answer then return answer end\n")
    assert first.startswith("local function first()\n") and first.endswith("answer = first()\n")
    assert "local NOW = 1" in first and "local MORE, id" in first and "return 3 + NOW" in first
    assert "wait" not in first and "NOW" not in long and "return wait()" in long


def test_a_script_gets_only_the_definitions_that_it_uses(lua: Path) -> None:
    (lua / "lib/deep.lua").write_text(
        "local DEEP = 1\nlocal function deep()\n  return DEEP\nend\nlocal function mad()\nend"
    )
    (lua / "lib/own.lua").write_text("local A, B = 1, 2\nlocal function own() return B end")
    (lua / "say.lua").write_text("-- args: id\n-- with: deep\n-- own parts: own\nreturn deep(B)")
    text = script_text("say").text
    defined = re.findall(r"^local (?:function )?(\w+)", text, re.MULTILINE)
    assert defined == ["script", "DEEP", "deep", "MORE", "run", "A", "answer"]


RARE = """\
local kept, MOST = {}, 2
local LEAST = 1
local function deep()
  return MOST + LEAST
end
local function rare()
  kept.one = deep()
end
local function often(x)
  if x then
    -- rarely: there is an x

    rare()
  end
  return 1
end
"""


def _say(lua: Path, part: str) -> str:
    (lua / "lib/part.lua").write_text(part)
    (lua / "say.lua").write_text("-- args: id\n-- with: part\nreturn often(id)")
    return script_text("say").text


def test_what_only_a_rare_call_needs_is_made_when_one_comes_there(lua: Path) -> None:
    text = _say(lua, RARE)
    inside = text[text.index("if x then") : text.index("return 1")]
    for made in ("local LEAST =", "local function deep()", "local function rare()"):
        assert text.count(made) == inside.count(made) == 1


def test_what_keeps_something_is_made_once_for_a_call(lua: Path) -> None:
    text = _say(lua, RARE)
    assert text.index("local kept, MOST =") < text.index("local function often(x)")
    assert text.count("local kept, MOST =") == 1


def test_what_usual_calls_need_too_is_made_for_all(lua: Path) -> None:
    text = _say(lua, RARE.replace("return 1", "return deep()"))
    assert text.index("local function deep()") < text.index("local function often(x)")
    counts = [text.count(f"local function {name}(") for name in ("deep", "rare")]
    assert counts == [1, 1]


def test_two_rare_blocks_have_one_function_each(lua: Path) -> None:
    text = _say(
        lua, RARE.replace("return 1", "if not x then\n    -- rarely: no x\n    deep()\n  end")
    )
    assert [text.count(f"local function {name}(") for name in ("deep", "rare")] == [2, 1]


def test_a_rare_block_hides_no_variable_of_the_code_around_it(lua: Path) -> None:
    text = _say(lua, RARE.replace("often(x)", "often(deep, x)"))
    assert text.index("local function deep()") < text.index("local function often(deep, x)")
    assert text.count("local function deep()") == 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_redis_compiles_each_script(name: str) -> None:
    broker = tq.default.broker.redis
    assert broker.script_load(script_text(name).text)


def test_a_script_without_arguments_is_refused(lua: Path) -> None:
    (lua / "say.lua").write_text("return 1")
    with pytest.raises(ValueError, match="-- args:"):
        script_text("say")


def test_a_text_is_put_together_once() -> None:
    script_text.cache_clear()
    named: dict[str, Argument] = dict.fromkeys(script_text("step").arguments, 0)
    runner = scripts()
    assert runner.load("step", named) is runner.load("step", named)
    assert script_text.cache_info().misses == 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_may_fail_on_what_it_finds_comes_last(name: str) -> None:
    """The history is merged from what Redis stores: if that fails, nothing else is lost."""
    text = script_text(name).text
    if "local function write_counts()" in text:
        assert text.endswith("write_counts()\nreturn answer\nend\nreturn script()")


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_the_parts_that_it_uses_and_no_others(name: str) -> None:
    text = _read(name)
    parts = [part for part in FILES if part != name and part not in _tried_first()]
    homes = {word: part for part in parts for word in _defined(part)}
    own = set(re.findall(r"-- own parts: (.+)", text))
    siblings = {f"lib/{part}" for line in own for part in line.split()}
    used = {homes[word] for word in _words(name) & set(homes)} - siblings
    named = re.search(r"^-- with: (.+)$", text, re.MULTILINE)
    if name in _own_parts_of_scripts():
        used -= _own_parts_of_scripts()
    assert used - {"lib/keys"} == {f"lib/{part}" for part in (named[1].split() if named else ())}


def test_a_part_that_one_script_has_for_its_own_no_other_uses() -> None:
    shared = {part for name in SCRIPTS for part in parts_of(_read(name))}
    assert {f"lib/{part}" for part in shared}.isdisjoint(_own_parts_of_scripts())


@pytest.mark.parametrize("name", FILES)
def test_no_field_is_read_by_its_number(name: str) -> None:
    assert re.findall(r"\b(?!KEYS\b)\w+\[\d+\]", _code(name)) == []


def test_a_commit_has_the_names_that_lua_reads() -> None:
    new = NewTask("id", b"{}", "echo")
    about, cause = About("echo", 1, 0.1, ""), Cause("f", "E", "", "m")
    full = Commit("id", "token", "RETRY", 5, 1, 0.1, "why", (new,), (Gate(1, new),), cause,
                  "{}", "lock:a", "{}", about).sent(b"{}")  # fmt: skip
    read = {
        name
        for part in ("lib/commit", "lib/endings")
        for name in re.findall(r"\bdone\.(\w+)", _code(part))
    }
    assert read == {*Sent._fields, *json.loads(full.more)} - {"more"}


def test_every_ending_is_read_by_a_script() -> None:
    texts = "".join(_code(name) for name in FILES)
    assert all(f"Ending.{ending.name}" in texts for ending in Ending)


def _read(name: str) -> str:
    return (LUA / f"{name}.lua").read_text()


def _code(name: str) -> str:
    return _without_comments(_read(name))


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("--")[0] for line in text.splitlines())


def _words(name: str) -> set[str]:
    """The words of a file that may be names of parts: no texts, no fields, none of its own."""
    code = re.sub(r"'[^']*'", "", _code(name))
    local = set(re.findall(r"\blocal (?:function )?([\w, ]+)", code))
    own = {word for names in local for word in re.split(r"\W+", names)}
    own |= {
        word for names in re.findall(r"function \w*\(([\w, ]+)", code) for word in names.split(", ")
    }
    return set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", code)) - own


def _defined(part: str) -> set[str]:
    if not part.startswith("lib/"):
        return set()
    names = re.findall(r"^local (?:function )?([\w, ]+?)(?:\(| =|$)", _code(part), re.MULTILINE)
    return {word for line in names for word in line.split(", ")}


def _tried_first() -> set[str]:
    """Whole scripts in themselves: no other file has their names."""
    lines = [line for name in SCRIPTS for line in re.findall(r"-- tries first: (.+)", _read(name))]
    return {f"lib/{part}" for line in lines for part in line.split()}


def _own_parts_of_scripts() -> set[str]:
    lines = [line for name in SCRIPTS for line in re.findall(r"-- own parts: (.+)", _read(name))]
    return {f"lib/{part}" for line in lines for part in line.split()}
