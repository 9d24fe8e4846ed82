"""Tables: for the terminal and for Markdown, from the same rows (headings first)."""

from collections.abc import Sequence

Rows = Sequence[Sequence[str]]


def text(rows: Rows) -> str:
    """Columns padded with spaces; the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown(rows: Rows, *, texts: int = 1) -> str:
    """A table for Markdown; the first `texts` columns to the left, numbers to the right."""
    head, *body = rows
    rule = ["---" if column < texts else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])
