"""Ask of many queries, one after another, whether a check would let each of them pass."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ridealong.engine import sqltext
from ridealong.engine.statement import QueryFailed
from ridealong.judging.kind import Task
from ridealong.judging.sql.compare import difference, needless_limit
from ridealong.judging.sql.judge import stored
from ridealong.judging.sql.query import VARIANTS, fingerprint, parameter_sets

_QUICKEST_FIRST: Final = ("edge", "hidden", "shifted", "public")
assert set(_QUICKEST_FIRST) == set(VARIANTS)


def trial_of_queries(task: Task) -> Callable[[str], bool]:
    """Return what says of a query whether it gives what is expected on every data set.

    It runs a query on one data set after another, the smallest first, and stops at the first that
    shows a difference: it does not say why a query fails.
    """
    order: Sequence[str] = task.entry.get("order") or ()
    cases = str(task.entry.get("cases") or "")
    parameters: Sequence[Mapping[str, Any]] = task.entry.get("parameters") or ()
    expected = {variant: stored(task.entry["expected"][variant]) for variant in VARIANTS}

    def holds(text: str, variant: str) -> bool:
        values = parameter_sets(variant, parameters)
        for given, wanted in zip(values, expected[variant], strict=True):
            try:
                seen = fingerprint(
                    text,
                    variant,
                    given,
                    order,
                    like=wanted,
                    cases=cases,
                    policy=task.entry.get("replay_log"),
                    hidden_seed=task.hidden_seed,
                    hidden_scale=task.hidden_scale,
                )
            except QueryFailed:
                return False
            if seen.error or difference(seen, wanted, order, text):
                return False
        return True

    def passes(text: str) -> bool:
        if sqltext.refusal(text) or sqltext.lint(text):
            return False
        timeless = expected["shifted"] == expected["hidden"] and not sqltext.asks_the_time(text)
        for variant in _QUICKEST_FIRST:
            if not (timeless and variant == "shifted") and not holds(text, variant):
                return False
        return needless_limit(text, expected.values()) is None

    return passes
