"""Judge an answer in YAML by the check that its exercise names."""

from collections.abc import Mapping
from typing import Any

from ridealong.verdict import Verdict


def judge_document(exercise_id: str, entry: Mapping[str, Any], value: object) -> Verdict:
    """Return the verdict on the data that a YAML answer holds.

    Raises:
        ValueError: when the exercise names a check that there is not.
    """
    from ridealong.judging.migration import judge_plan

    if entry.get("judge") != "migration":
        raise ValueError(f"no check is called {entry.get('judge')!r}, there is: migration")
    for traffic in ("public", "hidden"):
        found = judge_plan(value, traffic=traffic)
        if not found.passed:
            mark = {"mistake": found.mistake or found.message}
            told = [m["message"] for m in entry.get("mistakes", ()) if m["results"] == mark]
            message = told[0] if told else found.message
            return Verdict(exercise_id, False, message, found.properties, found.mistake)
    return Verdict(exercise_id, True, f"{exercise_id} holds: {found.message}", found.properties)
