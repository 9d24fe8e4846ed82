"""What `lua_lines.py` drops from a script, and what it leaves alone; running it takes too long."""

from tests.engine.lua_lines import ALL, REPOSITORY, TESTS, mutants

SCRIPT = """\
-- a comment
local one = call('A',
  'B', 1)

if one then return end
for _, id in ipairs(one) do
  call(id) -- why
end
if one then
  first()
elseif two then
  second()
else
  third()
end
"""


def test_statements_branches_and_blocks_are_dropped_as_a_whole() -> None:
    spans = {(mutant.first, mutant.last) for mutant in mutants("x", SCRIPT)}
    assert spans == {
        (2, 3),  # a statement of two lines
        (3, 3),  # and its second line
        (5, 5),  # a block in one line
        (6, 8),  # a loop
        (7, 7),  # what is in it
        (9, 10),  # the branches
        (10, 10),
        (11, 12),
        (12, 12),
        (13, 14),
        (14, 14),
    }


def test_a_survivor_is_named_by_its_script_and_lines() -> None:
    assert [str(mutant) for mutant in mutants("x", SCRIPT)][:2] == [
        "x.lua:2-3: local one = call('A',",
        "x.lua:3: 'B', 1)",
    ]


def test_the_tests_that_look_at_a_script_are_there() -> None:
    named = {name for names in (ALL, *TESTS.values()) for name in names}
    assert [name for name in sorted(named) if not (REPOSITORY / "tests" / name).is_file()] == []
