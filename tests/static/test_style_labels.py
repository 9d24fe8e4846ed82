"""A label that a style names is one that a script writes: a renamed one would lose its style."""

import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"


def test_every_label_in_a_style_is_written_by_a_script() -> None:
    styles = "".join(file.read_text() for file in (STATIC / "css").glob("*.css"))
    scripts = "".join(file.read_text() for file in (STATIC / "js").rglob("*.js"))
    labels = set(re.findall(r'data-label="([^"]+)"', styles))
    assert labels
    assert [label for label in labels if f"'{label}'" not in scripts] == []
