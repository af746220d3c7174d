"""Pictures that say in words what they show, and look the same on every run."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import sys
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with every common kind of colour blindness.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
PINK = "#CC79A7"
YELLOW = "#E69F00"
SKY = "#56B4E9"
GREY = "#5F6368"
INK = "#1F2328"
SERIES = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)
SERIES_MARKERS = ("o", "s", "^", "D", "v", "P")
SERIES_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))

_CSS_PIXELS_PER_INCH = 96
_PIXEL_RATIO = 1.75  # sharp on dense screens without doubling the size of the notebook
_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is there on every machine
    "font.size": 10.5,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": False,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # a `$parameter` in a title is no formula
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": "#D9DCE0",
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A drawn figure with its description in words.

    The figure is drawn once, on white so that it reads in a light and a dark theme, and
    closed. JupyterLab gives an `image/png` output no description, whatever its metadata
    say, so the notebook gets an `<img>` whose `alt` text is the description.

    Args:
        figure: A matplotlib figure; it is closed and must not be drawn on any more.
        alt: What the picture shows, in words that stand in for it.

    Raises:
        ValueError: `alt` is empty.

    Example:
        >>> from matplotlib.figure import Figure
        >>> Picture(Figure(figsize=(1, 1)), "An empty square.")
        Picture: An empty square.
    """

    figure: InitVar[Figure]
    alt: str
    png: bytes = field(init=False)
    width_pixels: int = field(init=False)

    def __post_init__(self, figure: Figure) -> None:
        alt = " ".join(self.alt.split())
        if not alt:
            message = "A picture needs its description: Picture(figure, 'what it shows')."
            raise ValueError(message)
        object.__setattr__(self, "alt", alt)
        object.__setattr__(
            self, "width_pixels", round(figure.get_figwidth() * _CSS_PIXELS_PER_INCH)
        )
        object.__setattr__(self, "png", _png(figure))

    def html(self) -> str:
        """Return the picture as one `<img>` element that needs no file beside it."""
        data = base64.b64encode(self.png).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{self.width_pixels}" '
            'style="max-width: 100%; background-color: #ffffff; border-radius: 4px" '
            f'src="data:image/png;base64,{data}">'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"


@dataclass(frozen=True, slots=True, repr=False)
class Drawing:
    """A drawing of lines and text with its description in words, on white like a `Picture`.

    Attributes:
        svg: the drawing, a whole `<svg>` element.
        alt: what it shows, in words that stand in for it.
        text: what a reader without pictures gets.
        width: in pixels of the page.
    """

    svg: str
    alt: str
    text: str
    width: int

    def html(self) -> str:
        """Return the drawing as one `<img>` element that needs no file beside it."""
        data = base64.b64encode(self.svg.encode()).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{self.width}" '
            'style="max-width: 100%; background-color: #ffffff; border-radius: 4px" '
            f'src="data:image/svg+xml;base64,{data}">'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}

    def __repr__(self) -> str:
        return self.text


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the course's style inside the `with` block, whatever the notebook has set."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)  # type: ignore[arg-type]
        yield


def axes(width_inches: float = 7.5, height_inches: float = 3.5) -> tuple[Figure, Axes]:
    """Return a new figure with one pair of axes, not known to pyplot."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    return figure, figure.add_subplot()


def _png(figure: Figure) -> bytes:
    from PIL import Image

    drawn = io.BytesIO()
    dots_per_inch = _CSS_PIXELS_PER_INCH * _PIXEL_RATIO
    figure.savefig(drawn, format="png", dpi=dots_per_inch, facecolor="white")
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)  # else the inline backend shows it a second time
    # 64 colours keep edges smooth and make the notebook about three times smaller;
    # saving anew also leaves out the date and the software's version.
    image = Image.open(drawn).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small = io.BytesIO()
    image.save(small, format="png", optimize=True)
    return small.getvalue()
