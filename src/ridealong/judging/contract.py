"""Judge a contract: it describes the running back end, and it notices each broken one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ridealong.judging.own_names import NamesError, in_comments
from ridealong.systems.contract.document import ContractError, Document, load
from ridealong.systems.contract.exchanges import OPERATIONS, recorded
from ridealong.systems.contract.trial import Names, Trial, breakages, tried
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

Entry = Mapping[str, Any]
LONGEST_CONTRACT: Final = 5_000_000


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a contract.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `operations`, a list of groups of which one operation is enough,
            and `left_out`.
        text: the contract as YAML, with `# names:` for the learner's own words.
    """
    try:
        document, trial = _tried(text, entry)
    except (ContractError, NamesError) as error:
        return _recognised(exercise_id, entry, {"error": _error(error)}, False, _error(error))
    share = 0.0
    if trial.missing:
        message = _about_missing(trial)
    elif trial.deviations:
        message = _about_service(document, trial)
    elif trial.overlooked:
        message = _about_overlooked(trial)
        share = len(trial.noticed) / (len(trial.noticed) + len(trial.overlooked))
    else:
        message = (
            f"{exercise_id} holds: it describes what the service answers, and notices "
            f"each of {len(trial.noticed)} broken ones"
        )
    properties = tuple(_properties(trial))
    found = _marks(trial)
    return _recognised(exercise_id, entry, found, trial.passed, message, properties, share)


def _recognised(
    exercise_id: str,
    entry: Entry,
    found: Mapping[str, Any],
    passed: bool,
    message: str,
    properties: tuple[Property, ...] = (),
    share: float = 0.0,
) -> Verdict:
    for mistake in () if passed else entry.get("mistakes", ()):
        if mistake["results"] == found:
            told, name = mistake["message"], mistake["name"]
            return Verdict(exercise_id, False, told, properties, name, share)
    return Verdict(exercise_id, passed, message, properties, None, share)


def marks(text: str, entry: Entry) -> dict[str, Any]:
    """Return what a wrong contract is recognised by, nothing for a right one."""
    try:
        _, trial = _tried(text, entry)
    except (ContractError, NamesError) as error:
        return {"error": _error(error)}
    return {} if trial.passed else _marks(trial)


def problems(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the keys of a contract's exercise."""
    for group in entry.get("operations", ()):
        for name in group if isinstance(group, list) else [group]:
            if name not in OPERATIONS:
                yield f"unknown operation {name!r}{did_you_mean(str(name), OPERATIONS)}"
    steps = {each.step for each in recorded()} if entry.get("left_out") else set()
    for name in entry.get("left_out", ()):
        if name not in breakages() and name not in steps:
            near = did_you_mean(str(name), [*breakages(), *steps])
            yield f"'left_out': no breakage or step is called {name!r}{near}"


def _tried(text: str, entry: Entry) -> tuple[Document, Trial]:
    names = Names.of(in_comments(text, "#"))
    document = load(text)
    left_out = frozenset(entry.get("left_out", ()))
    return document, tried(document, recorded(), entry["operations"], names, left_out)


def _error(error: Exception) -> str:
    if isinstance(error, ContractError):
        more = len(error.problems) - 1
        return f"{error.problems[0]}" + (f" ({more} more)" if more else "")
    return str(error)


def _marks(trial: Trial) -> dict[str, Any]:
    # Not the whole sentence: it quotes values that another round answers differently.
    places = {f"{each.step} {each.place.rpartition('/')[2]}" for each in trial.deviations}
    return {
        "missing": sorted(trial.missing),
        "deviations": sorted(places),
        "overlooked": sorted(trial.overlooked),
    }


def _about_missing(trial: Trial) -> str:
    names = [" ".join(OPERATIONS[name]) for name in trial.missing]
    return (
        f"the contract has no {_and(names)}: write the operation, or say what you call its path in "
        'the first line, as in # names: {"/users/{user_id}/rides": "/riders/{rider_id}/rides"}'
    )


def _about_service(document: Document, trial: Trial) -> str:
    first = trial.deviations[0]
    more = len(trial.deviations) - 1
    others = f" ({more} more answers like this)" if more else ""
    return (
        f"the contract does not describe the service. {first.operation}, line "
        f"{document.line(first.place)}: {first.seen}; {first.wanted}{others}"
    )


def _about_overlooked(trial: Trial) -> str:
    count = len(trial.overlooked) + len(trial.noticed)
    name, where = next(iter(trial.overlooked.items()))
    return (
        f"{len(trial.overlooked)} of {count} broken services keep to your contract, so nobody would "
        f"notice. The first, at {' and '.join(where)}: {breakages()[name].says}"
    )


def _properties(trial: Trial) -> Iterator[Property]:
    described = not trial.deviations and not trial.missing
    yield Property("describes the service as it runs", described, _first(trial), plain=True)
    for name, breakage in breakages().items():
        if name in trial.noticed:
            found = trial.noticed[name]
            yield Property(breakage.says, True, f"{found.operation}: {found.wanted}", plain=True)
    for name, where in trial.overlooked.items():
        yield Property(
            breakages()[name].says, False, f"{' and '.join(where)} allows it", plain=True
        )


def _first(trial: Trial) -> str:
    return str(trial.deviations[0]) if trial.deviations else ""


def _and(words: Sequence[str]) -> str:
    return " and no ".join(words)
