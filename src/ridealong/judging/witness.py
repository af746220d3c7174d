"""Judge a witness: an input on which three readings of one requirement all differ."""

from collections.abc import Iterator
from typing import Any

import yaml

from ridealong.judging.kind import Entry, refused
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.witness import QUESTIONS, RIGHT_QUESTION, Witness, WitnessError, read
from ridealong.verdict import Property, Verdict


def judged(exercise_id: str, entry: Entry, value: Any) -> Verdict:
    """Return the verdict on a witness: what the three ask, and which two agree.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise.
        value: the data of the answer.
    """
    try:
        witness = read(value)
    except WitnessError as error:
        return refused(exercise_id, entry, {"error": str(error)}, str(error))
    properties = tuple(_properties(witness))
    found = _marks(witness)
    if not found:
        message = (
            f"{exercise_id} holds: the three ask {_asked(witness)} for the same ride, and the "
            "question is the one that parts them"
        )
        return Verdict(exercise_id, True, message, properties)
    share = 0.0 if witness.agree else 0.5
    message = _message(witness)  # it tells the prices, which belong to the ride somebody wrote
    return refused(exercise_id, entry, found, message, properties, share, keeps_message=True)


def marks(value: Any, entry: Entry) -> dict[str, Any]:
    """Return what a wrong witness is recognised by, nothing for a right one."""
    try:
        return _marks(read(value))
    except WitnessError as error:
        return {"error": str(error)}


def _marks(witness: Witness) -> dict[str, Any]:
    if witness.agree:
        return {"agree": list(witness.agree)}
    return {} if witness.question == RIGHT_QUESTION else {"question": witness.question}


def _message(witness: Witness) -> str:
    if not witness.agree:
        return (
            f"the three ask {_asked(witness)}, so this ride parts them; {witness.question} is not "
            f"why. {QUESTIONS[witness.question]}"
        )
    if len(witness.agree) == len(witness.prices):
        return f"all three ask {_dollars(witness.prices['app'])} for this ride"
    (other,) = [team for team in witness.prices if team not in witness.agree]
    same = witness.prices[witness.agree[0]]
    return (
        f"{' and '.join(witness.agree)} agree on this ride: both ask {_dollars(same)}, and only "
        f"{other} asks {_dollars(witness.prices[other])}"
    )


def _asked(witness: Witness) -> str:
    amounts = [_dollars(cents) for cents in witness.prices.values()]
    return f"{', '.join(amounts[:-1])} and {amounts[-1]}"


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02} dollars"


def _properties(witness: Witness) -> Iterator[Property]:
    for team, cents in witness.prices.items():
        yield Property(f"{team} asks like nobody else", team not in witness.agree, _dollars(cents))
    is_right = witness.question == RIGHT_QUESTION
    yield Property("the question parts the three", is_right, witness.question)


def mutants(reference: str, entry: Entry) -> Iterator[Mutant]:
    """Yield a right witness with one change each, and no two alike.

    Args:
        reference: the witness as YAML.
        entry: the exercise, of which a witness needs nothing.
    """
    value = yaml.safe_load(reference)
    yield from distinct(_all(value), reference, yaml.safe_dump(value, sort_keys=False))


def _all(value: dict[str, Any]) -> Iterator[Mutant]:
    for key in value:
        rest = {each: value[each] for each in value if each != key}
        yield Mutant(f"without {key}", yaml.safe_dump(rest, sort_keys=False))
    miles = value["distance_mi"]
    for other in (miles - 1, miles + 1, miles * 2, miles * 8, 0, -miles, miles + 0.1, str(miles)):
        yield _changed(value, "distance_mi", other)
    for question in QUESTIONS:
        yield _changed(value, "question", question)


def _changed(value: dict[str, Any], key: str, other: Any) -> Mutant:
    return Mutant(f"{key} {other!r}", yaml.safe_dump({**value, key: other}, sort_keys=False))
