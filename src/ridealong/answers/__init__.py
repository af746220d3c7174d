"""Answers are data: reading them from a notebook's file, without running anything.

An answer cell starts with `%%sql name`, `%%ddl name`, `%%yaml name` or `%%quiz name`, or it
assigns a literal, or it defines a function. `read` takes any of them from the file; in a kernel
the cell magics bind the same text to the same name.
"""

from ridealong.answers.reading import Answers, read

__all__ = ["Answers", "read"]
