"""A contract as something to operate: served at once, compared with the next one, held to a guide."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import yaml

from ridealong.labs.sql.database import LabError
from ridealong.show.views import View, frame, plural
from ridealong.systems.contract import changes, server, style
from ridealong.systems.contract.document import ContractError, Document, load

if TYPE_CHECKING:
    from ridealong.systems.contract.style import Finding

Contract = str | Mapping[str, Any] | Document
MOST_PROBLEMS: Final = 8
_ORDER: Final = ("breaking", "risky", "safe")


def read(contract: Contract) -> Document:
    """Return a contract as a document.

    Args:
        contract: a `%%yaml` answer, the text of an OpenAPI document in YAML or JSON, or the data
            that it holds.

    Raises:
        LabError: when it is none; every problem with its line and the next step.
    """
    if isinstance(contract, Document):
        return contract
    text = contract if isinstance(contract, str) else _text(contract)
    try:
        return load(text)
    except ContractError as error:
        shown = [str(problem) for problem in error.problems[:MOST_PROBLEMS]]
        more = len(error.problems) - len(shown)
        shown += [f"and {more} more"] if more else []
        raise LabError("\n".join(shown)) from None


def _text(contract: Mapping[str, Any]) -> str:
    """Return what was written, so that its lines can be named; JSON where that is not known."""
    text = getattr(contract, "text", "")
    try:
        if text and yaml.safe_load(text) == contract:  # else somebody changed the data since
            return str(text)
    except yaml.YAMLError:
        pass
    return json.dumps(contract, default=str)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Running(View):
    """A contract that is served; `url` is its address until `stop()`.

    Attributes:
        served: the service.
    """

    served: server.Served | None = None

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        assert self.served is not None
        return self.served.url

    def client(self, **options: Any) -> httpx.Client:
        """Return an HTTP client with this address as its base."""
        return httpx.Client(base_url=self.url, trust_env=False, **options)

    def stop(self) -> None:
        """End the service; twice is fine."""
        if self.served is not None:
            self.served.stop()

    def documentation(self, height_pixels: int = 600) -> Documentation:
        """Return the interactive documentation, which shows itself in the notebook, offline.

        Args:
            height_pixels: of the frame that it stands in.
        """
        assert self.served is not None
        return Documentation(self.served.docs_url, height_pixels)


@dataclass(frozen=True, slots=True)
class Documentation:
    """The interactive documentation of a contract that is served.

    Attributes:
        address: of the page; it changes with every start, so no stored output shows it.
        height_pixels: of the frame that it stands in.
    """

    address: str
    height_pixels: int

    def __repr__(self) -> str:
        return "The interactive documentation of your contract."

    def _repr_html_(self) -> str:
        page = html.escape(self.address)
        return (
            f'<iframe src="{page}" title="Interactive documentation of your contract" '
            f'width="100%" height="{self.height_pixels}" style="border: 1px solid #8c959f"></iframe>'
            f'<p><a href="{page}" target="_blank" rel="noopener">Open it in a tab of its own</a></p>'
        )


_running: Running | None = None


def serve(contract: Contract) -> Running:
    """Serve a contract over HTTP, from its examples and schemas; one served before is stopped.

    Args:
        contract: as `read` takes it.

    Raises:
        LabError: when it is no contract.

    Example:
        service = serve(ride_contract)
        service.client().get("/rides/1").json()
    """
    global _running
    document = read(contract)
    if _running is not None:
        _running.stop()
    operations = list(document.operations())
    rows = [
        [each.method.upper(), each.path, each.content.get("summary") or None, _statuses(each)]
        for each in operations
    ]
    served = server.serve(document)
    _running = Running(
        "What is served",
        frame(["method", "path", "what it is for", "answers"], rows),
        f"{plural(len(operations), 'operation')} until you stop the service or the notebook ends.",
        served=served,
    )
    return _running


def _statuses(operation: Any) -> str:
    return ", ".join(operation.content.get("responses", {}))


def breaking_changes(old: Contract, new: Contract) -> View:
    """Show what changed between two contracts, and which clients it breaks.

    Args:
        old: the contract that clients know.
        new: the contract that is to take its place.

    Raises:
        LabError: when one of them is no contract.
    """
    found = sorted(
        changes.breaking_changes(read(old), read(new)), key=lambda each: _ORDER.index(each.level)
    )
    rows = [
        [
            each.level,
            each.operation or "no single one",
            each.sentence,
            each.client,
        ]
        for each in found
    ]
    counts = Counter(each.level for each in found)
    told = ", ".join(f"{counts[level]} {level}" for level in _ORDER if counts[level])
    return View(
        "What changed",
        frame(["level", "operation", "what changed", "who notices"], rows),
        f"{plural(len(found), 'change')}: {told}." if found else "Nothing changed.",
    )


def judged_by(contract: Contract, guide: str) -> View:
    """Show where a contract breaks the rules of a published style guide.

    Args:
        contract: as `read` takes it.
        guide: one of `google`, `azure` and `zalando`.

    Raises:
        LabError: when it is no contract, or no guide of ours.
    """
    if guide not in style.GUIDES:
        raise LabError(f"no guide is called {guide!r}: there are {', '.join(style.GUIDES)}")
    found: list[Finding] = list(style.judged(read(contract), guide))
    rows = [
        [
            each.rule,
            each.line,
            each.seen,
            each.wanted,
            each.link,
        ]
        for each in found
    ]
    return View(
        f"Where the contract breaks the guide: {guide}",
        frame(["rule", "line", "seen", "wanted", "read more"], rows),
        f"{plural(len(found), 'finding')}."
        if found
        else "It keeps every rule that is judged here.",
    )
