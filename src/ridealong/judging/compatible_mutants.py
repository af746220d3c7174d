"""Change an answer to the change request in one place, as somebody could have written it."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from ridealong.judging import contract_mutants
from ridealong.judging.mutants import Mutant, distinct
from ridealong.systems.versions import request, rides_contract

_STATES: Final = ["requested", "accepted", "arrived", "in_progress", "completed", "cancelled"]
# What people do to the contract when they are asked for the same: merge patches of their own.
_TEMPTATIONS: Final[Mapping[str, Any]] = {
    "status may be arrived": {
        "components": {"schemas": {"Ride": {"properties": {"status": {"enum": _STATES}}}}}
    },
    "pickup_at has to be sent": {
        "components": {
            "schemas": {
                "NewRide": {"required": ["pickup_location", "dropoff_location", "pickup_at"]}
            }
        }
    },
    "fare is a whole number": {
        "components": {"schemas": {"Ride": {"properties": {"fare": {"type": ["integer", "null"]}}}}}
    },
    "fare is an object": {
        "components": {
            "schemas": {"Ride": {"properties": {"fare": {"$ref": "#/components/schemas/Money"}}}}
        }
    },
    "fare is gone": {"components": {"schemas": {"Ride": {"properties": {"fare": None}}}}},
    "token for everything": {"security": [{"bearer": []}]},
    "zones are gone": {"paths": {"/zones": None}},
    "no other field may be sent": {
        "components": {"schemas": {"NewRide": {"additionalProperties": False}}}
    },
    "no cash": {
        "components": {
            "schemas": {"NewRide": {"properties": {"payment_method": {"enum": ["card", "paypal"]}}}}
        }
    },
}


def mutants(reference: str, entry: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield a right answer with one change each, and no two alike.

    Args:
        reference: the answer as YAML.
        entry: the exercise, of which it needs nothing.
    """
    patch = yaml.safe_load(reference)
    made = (Mutant(change, contract_mutants.written(changed)) for change, changed in _all(patch))
    yield from distinct(made, contract_mutants.written(patch))


def _all(patch: Any) -> Iterator[tuple[str, Any]]:
    yield from contract_mutants.changes(patch)
    yield from _own(patch, patch, ())
    for change, more in _TEMPTATIONS.items():
        # In the whole contract: null in a patch of a patch would only take a line of the patch.
        whole = patch if "openapi" in patch else _old_with(patch)
        yield change, request.merged(whole, more)


def _old_with(patch: Any) -> Any:
    return request.merged(yaml.safe_load(rides_contract()), patch)


def _own(whole: Any, node: Any, steps: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Yield what is special to an answer of this kind."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        place = (*steps, key)
        shown = " ".join(map(str, place))
        if key in ("minimum", "maximum"):
            for by in (-1, 1):
                yield f"{shown}: {value + by}", _with(whole, place, value + by)
        if key == "type" and isinstance(value, list):
            for word in value:
                left = [each for each in value if each != word]
                yield f"{shown}: without {word}", _with(whole, place, left)
        if key == "deprecated":
            yield f"{shown}: false", _with(whole, place, False)
        if isinstance(value, dict | list):
            yield from _own(whole, value, place)


def _with(whole: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(whole)
    node = changed
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    return changed
