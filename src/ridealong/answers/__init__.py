"""Answers are data: the cells that hold them, and how they are read from a notebook.

An answer cell starts with `%%sql name`, `%%ddl name`, `%%yaml name` or `%%quiz name`, or it
assigns a literal, or it defines a function. `read` takes any of them from the file, without
running it; in a kernel the cell magics bind the same text to the same name.
"""

from ridealong.answers.answer import Answer, DdlAnswer, SqlAnswer
from ridealong.answers.magics import bound, register
from ridealong.answers.reading import Answers, read
from ridealong.answers.table import Table

__all__ = ["Answer", "Answers", "DdlAnswer", "SqlAnswer", "Table", "bound", "read", "register"]
