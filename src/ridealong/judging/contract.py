"""Judge a contract: it describes the running back end, and it notices each broken one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

from ridealong.judging.kind import Entry, refused
from ridealong.judging.own_names import NamesError, in_comments
from ridealong.systems.contract.document import ContractError, Document, load
from ridealong.systems.contract.exchanges import OPERATIONS, begin, recorded
from ridealong.systems.contract.trial import ANOTHER, Gap, Names, Trial, breakages, said, tried
from ridealong.text import did_you_mean
from ridealong.verdict import Property, Verdict

SHARE_WITH_A_LEAK: Final = 0.5


def judged(exercise_id: str, entry: Entry, text: str) -> Verdict:
    """Return the verdict on a contract.

    Args:
        exercise_id: of the exercise.
        entry: of the exercise: `operations`, a list of groups of which one operation is enough,
            `left_out` and `also`.
        text: the contract as YAML, with `# names:` for the learner's own words.
    """
    try:
        document, trial = _tried(text, entry)
    except (ContractError, NamesError) as error:
        return refused(exercise_id, entry, {"error": _error(error)}, _error(error))
    properties = tuple(_properties(trial))
    if trial.passed:
        message = (
            f"{exercise_id} holds: it describes what the service answers, and notices "
            f"each of {len(trial.noticed)} broken ones"
        )
        return Verdict(exercise_id, True, message, properties)
    share = 0.0
    if trial.missing:
        message = _about_missing(trial)
    elif trial.deviations:
        message = _about_service(document, trial)
    else:
        message = _about_overlooked(trial)
        share = len(trial.noticed) / (len(trial.noticed) + len(trial.overlooked))
        if any(name in breakages() and breakages()[name].leaks for name in trial.overlooked):
            share = min(share, SHARE_WITH_A_LEAK)
    verdict = refused(exercise_id, entry, _marks(trial), message, properties, share)
    idle = _idle(document)
    return (
        replace(verdict, message=f"{verdict.message.removesuffix('.')}{idle}") if idle else verdict
    )


def _idle(document: Document) -> str:
    """Return which word of the contract does nothing, where one is a keyword that is misspelt."""
    for note in document.notes:
        if "does nothing" in note.seen:
            return f". Line {note.line}: {note.seen}; {note.wanted}"
    return ""


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
    for name in entry.get("also", ()):
        if name not in breakages():
            yield f"'also': no breakage is called {name!r}{did_you_mean(str(name), breakages())}"
    for name in entry.get("left_out", ()):
        is_code = re.fullmatch(rf"{ANOTHER}[1-5]\d\d", name)
        if name not in breakages() and name not in steps and not is_code:
            near = did_you_mean(str(name), [*breakages(), *steps])
            yield f"'left_out': no breakage or step is called {name!r}{near}"


def _tried(text: str, entry: Entry) -> tuple[Document, Trial]:
    # It takes a while. Meanwhile the contract is read, and what tells a fault is loaded, which takes
    # a second too and would make the first wrong answer wait.
    begin()
    names = Names.of(in_comments(text, "#"))
    document = load(text)
    import_module("ridealong.systems.contract.validation")
    left_out, also = frozenset(entry.get("left_out", ())), frozenset(entry.get("also", ()))
    return document, tried(
        document, recorded(), entry["operations"], names, left_out, also, only_these=True
    )


def _error(error: Exception) -> str:
    if isinstance(error, ContractError):
        more = len(error.problems) - 1
        return f"{error.problems[0]}" + (f" ({more} more)" if more else "")
    return str(error)


def _marks(trial: Trial) -> dict[str, Any]:
    # Not the whole sentence: it quotes values that another round answers differently.
    places = {f"{each.step} {each.place.rpartition('/')[2]}" for each in trial.deviations}
    return {
        "missing": sorted(" ".join([name, *has]) for name, has in trial.missing.items()),
        "deviations": sorted(places),
        "overlooked": sorted(_marked(name, where) for name, where in trial.overlooked.items()),
    }


def _marked(name: str, where: Sequence[Gap]) -> str:
    # A mistake that opens every answer is not one that opens a single one, or lets in one word.
    codes = sorted({code for each in where for code in each.answers})
    only = [str(code) for code in codes] + ["word"] * all(each.words for each in where)
    return " ".join([name, *only])


def _about_missing(trial: Trial) -> str:
    for name, methods in trial.missing.items():
        method, path = OPERATIONS[name]
        if methods:
            return (
                f"the contract has {_and(methods)} at {path} and no {method}: write the operation "
                f"there under `{method.lower()}`"
            )
    names = [" ".join(OPERATIONS[name]) for name in trial.missing]
    path = OPERATIONS[next(iter(trial.missing))][1]
    return (
        f"the contract has no {' and no '.join(names)}: write the operation, or say what you call "
        f'its path in the first line, as in # names: {{"{path}": "/my-words{path}"}}'
    )


def _about_service(document: Document, trial: Trial) -> str:
    first = trial.deviations[0]
    more = len(trial.deviations) - 1
    others = f" ({more} more difference{'s' if more > 1 else ''})" if more else ""
    return (
        f"the contract does not describe the service. {first.operation}, line "
        f"{document.line(first.place)}: {first.seen}; {first.wanted}{others}"
    )


def _about_overlooked(trial: Trial) -> str:
    count = len(trial.overlooked) + len(trial.noticed)
    name, where = next(iter(trial.overlooked.items()))
    keep = "keeps" if len(trial.overlooked) == 1 else "keep"
    first = "It is" if len(trial.overlooked) == 1 else "The first is"
    return (
        f"{len(trial.overlooked)} of {count} broken services {keep} to your contract, so nobody "
        f"would notice. {first} at {_and([*map(str, where)])}: {said(name)}{_wide(trial)}"
    )


def _wide(trial: Trial) -> str:
    codes = [name.removeprefix(ANOTHER) for name in trial.overlooked if name.startswith(ANOTHER)]
    wide = next((code for code in codes if not code.isdecimal()), "")
    return f" `{wide}` takes more codes than one: leave it out and name each code" if wide else ""


def _properties(trial: Trial) -> Iterator[Property]:
    described = not trial.deviations and not trial.missing
    yield Property("describes the service as it runs", described, _first(trial), plain=True)
    for name, breakage in breakages().items():
        if name in trial.noticed:
            found = trial.noticed[name]
            yield Property(breakage.says, True, f"{found.operation}: {found.wanted}", plain=True)
    for name, where in trial.overlooked.items():
        yield Property(said(name), False, f"{_and([*map(str, where)])} allows it", plain=True)


def _first(trial: Trial) -> str:
    return str(trial.deviations[0]) if trial.deviations else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(words)
