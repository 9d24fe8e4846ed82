"""Draws one bar chart as SVG: `plot.py <file>` reads the plot as JSON from standard input."""

import json
import sys

import matplotlib

matplotlib.use("svg")
# The same plot gives the same file, so that only figures that changed show up in a diff.
matplotlib.rcParams["svg.hashsalt"] = "duckline"
matplotlib.rcParams["font.family"] = "sans-serif"

from matplotlib import pyplot  # noqa: E402

OURS, THEIRS, INK = "#0d9488", "#94a3b8", "#334155"


def draw(file, plot):
    bars = plot["bars"][::-1]  # the first at the top
    figure, axes = pyplot.subplots(figsize=(7.2, 0.9 + 0.38 * len(bars)))
    labels = [bar["label"] for bar in bars]
    middles = [bar["middle"] for bar in bars]
    below = [max(bar["middle"] - bar["lowest"], 0) for bar in bars]
    above = [max(bar["highest"] - bar["middle"], 0) for bar in bars]
    colours = [OURS if label.startswith("Duckline") else THEIRS for label in labels]
    axes.barh(labels, middles, color=colours, height=0.66)
    axes.errorbar(middles, labels, xerr=[below, above], fmt="none", ecolor=INK, elinewidth=1)
    for position, bar in enumerate(bars):
        axes.annotate(
            f" {bar['middle']:,.3g}" if bar["middle"] < 100 else f" {bar['middle']:,.0f}",
            (bar["highest"], position), va="center", fontsize=8, color=INK,
        )  # fmt: skip
    axes.set_title(plot["title"], loc="left", fontsize=10, color=INK)
    axes.set_xlabel(plot["unit"], fontsize=8, color=INK)
    axes.margins(x=0.12)
    axes.tick_params(labelsize=8, colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.patch.set_alpha(0)
    axes.patch.set_facecolor("white")
    figure.tight_layout()
    figure.savefig(file, format="svg", metadata={"Date": None}, facecolor="white")


draw(sys.argv[1], json.load(sys.stdin))
