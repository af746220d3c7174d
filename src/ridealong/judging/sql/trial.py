"""Ask of many queries, one after another, whether a check would let each of them pass."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ridealong.engine import sqltext
from ridealong.engine.fingerprint import Fingerprint
from ridealong.engine.statement import QueryFailed
from ridealong.judging.sql.compare import difference, needless_limit
from ridealong.judging.sql.query import VARIANTS, fingerprint, parameter_sets

_QUICKEST_FIRST: Final = ("edge", "hidden", "shifted", "public")
assert set(_QUICKEST_FIRST) == set(VARIANTS)


class Trial:
    """An exercise that is asked about many queries, in this process.

    It runs a query on one data set after another, the smallest first, and stops at the first that
    shows a difference: it says whether a query passes, and nothing about why it does not.
    """

    def __init__(self, entry: Mapping[str, Any], hidden_seed: int, hidden_scale: float) -> None:
        """Take what the catalogue holds about an exercise, and how the hidden data are made."""
        self.hidden = {"hidden_seed": hidden_seed, "hidden_scale": hidden_scale}
        self.order: Sequence[str] = entry.get("order") or ()
        self.cases = str(entry.get("cases") or "")
        self.parameters: Sequence[Mapping[str, Any]] = entry.get("parameters") or ()
        self.expected = {
            variant: [Fingerprint.from_json(each) for each in _several(entry["expected"][variant])]
            for variant in VARIANTS
        }

    def passes(self, text: str) -> bool:
        """Return whether the query gives what is expected on every data set."""
        if sqltext.refusal(text) or sqltext.lint(text):
            return False
        if not all(self._holds(text, variant) for variant in _QUICKEST_FIRST):
            return False
        return needless_limit(text, self.expected.values()) is None

    def _holds(self, text: str, variant: str) -> bool:
        values = parameter_sets(variant, self.parameters)
        for given, wanted in zip(values, self.expected[variant], strict=True):
            try:
                seen = fingerprint(
                    text,
                    variant,
                    given,
                    self.order,
                    like=wanted,
                    cases=self.cases,
                    **self.hidden,  # type: ignore[arg-type]
                )
            except QueryFailed:
                return False
            if seen.error or difference(seen, wanted, self.order, text):
                return False
        return True


def _several(results: Any) -> Sequence[Any]:
    return results if isinstance(results, Sequence) else [results]
