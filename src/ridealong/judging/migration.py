"""Judge a migration plan by replaying it: no request fails, and the end state is reached.

Any order that does so passes. The name of a mistake comes from the first thing that went wrong.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ridealong.systems import migration as lab
from ridealong.systems.migration import (
    NEW,
    NEW_COLUMN,
    OLD,
    OLD_COLUMN,
    Failure,
    Replay,
    Traffic,
)
from ridealong.verdict import Property

HIDDEN: Final = (
    # Longer than any plan, so that no number of steps stands in for `wait`.
    Traffic(seed=7919, riders=7, rides=150, bookings=2, moves=2, lingers=lab.LONGEST_PLAN + 1),
    Traffic(seed=104729, riders=15, rides=180, bookings=1, moves=1, lingers=0),
)
"""Traffic a learner does not see: with an old client that is slow to go, and with one that is gone
at once."""

MISTAKES: Final = (
    "no-answer",
    "not-a-list",
    "too-long",
    "not-a-step",
    "unknown-step",
    "same-step-twice",
    "missing-step",
    "rename-in-place",
    "rename-after-add",
    "write-before-add",
    "step-before-add",
    "read-before-backfill",
    "backfill-before-double-writes",
    "backfill-before-retired",
    "backfill-while-old-client-leaves",
    "backfill-in-one-transaction",
    "backfill-after-double-writes",
    "required-before-backfill",
    "required-before-silent",
    "required-while-old-client-writes",
    "stopped-before-reading-new",
    "stopped-while-old-client-reads",
    "stopped-while-required",
    "dropped-before-retired",
    "dropped-while-new-client-uses-it",
    "retired-before-replaced",
    "wait-before-retire",
    "step-refused",
    "request-failed",
)
"""Every name that `MigrationVerdict.mistake` can hold."""


@dataclass(frozen=True, slots=True)
class MigrationVerdict:
    """The outcome of judging one plan.

    Attributes:
        passed: Whether it holds under every traffic that was replayed.
        message: One line; what holds, or what was seen, what was wanted and what to try.
        mistake: Name of the first mistake, one of `MISTAKES`; None when it passed.
        properties: What was looked at, in order, each with its outcome.
    """

    passed: bool
    message: str
    mistake: str | None
    properties: tuple[Property, ...]


def judge_plan(
    value: object, *, traffic: Literal["public", "hidden"] = "public"
) -> MigrationVerdict:
    """Judge a plan by what happens to the clients while it runs.

    Args:
        value: The data of the `%%yaml` answer: a list of steps, each `verb: object`.
        traffic: `public` replays what the notebook's lab shows, `hidden` two other schedules.

    Raises:
        ValueError: `traffic` is neither.
    """
    if traffic not in ("public", "hidden"):
        raise ValueError(f"traffic is {traffic!r}, wanted 'public' or 'hidden'")
    try:
        steps = lab.read_plan(value)
    except lab.PlanError as error:
        unread = Property("the plan is a list of known steps", False)
        return MigrationVerdict(False, str(error), error.mistake, (unread,))
    schedules = (lab.PUBLIC,) if traffic == "public" else HIDDEN
    runs = [lab.replay(steps, schedule) for schedule in schedules]
    properties = _properties(runs)
    for run, schedule in zip(runs, schedules, strict=True):
        if not run.passed:
            mistake, message = _explained(run)
            where = "" if traffic == "public" else f"{_in_words(schedule)}: "
            return MigrationVerdict(False, where + message, mistake, properties)
    sent = sum(run.sent for run in runs)
    message = (
        f"all {sent} requests of both clients are answered rightly between the {len(steps)} steps, "
        f"and rides ends with a required {NEW_COLUMN} and without {OLD_COLUMN}"
    )
    return MigrationVerdict(True, message, None, properties)


def _properties(runs: list[Replay]) -> tuple[Property, ...]:
    failures = [failure for run in runs for failure in run.failures]
    ended = not any(run.open_ends or run.gaps[-1].refused for run in runs)
    lost = any(run.lost_rides for run in runs)
    return (
        Property("the plan is a list of known steps", True),
        Property("the database takes every step", all(f.client != "migration" for f in failures)),
        Property("riders are always answered", all(f.client != "riders" for f in failures)),
        Property("no request of the old client fails", all(f.client != OLD for f in failures)),
        Property("no request of the new client fails", all(f.client != NEW for f in failures)),
        Property("the end state is reached", ended),
        Property("every ride has its pickup in the end", ended and not lost),
    )


def _in_words(schedule: Traffic) -> str:
    leaves = "gone at once" if not schedule.lingers else "slow to go"
    return f"on other traffic, where the old client is {leaves} after `{lab.RETIRE}`"


def _explained(run: Replay) -> tuple[str, str]:
    """Return the name of the first mistake and the line that tells about it."""
    if run.failures:
        failure = run.failures[0]
        mistake, advice = _cause(run, failure)
        return mistake, f"{_seen(failure)}. {advice}"
    if run.open_ends:
        whats = "; ".join(what for what, _ in run.open_ends)
        steps = " and ".join(f"`{step}`" for _, step in run.open_ends)
        message = f"no request fails, but at the end {whats}: add {steps}"
        if all(step in run.steps for _, step in run.open_ends):
            message = f"no request fails, but at the end {whats}: look at where {steps} stands"
        return "missing-step", message
    return (
        "request-failed",
        (
            f"no request fails, but {run.lost_rides} rides end without the right {NEW_COLUMN}: "
            f"run `{lab.BACKFILL}` after the last client that writes only {OLD_COLUMN} is gone"
        ),
    )


def _seen(failure: Failure) -> str:
    if failure.client == "migration":
        return f"{failure.where}, the step is refused: {failure.seen.rstrip('.!')}"
    if failure.kind == "nobody":
        return f"{failure.where}, {failure.seen}"
    if failure.kind == "wrong answer":
        return (
            f"{failure.where}, the {failure.client} gets a wrong answer: {failure.seen}, "
            f"wanted {failure.wanted}"
        )
    verb = failure.statement.split(" ", 1)[0]
    return f"{failure.where}, the {failure.client}'s {verb} fails: {failure.seen.rstrip('.!')}"


def _cause(run: Replay, failure: Failure) -> tuple[str, str]:
    """Return the name of a mistake and what to try, from the first failure of a run."""
    steps = _Steps(run, failure.place)
    if failure.client == "migration" and failure.step == lab.RENAME and lab.ADD in steps.done:
        return (
            "rename-after-add",
            (
                f"The name {NEW_COLUMN} is taken: {steps.told(lab.ADD)}; fill that column and "
                f"end with `{lab.DROP}`, without `{lab.RENAME}`"
            ),
        )
    if lab.RENAME in steps.done or failure.step == lab.RENAME:
        return (
            "rename-in-place",
            (
                "A rename takes the old name from every client that is live: add a new column beside "
                "the old one instead"
            ),
        )
    if failure.kind == "nobody":
        return (
            "retired-before-replaced",
            (
                f"The old client goes before anything takes its place: {steps.told(lab.WRITE_BOTH)}; "
                f"put it before `{lab.RETIRE}`"
            ),
        )
    if failure.client == "migration":
        return _refused(steps, failure)
    if failure.kind == "conflict":
        return (
            "backfill-in-one-transaction",
            (
                "While one transaction holds every row, whoever changes a ride collides with it: use "
                f"`{lab.BACKFILL}`"
            ),
        )
    if failure.column == OLD_COLUMN:
        return _old_column(steps, failure)
    if failure.kind == "no column":
        return (
            "write-before-add",
            (
                f"The {failure.client} uses {NEW_COLUMN} before it exists: {steps.told(lab.ADD)}; put "
                "it first"
            ),
        )
    if failure.kind == "required":
        return (
            "required-while-old-client-writes",
            f"A client that does not fill {NEW_COLUMN} is still live: {steps.told(lab.RETIRE)}, "
            f"{steps.told(lab.WAIT)}; require the column after both"
            if failure.client == OLD
            else f"The new client does not fill {NEW_COLUMN} yet: {steps.told(lab.WRITE_BOTH)}",
        )
    return _empty_or_stale(steps)


def _refused(steps: "_Steps", failure: Failure) -> tuple[str, str]:
    if failure.step == lab.WAIT:
        return (
            "wait-before-retire",
            f"Silence comes only after `{lab.RETIRE}`: {steps.told(lab.RETIRE)}",
        )
    if failure.step == lab.REQUIRE and lab.ADD in steps.done:
        name, cause = _empty_or_stale(steps)
        later = steps.run.steps[failure.place :]
        if name in ("backfill-before-retired", "backfill-while-old-client-leaves") and any(
            step in later for step in (lab.WAIT, lab.BACKFILL, lab.BACKFILL_AT_ONCE)
        ):
            return (
                "required-before-silent",
                (
                    f"The old client still writes {OLD_COLUMN} only, so new rides lack "
                    f"{NEW_COLUMN}: {steps.told(lab.RETIRE)}, {steps.told(lab.WAIT)}; put "
                    f"`{lab.REQUIRE}` after both and after the last backfill, which must come "
                    "after both as well"
                ),
            )
        if name == "read-before-backfill":
            name, cause = (
                "required-before-backfill",
                (
                    f"Rides from before have no {NEW_COLUMN} yet: {steps.told(lab.BACKFILL)}; put it "
                    f"before `{lab.REQUIRE}`"
                ),
            )
        return name, cause
    if lab.ADD not in steps.done and NEW_COLUMN in failure.statement:
        return (
            "step-before-add",
            f"{NEW_COLUMN} does not exist yet: {steps.told(lab.ADD)}; put it first",
        )
    return "step-refused", "Look at what the steps before it leave behind"


def _old_column(steps: "_Steps", failure: Failure) -> tuple[str, str]:
    if failure.kind == "no column":
        if failure.client == OLD:
            return (
                "dropped-before-retired",
                (
                    f"{OLD_COLUMN} is dropped while the old client lives on it: "
                    f"{steps.told(lab.RETIRE)}, {steps.told(lab.WAIT)}; drop the column after both"
                ),
            )
        return (
            "dropped-while-new-client-uses-it",
            (
                f"{OLD_COLUMN} is dropped while the new client uses it: {steps.told(lab.READ_NEW)}, "
                f"{steps.told(lab.WRITE_NEW)}; drop the column after both"
            ),
        )
    if failure.kind == "required":
        return (
            "stopped-while-required",
            (
                f"{OLD_COLUMN} still has to be filled: {steps.told(lab.ALLOW_EMPTY)}; put it before "
                f"`{lab.WRITE_NEW}`"
            ),
        )
    if failure.client == OLD:
        return (
            "stopped-while-old-client-reads",
            (
                f"The new client stops filling {OLD_COLUMN} while the old client reads it: "
                f"{steps.told(lab.RETIRE)}, {steps.told(lab.WAIT)}; put both before `{lab.WRITE_NEW}`"
            ),
        )
    return (
        "stopped-before-reading-new",
        (
            f"The new client stops filling {OLD_COLUMN} while it still reads it itself: "
            f"{steps.told(lab.READ_NEW)}; put it before `{lab.WRITE_NEW}`"
        ),
    )


def _empty_or_stale(steps: "_Steps") -> tuple[str, str]:
    """Say why rides have an empty or an outdated new column."""
    backfills = [
        place
        for place, name in enumerate(steps.run.steps[: steps.place], start=1)
        if name in (lab.BACKFILL, lab.BACKFILL_AT_ONCE)
    ]
    if not backfills:
        return (
            "read-before-backfill",
            (
                f"Rides from before have no {NEW_COLUMN} yet: {steps.told(lab.BACKFILL)}; put it "
                f"before `{lab.READ_NEW}`"
            ),
        )
    last = backfills[-1]
    doubled = steps.at(lab.WRITE_BOTH)
    state = steps.run.old_client[last - 1]
    if doubled is None or last < doubled:
        return (
            "backfill-before-double-writes",
            (
                f"The backfill is step {last} and {steps.told(lab.WRITE_BOTH)}: rides booked in "
                "between stay empty; backfill once every live client writes both columns"
            ),
        )
    if state == "live":
        return (
            "backfill-before-retired",
            (
                f"The backfill is step {last} while the old client writes {OLD_COLUMN} only, so what it "
                f"writes afterwards stays empty or outdated: {steps.told(lab.RETIRE)}, "
                f"{steps.told(lab.WAIT)}; put both before the backfill"
            ),
        )
    if state == "leaving":
        return (
            "backfill-while-old-client-leaves",
            (
                f"The old client is told to go but still sends requests at the backfill, step {last}: "
                f"{steps.told(lab.WAIT)}; put it between `{lab.RETIRE}` and the backfill"
            ),
        )
    stopped = steps.at(lab.WRITE_NEW)
    if stopped is not None and stopped < last:
        return (
            "backfill-after-double-writes",
            (
                f"The backfill, step {last}, copies a {OLD_COLUMN} that nobody keeps up since step "
                f"{stopped}: put it before `{lab.WRITE_NEW}`"
            ),
        )
    return "request-failed", f"Look at who writes {NEW_COLUMN}, and since which step"


class _Steps:
    """The plan as seen from the place of a failure."""

    def __init__(self, run: Replay, place: int) -> None:
        self.run = run
        self.place = place
        self.done = run.steps[:place]

    def at(self, name: str) -> int | None:
        """Return the number of a step, None when the plan has no such step."""
        return self.run.steps.index(name) + 1 if name in self.run.steps else None

    def told(self, name: str) -> str:
        """Say where a step stands."""
        place = self.at(name)
        return f"`{name}` is not in the plan" if place is None else f"`{name}` is step {place}"
