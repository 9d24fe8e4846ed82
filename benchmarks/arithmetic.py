"""The arithmetic of the tables: medians, percentiles, ratios."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def spread(values: Sequence[float]) -> str:
    """Lowest to highest, as tables show it."""
    return f"{min(values):,.0f} – {max(values):,.0f}"


def times(ours: float, theirs: float) -> str:
    """How many times `theirs` ours is."""
    return f"{ours / theirs:.1f} x" if ours and theirs else ""
