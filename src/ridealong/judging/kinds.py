"""The table of the kinds of answer. A new kind is a room of its own and a line here."""

from collections.abc import Iterable

from ridealong.judging.ddl import DDL
from ridealong.judging.kind import Kind
from ridealong.judging.python import FUNCTION, VALUE
from ridealong.judging.quiz import QUIZ
from ridealong.judging.sql import SQL
from ridealong.judging.yaml_document import YAML


def table(kinds: Iterable[Kind]) -> dict[str, Kind]:
    """Return kinds by name."""
    return {kind.name: kind for kind in kinds}


KINDS = table([SQL, DDL, YAML, QUIZ, VALUE, FUNCTION])


def of_exercises() -> dict[str, Kind]:
    """Return the kinds that `kind =` of an exercise may name."""
    return {name: kind for name, kind in KINDS.items() if kind.results is not None}
