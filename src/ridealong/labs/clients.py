"""A client that was written for one contract, and what it does when the contract changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from ridealong.labs import api
from ridealong.show.views import View, frame, plural
from ridealong.systems.contract import changes, server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SUPPLY: Final = """\
openapi: 3.1.0
info: {title: Free drivers for partners, version: 1.0.0}
security:
  - key: []
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
  schemas:
    Supply:
      type: object
      required: [available_drivers, zones]
      properties:
        available_drivers: {type: integer}
        zones: {type: integer}
paths:
  /cities/{city_id}/available-drivers:
    get:
      summary: Count the free drivers of a city
      parameters:
        - {name: city_id, in: path, required: true, schema: {type: integer}}
      responses:
        '200':
          description: How many are free, and in how many zones.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Supply'}
              example: {available_drivers: 24, zones: 12}
"""
"""The contract that the planner's team was given."""


def _changed(*pairs: tuple[str, str]) -> str:
    text = SUPPLY
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


_PARAMETER: Final = "        - {name: city_id, in: path, required: true, schema: {type: integer}}\n"

CHANGES: Final = {
    "a field is added to the answer": _changed(
        ("        zones: {type: integer}", "        zones: {type: integer}\n        pets_allowed: {type: integer}"),
        ("zones: 12}", "zones: 12, pets_allowed: 3}"),
    ),
    "a field gets a clearer name": _changed(("available_drivers", "free_drivers")),
    "a number comes as a text": _changed(
        ("available_drivers: {type: integer}", "available_drivers: {type: string}"),
        ("available_drivers: 24", "available_drivers: '24'"),
    ),
    "a parameter is added that one may send": _changed(
        (_PARAMETER, _PARAMETER + "        - {name: car, in: query, schema: {type: string}}\n")
    ),
    "a parameter is added that one must send": _changed(
        (
            _PARAMETER,
            _PARAMETER + "        - {name: car, in: query, required: true, schema: {type: string}}\n",
        )
    ),
}  # fmt: skip
"""Five next versions of the contract, by what is different."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OldClient(View):
    """What an old client did with each version.

    Attributes:
        broken: what was different where it broke.
    """

    broken: tuple[str, ...] = ()


def old_client(
    app: Callable[[httpx.Client], str], contracts: Mapping[str, str], first: str = SUPPLY
) -> OldClient:
    """Serve each contract in turn and let the same program call it.

    Args:
        app: the program: takes an HTTP client, returns the sentence that its user reads.
        contracts: the contracts, by what is different in each.
        first: the contract that the program was written for.

    Raises:
        LabError: when one of them is no contract.
    """
    rows, broken = [], []
    for name, text in contracts.items():
        shown, works = _shown(app, text)
        if not works:
            broken.append(name)
        levels = [each.level for each in changes.breaking_changes(api.read(first), api.read(text))]
        compared = next((each for each in ("breaking", "risky", "safe") if each in levels), "same")
        rows.append([name, shown, "works" if works else "broken", compared])
    return OldClient(
        "One old client, never changed",
        frame(
            ["what is different", "what its user reads", "the client", "contracts compared"], rows
        ),
        f"{len(broken)} of {plural(len(rows), 'version')} broke it.",
        broken=tuple(broken),
    )


def _shown(app: Callable[[httpx.Client], str], text: str) -> tuple[str, bool]:
    with (
        server.serve(api.read(text)) as served,
        httpx.Client(
            base_url=served.url, headers={"X-API-Key": "planner"}, trust_env=False
        ) as client,
    ):
        try:
            return app(client), True
        except KeyError as error:
            return f"nothing: the answer has no {error.args[0]}", False
        except TypeError:
            return "nothing: it cannot calculate with what came", False
        except httpx.HTTPStatusError as error:
            return f"nothing: the request is refused with {error.response.status_code}", False
        except Exception as error:  # whatever a program of the notebook does
            return f"nothing: {type(error).__name__}, {error}", False


__all__ = ["CHANGES", "SUPPLY", "OldClient", "old_client"]
