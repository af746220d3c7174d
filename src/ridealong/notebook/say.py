"""The sentence for the interview, filled with the learner's own numbers."""

from __future__ import annotations

import html
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ridealong.answers.texts import SqlAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class Sentence:
    """A sentence that shows itself as a quotation."""

    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        quotation = (
            '<blockquote style="font-size: 1.1em; border-left: 4px solid #0072B2; '
            f'padding: 0.3em 1em; margin: 0.5em 0">{html.escape(self.text)}</blockquote>'
        )
        return {"text/plain": self.text, "text/html": quotation}

    def __repr__(self) -> str:
        return self.text


def say(sentence: str, *, names: Mapping[str, Any] | None = None) -> Sentence:
    """Fill a sentence with the results of the notebook's answers.

    `{rider_history.rows}` is the number of rows of that answer, `{spend.total:,.2f}` the
    column `total` of its first row, `{rider_id}` a plain value, `{twice.asked}` what a thing has
    under that name. Of an answer in YAML `{plan.rows}` is how many entries it has,
    `{decision.choice}` the entry `choice` (`_` stands for `-` as well), `{limits.rider.burst}` that of a key in it, and `{contract.answers}` how many
    answers the operations of a contract describe. What is not answered yet appears as
    `[answer rider_history first]`.

    Args:
        sentence: The text with its placeholders; format specs are those of f-strings.
        names: Where the answers are looked up; default: the notebook's variables.

    Raises:
        ValueError: The braces of the sentence do not match.
    """
    known = _notebook_names() if names is None else names
    return Sentence(_Filler(known).format(sentence))


def _notebook_names() -> Mapping[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return {} if shell is None else dict(shell.user_ns)


class _Filler(string.Formatter):
    """Formats `{answer.column}` from results, each answer run once."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._results: dict[str, pd.DataFrame | None] = {}

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        name, _, column = field_name.partition(".")
        value = self._names.get(name)
        if value is None or value is Ellipsis or (isinstance(value, str) and not value.strip()):
            return _Gap(f"[answer {name} first]"), name
        if isinstance(value, SqlAnswer):
            return self._from_result(name, value, column), name
        if column and isinstance(value, (dict, list)):
            return _from_document(name, value, column), name
        if column:
            return getattr(value, column, _Gap(f"[{name} has no {column}]")), name
        return value, name

    def _from_result(self, name: str, answer: SqlAnswer, column: str) -> Any:
        if name not in self._results:
            self._results[name] = _result(answer)
        result = self._results[name]
        if result is None:
            return _Gap(f"[{name} does not run yet]")
        if column in ("", "rows"):
            return len(result)
        by_lower = {str(known).lower(): known for known in result.columns}
        if column.lower() not in by_lower:
            return _Gap(f"[{name} has no column {column}]")
        if result.empty:
            return _Gap(f"[{name} has no rows]")
        return result[by_lower[column.lower()]].iloc[0]


def _from_document(name: str, value: dict[Any, Any] | list[Any], path: str) -> Any:
    """Return a part of a YAML answer, or how many parts it has."""
    if isinstance(value, dict) and "openapi" in value and path in ("answers", "operations"):
        return _of_contract(name, value, path)
    key, _, rest = path.partition(".")
    if key == "rows":
        return len(value)
    named = (
        {str(known).replace("-", "_"): part for known, part in dict(value).items()}
        if isinstance(value, dict)
        else {}
    )
    part = named.get(key, _Gap(f"[{name} has no {key}]"))
    if rest and not isinstance(part, _Gap):
        is_more = isinstance(part, (dict, list))
        return _from_document(name, part, rest) if is_more else _Gap(f"[{name} has no {rest}]")
    return ", ".join(map(str, part)) if isinstance(part, list) else part


def _of_contract(name: str, contract: dict[Any, Any], key: str) -> Any:
    """Return how many operations of a contract have answers, or how many answers they have."""
    paths = contract.get("paths")
    items = [each for each in paths.values() if each] if isinstance(paths, dict) else []
    found = [
        operation["responses"]
        for item in items
        if isinstance(item, dict)
        for operation in item.values()
        if isinstance(operation, dict) and isinstance(operation.get("responses"), dict)
    ]
    if not found:
        return _Gap(f"[answer {name} first]")
    return len(found) if key == "operations" else sum(map(len, found))


class _Gap(str):
    """Words in the place of a number that is not there; any format spec leaves them alone."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)


def _result(answer: SqlAnswer) -> pd.DataFrame | None:
    from ridealong.engine.statement import QueryFailed

    try:
        return answer.df()
    except QueryFailed:
        return None
