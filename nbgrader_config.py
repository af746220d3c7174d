"""nbgrader's settings for this course: `solutions/` is the source, `notebooks/` is released."""

from pathlib import Path

from ridealong.authoring.nbgrader import configure

c = get_config()  # noqa: F821  # defined by the loader of this file
configure(c, Path(__file__).resolve().parent)
