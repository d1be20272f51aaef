"""How the pictures of the papers are drawn: matplotlib without its global state, its own fonts, the same bytes twice.

Colours are the vermilion of Okabe and Ito (2008) and a blue darker than theirs, told apart by people who see colours
otherwise and by their grey; line style and marker tell the same, so that a black and white print loses nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, FAINT = "#212b32", "#5b6770", "#d8dde0"
BLUE, ORANGE = "#00558c", "#d55e00"
DOTS_AN_INCH = 120

FIRST: dict[str, Any] = {"color": BLUE, "linestyle": "-", "marker": "o", "markersize": 5}
SECOND: dict[str, Any] = {"color": ORANGE, "linestyle": "--", "marker": "s", "markersize": 5}
THIRD: dict[str, Any] = {"color": QUIET, "linestyle": ":"}

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
}


@contextmanager
def style() -> Iterator[None]:
    """The look of every picture, whatever a reader's own matplotlib settings say."""
    from matplotlib.style import context

    with context(["default", STYLE]):
        yield


def figure(width: float, height: float) -> Figure:
    """An empty picture, sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), dpi=DOTS_AN_INCH)
    FigureCanvasAgg(drawn)
    return drawn


def png(drawn: Figure) -> bytes:
    """The picture as PNG, without a date or the version of a program."""
    out = io.BytesIO()
    drawn.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def title(axes: Axes, text: str) -> None:
    """A heading to the left, above the legend if there is one."""
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold", pad=10)


def legend_above(axes: Axes, lines: int = 1) -> None:
    """The legend, two names a line, between heading and axes, so that it never lies on the data."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, borderaxespad=0.2, handlelength=3)
    axes.set_title(axes.get_title(loc="left"), loc="left", fontsize=11, fontweight="bold", pad=12 + 17 * lines)
