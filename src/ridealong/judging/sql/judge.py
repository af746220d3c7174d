"""Judge an answer by what it gives on four data sets; the same code wherever it is asked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ridealong.answer import Answer
from ridealong.engine import sqltext
from ridealong.engine.fingerprint import FEW_ROWS, Fingerprint, of_error
from ridealong.engine.locked import SHIFT_IN_WORDS
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped
from ridealong.judging.kind import Task
from ridealong.judging.sql.compare import (
    PROPERTIES,
    Difference,
    difference,
    needless_limit,
    order_in_words,
)
from ridealong.judging.sql.query import VARIANTS, database, log_of, parameter_sets
from ridealong.judging.sql.run import run
from ridealong.judging.worker import Worker
from ridealong.verdict import Property, Verdict

WHERE: Final = {
    "public": "on the public data",
    "hidden": "on other data of the same shape",
    "edge": "on the 12-row edge set",
    "shifted": f"when the clock is moved {SHIFT_IN_WORDS} back",
}
ALL_WELL: Final = (
    "the same on other data of the same shape, on the 12-row edge set and when the clock is moved"
)
UNSTEADY: Final = (
    "A second run gave other rows: something is left to chance, such as which rows LIMIT or arg_max "
    "takes where several tie."
)

_CLOCK_OF_CASES: Final = re.compile(r"MACRO as_of\(\) AS TIMESTAMP '([^']*)'")
Results = dict[str, list[Fingerprint]]
_LARGE: Final = ("public", "hidden")


def judge_query(task: Task, answer: Answer, worker: Worker) -> Verdict:
    """Return the verdict on a query.

    Raises:
        DatasetError: when the data to judge on can be neither found nor built.
    """
    return _Judge(task, answer.text, worker).verdict()


def where(variant: str, cases: str) -> str:
    """Return which data set it is, as a sentence begins with it, and what a task adds to it."""
    place = WHERE[variant].capitalize()
    if variant == "edge" and cases:
        place += ", with rows added for this task"
        if clock := _CLOCK_OF_CASES.search(cases):
            place += f" and the clock at {clock[1]}"
    return place


class _Judge:
    """One query and what is expected of it."""

    def __init__(self, task: Task, text: str, worker: Worker) -> None:
        entry = task.entry
        self.id = task.id
        self.entry = entry
        self.text = text
        self.worker = worker
        self.hidden = (task.hidden_seed, task.hidden_scale)
        self.order: Sequence[str] = entry.get("order") or ()
        self.cases = str(entry.get("cases") or "")
        self.parameters: Sequence[Mapping[str, Any]] = entry.get("parameters") or ()
        self.right = frozenset(entry.get("right") or ())
        self.expected = {variant: stored(entry["expected"][variant]) for variant in VARIANTS}

    def verdict(self) -> Verdict:
        problem = sqltext.refusal(self.text)
        if problem:
            return self._failed(problem)
        try:
            seen = self._results()
        except (QueryRefused, QueryStopped) as error:
            return self._failed(str(error))
        found = {
            variant: [
                difference(one, wanted, self.order, self.text, self.right)
                if not one.error
                else _error(one)
                for one, wanted in zip(seen[variant], self.expected[variant], strict=True)
            ]
            for variant in VARIANTS
        }
        properties = self._properties(found)
        failing = [variant for variant in VARIANTS if any(found[variant])]
        lint = sqltext.lint(self.text)
        if not failing and not lint:
            if needless := needless_limit(self.text, seen.values()):
                properties += (Property("all rows, however many there are", False),)
                return self._failed(_sentence(needless), properties)
            return Verdict(self.id, True, self._praise(), properties)
        mistake = self._mistake(seen, failing)
        if mistake and any(map(self._lacks_order, found["public"])) and _is_ordered(mistake):
            mistake = None  # rows that come by chance are no sign of an ORDER BY that is wrong
        if lint and not mistake:
            properties += (Property("the same at every run", False),)
            return self._failed(lint, properties)
        first = failing[0] if failing else "public"
        which, what = next(
            ((n, each) for n, each in enumerate(found[first]) if each),
            (0, Difference("values", "the result is right", "")),
        )
        head = self._head(first, which, what)
        if mistake:
            message = sqltext.as_written(mistake["message"], self.text)
            # A message about the order, or about an error, says itself what is wrong.
            if what.property == "order":
                head = "" if first == "public" else f"{self._where(first, which)}:"
            elif what.property == "runs":
                head = self._head(first, which, replace(what, seen="the query fails"))
            return self._failed(f"{head} {message}", properties, mistake["name"])
        if self._unsteady(first, which, seen[first][which]):
            properties += (Property("the same at every run", False),)
            from ridealong.judging.sql import facts

            certain = _sentence(facts.fact(self.text, self.order, right=self.right))
            return self._failed(f"{head} {certain or UNSTEADY}", properties)
        return self._failed(f"{head} {self._advice(failing, which, what, seen)}", properties)

    def _head(self, variant: str, which: int, what: Difference) -> str:
        """Return the sentence that says where and what was seen."""
        if what.property == "runs" and variant == "public":
            return _sentence(what.seen)
        return _sentence(f"{self._where(variant, which)}: {what.seen}")

    def _where(self, variant: str, which: int) -> str:
        place = where(variant, self.cases)
        if len(self.expected[variant]) > 1:
            values = self.parameters[which].items()
            place += " with " + ", ".join(f"${name} = {value}" for name, value in values)
        return place

    def _failed(
        self, message: str, properties: tuple[Property, ...] = (), mistake: str | None = None
    ) -> Verdict:
        # What a learner named or wrote can stand in it: no line breaks, nothing invisible. Blanks
        # are kept: they may be all that is wrong with a text.
        stripped = re.sub(r" *[^\S ]\s*", " ", message.strip())
        shown = (c if c.isprintable() else ascii(c)[1:-1] for c in stripped)
        line = "".join(shown)
        return Verdict(self.id, False, line, properties, mistake)

    def _results(self) -> Results:
        """Run the query on every data set; an error of DuckDB is a result too."""
        results: Results = {}
        for variant in VARIANTS:
            if variant == "shifted" and self._is_timeless():
                results[variant] = results["hidden"]
            else:
                several = range(len(self.expected[variant]))
                results[variant] = [self._result(variant, which) for which in several]
        return results

    def _moves(self) -> bool:
        """Return whether the wanted result moves with the clock."""
        return self.expected["shifted"] != self.expected["hidden"]

    def _is_timeless(self) -> bool:
        """Return whether neither the task nor the answer asks for the time."""
        return not self._moves() and not sqltext.asks_the_time(self.text)

    def _result(self, variant: str, which: int) -> Fingerprint:
        try:
            return run(
                self.worker,
                self.text,
                database(variant, *self.hidden),
                shifted=variant == "shifted",
                parameters=parameter_sets(variant, self.parameters)[which],
                order=self.order,
                like=self.expected[variant][which],
                cases=self.cases if variant == "edge" else "",
                log=log_of(variant, self.entry.get("replay_log") or {}, self.hidden[0]),
            )
        except (QueryRefused, QueryStopped):
            raise
        except QueryFailed as error:
            return of_error(str(error))

    def _unsteady(self, variant: str, which: int, seen: Fingerprint) -> bool:
        """Return whether a second run gives other rows; asked only where that is quick."""
        if seen.error or seen.rows > FEW_ROWS:
            return False
        try:
            return self._result(variant, which).digest != seen.digest
        except QueryFailed:
            return True

    def _mistake(self, seen: Results, failing: Sequence[str]) -> Mapping[str, Any] | None:
        """Return the known mistake that gives these results and whose sign is in the text."""
        from ridealong.judging.sql import signs  # loads sqlglot, which a right answer never needs

        named = [
            each
            for each in self._alike(seen, failing)
            if signs.stands_in(each.get("sign") or {}, self.text)
        ]
        return named[0] if len(named) == 1 else None

    def _alike(self, seen: Results, failing: Sequence[str]) -> list[Mapping[str, Any]]:
        """Return the known mistakes that give these results, preferring a match on all data."""
        mistakes: Sequence[Mapping[str, Any]] = self.entry.get("mistakes") or ()

        def same(mistake: Mapping[str, Any], variants: Sequence[str], *, order: bool) -> bool:
            return all(
                _marks(seen[variant], order=order)
                == _marks(stored(mistake["results"][variant]), order=order)
                for variant in variants
            )

        def right_rows(mistake: Mapping[str, Any], variant: str) -> bool:
            results = stored(mistake["results"][variant])
            return _marks(results) == _marks(self.expected[variant])

        if exactly := [each for each in mistakes if same(each, VARIANTS, order=True)]:
            return exactly
        # Of a mistake in the values, the order plays no part; a mistake in the order alone is
        # another one when both are ordered.
        candidates = [
            each
            for each in mistakes
            if same(each, VARIANTS, order=False)
            and not all(right_rows(each, variant) for variant in VARIANTS)
        ]
        if not candidates and self._tells_much(seen, failing):
            candidates = [
                each
                for each in mistakes
                if same(each, _LARGE, order=all(right_rows(each, large) for large in _LARGE))
            ]
        return candidates

    def _tells_much(self, seen: Results, failing: Sequence[str]) -> bool:
        """Return whether the results on the large data alone say which mistake it was.

        Somebody who makes two mistakes may show one of them there and the other in the small
        cases. An empty result has many causes, and so has a result that is right.
        """
        return all(each in failing and seen[each][0].rows for each in _LARGE)

    def _advice(self, failing: Sequence[str], which: int, what: Difference, seen: Results) -> str:
        """Return what to try; what only fits the public data is told so."""
        from ridealong.judging.sql import facts

        advice = _sentence(what.advice)
        if self._lacks_order(what):
            order = order_in_words(self.order)
            return f"The task asks for an order and the query has no ORDER BY at its end: {order}."
        unused = [
            name
            for name in (self.parameters[0] if self.parameters else ())
            if f"${name}" not in {token.text for token in sqltext.tokens(self.text)}
        ]
        if what.certain or what.property in ("runs", "columns"):
            return advice
        if unused:
            return f"The query has to work for any value: ask for ${unused[0]}."
        rows = self._rows_in_words(failing[0], which, what, seen)
        if certain := _sentence(facts.fact(self.text, self.order, rows=rows, right=self.right)):
            return certain
        if failing[0] == "hidden":
            told = " ".join([*(self.entry.get("hints") or ()), *(self.entry.get("told") or ())])
            literals = ", ".join(sqltext.suspicious_literals(self.text, told))
            if literals:
                return f"The query fits the public data only; look at {literals}. {advice}"
            return f"On the public data the result is right. {advice}"
        dates = sqltext.fixed_dates(self.text)
        if failing[0] == "shifted":
            if dates:
                return f"{dates[0]} stays where it is: count back from NOW() or as_of() instead."
            told = _of_the_clock(self.text, moves=self._moves())
            return f"With the clock where it stands the result is right. {told}"
        if failing[0] == "edge":
            if rare := _sentence(facts.rare_case(self.text, self.right)):
                return f"All is right on the large data. {rare}"
            return f"{self._of_the_edge()} {advice}"
        return advice

    def _rows_in_words(self, variant: str, which: int, what: Difference, seen: Results) -> str:
        if what.property != "row count":
            return ""
        rows = seen[variant][which].rows
        if not rows:
            return "none"
        return "too few" if rows < self.expected[variant][which].rows else "too many"

    def _of_the_edge(self) -> str:
        """Return which of the rare cases of the edge set the query may meet."""
        seen = "All is right on the large data"
        cases = []
        if sqltext.has_word(self.text, "NULL", "COALESCE", "LEFT", "RIGHT", "FULL"):
            cases.append("a missing value")
        if sqltext.compares(self.text):
            cases.append("a value or a moment exactly on a limit")
        if self.order or sqltext.has_word(self.text, "ORDER", "LIMIT"):
            cases.append("rows that tie")
        if sqltext.has_word(self.text, "GROUP", "JOIN"):
            cases.append("a group or a partner without a row")
        if "//" in self.text:
            cases.append("a rest that // drops")
        if not cases:
            return f"{seen}, so it is a case that is rare there."
        *others, last = cases
        listed = f"{', '.join(others)} or {last}" if others else last
        return f"{seen}, so it is a case that is rare there, such as {listed}."

    def _lacks_order(self, what: Difference | None) -> bool:
        """Return whether a missing ORDER BY explains a difference: a LIMIT takes any rows then."""
        if what is None or not self.order or sqltext.is_ordered(self.text):
            return False
        cut = sqltext.has_word(self.text, "LIMIT") and not sqltext.has_word(self.text, "ORDER")
        return what.property == "order" or (what.property == "values" and cut)

    def _properties(self, found: Mapping[str, Sequence[Difference | None]]) -> tuple[Property, ...]:
        """Return what was looked at on each data set, up to the first that does not hold."""
        looked = []
        names = [each for each in PROPERTIES if each != "order" or self.order]
        for variant in VARIANTS:
            failed = next((each.property for each in found[variant] if each), None)
            for name in names if failed is None or failed in names else [failed]:
                looked.append(Property(f"{name} {WHERE[variant]}", name != failed))
                if name == failed:
                    break
        return tuple(looked)

    def _praise(self) -> str:
        public = self.expected["public"][0]
        rows = f"{public.rows:,} row{'' if public.rows == 1 else 's'}"
        columns = f"{len(public.columns)} column{'' if len(public.columns) == 1 else 's'}"
        ordered = ", their order" if self.order else ""
        return f"{self.id} holds: {rows} and {columns}{ordered}; {ALL_WELL}."


def stored(results: Any) -> list[Fingerprint]:
    """Return the fingerprints of one data set: one, or one per parameter set."""
    several = results if isinstance(results, Sequence) else [results]
    return [Fingerprint.from_json(each) for each in several]


def _marks(results: Sequence[Fingerprint], *, order: bool = False) -> list[tuple[str, str]]:
    """Return what results are recognised by, with or without the order of their rows."""
    return [(each.digest, each.sequence if order else "") for each in results]


def _is_ordered(mistake: Mapping[str, Any]) -> bool:
    """Return whether the query of a known mistake has an ORDER BY."""
    return bool(stored(mistake["results"]["public"])[0].sequence)


def _of_the_clock(text: str, *, moves: bool) -> str:
    """Return what to look at when a result is right at one position of the clock only."""
    from ridealong.judging.sql import facts

    if not moves:
        return (
            "The wanted rows are the same wherever the clock stands, and yours are not: does the "
            "task ask for a span of time at all?"
        )
    if not sqltext.asks_the_time(text):
        return "Count back from NOW() or as_of(), so that the result moves with the clock."
    return _sentence(facts.of_the_clock(text)) or (
        "Look at both ends of the span of time: later rows are there now."
    )


def _sentence(text: str) -> str:
    stop = "" if text.endswith((".", "?", "!")) else "."
    return f"{text[0].upper()}{text[1:]}{stop}" if text else ""


def _error(result: Fingerprint) -> Difference:
    return Difference("runs", f"the query fails: {result.error}", "")
