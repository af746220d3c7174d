"""Limits are judged by what happens to honest callers and to runaway clients, not by their numbers."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from ridealong.judging import limits
from ridealong.systems import limits as lab
from ridealong.systems.limits import Limit

RIGHT: dict[str, dict[str, Any]] = {
    "rider": {"per": "caller", "requests_per_second": 1, "burst": 15},
    "partner": {"per": "caller", "requests_per_second": 5, "burst": 100},
    "support": {"per": "caller", "requests_per_second": 1.5, "burst": 12},
}


def changed(kind: str, **change: Any) -> str:
    """The right limits with one block changed."""
    policy = copy.deepcopy(RIGHT)
    policy[kind] |= change
    return yaml.safe_dump(policy)


def judged(text: str, entry: dict[str, Any] | None = None) -> Any:
    return limits.judged("request-limits", entry or {}, text)


def test_right_limits_hold_on_all_days() -> None:
    seen = judged(yaml.safe_dump(RIGHT))

    assert seen.passed and all(each.held for each in seen.properties)
    assert "on 3 days none of" in seen.message
    assert limits.marks(yaml.safe_dump(RIGHT), {}) == {}


@pytest.mark.parametrize(
    ("kind", "change", "mistake", "words"),
    [
        ("rider", {"per": "address"}, "rider-shared",
         "is refused at 07:59:50 as it opens the app: request number 1 of its day. Others had"),
        ("rider", {"per": "everyone", "burst": 600, "requests_per_second": 60}, "rider-shared",
         "one for everybody of this kind"),
        ("partner", {"per": "address"}, "partner-shared", "city-trip-planner (the partners' cloud)"),
        ("support", {"per": "everyone", "burst": 60}, "support-shared", "opens a case"),
        ("rider", {"burst": 8, "requests_per_second": 50}, "rider-burst", "request number 9"),
        ("support", {"burst": 7, "requests_per_second": 50}, "support-burst", "request number 8"),
        ("rider", {"burst": 12}, "rider-rate", "as it comes back to the app"),
        ("rider", {"burst": 100, "requests_per_second": 0.01}, "rider-runaway", "rider 800 (8)"),
        ("partner", {"burst": 89}, "partner-rate", "as it sends the batch of the hour"),
        ("partner", {"burst": 30, "requests_per_second": 0.1}, "partner-rate",
         "as it renews its display"),
        ("support", {"requests_per_second": 0.1}, "support-rate", "as it opens a case"),
        ("partner", {"burst": 1000, "requests_per_second": 40}, "partner-runaway", "450 is the most"),
        ("support", {"burst": 200}, "support-runaway", "support 201 (2)"),
    ],
)  # fmt: skip
def test_message_names_who_was_refused_and_when(
    kind: str, change: dict[str, Any], mistake: str, words: str
) -> None:
    text = changed(kind, **change)
    seen = judged(text)

    assert not seen.passed and seen.mistake is None, "its author has given it no name"
    assert limits.marks(text, {}) == {"mistake": mistake}
    assert words in seen.message
    assert mistake in limits.MISTAKES


def test_shared_bucket_is_named_only_where_an_own_one_would_have_helped() -> None:
    text = changed("rider", per="address", burst=5)

    assert limits.marks(text, {}) == {"mistake": "rider-burst"}


def test_message_of_the_author_follows_what_was_seen() -> None:
    mistake = {"name": "too-small", "message": "Own words.", "results": {"mistake": "rider-burst"}}

    seen = judged(changed("rider", burst=3), {"mistakes": [mistake]})

    assert seen.mistake == "too-small"
    assert seen.message.endswith("request number 4 of its day. Own words.")


@pytest.mark.parametrize(
    ("burst", "rate", "passes"),
    [(13, 1, True), (12, 1, False), (9, 2, True), (8, 2, False), (18, 0.5, True), (15, 0.5, False)],
)
def test_stated_need_of_a_rider_is_the_exact_limit(burst: int, rate: float, passes: bool) -> None:
    seen = judged(changed("rider", burst=burst, requests_per_second=rate))

    assert seen.passed == passes, seen.message


@pytest.mark.parametrize(("burst", "rate"), [(18, 0.2), (19, 0.2), (16, 0.5), (13, 1.0)])
def test_a_token_that_comes_back_in_the_very_moment_counts(burst: int, rate: float) -> None:
    assert judged(changed("rider", burst=burst, requests_per_second=rate)).passed


def test_a_whole_number_with_a_point_is_one() -> None:
    assert judged(changed("rider", burst=float(RIGHT["rider"]["burst"]))).passed


def test_a_kind_is_named_only_where_it_alone_is_too_generous() -> None:
    policy = {
        **RIGHT,
        "partner": {"per": "caller", "requests_per_second": 10, "burst": 70},
        "support": {"per": "caller", "requests_per_second": 4, "burst": 40},
    }

    assert limits.marks(yaml.safe_dump(policy), {}) == {"mistake": "several-runaway"}
    assert "add the three up" in judged(yaml.safe_dump(policy)).message


@pytest.mark.parametrize(("burst", "rate", "passes"), [(90, 5, True), (89, 5, False)])
def test_stated_need_of_a_partner_is_the_exact_limit(burst: int, rate: float, passes: bool) -> None:
    assert judged(changed("partner", burst=burst, requests_per_second=rate)).passed == passes


@given(
    rider=st.tuples(st.floats(0.2, 3), st.integers(9, 40)),
    partner=st.tuples(st.floats(1.1, 20), st.integers(1, 200)),
    support=st.tuples(st.floats(0.6, 5), st.integers(8, 40)),
)
@runs(max_examples=15, deadline=None)
def test_whoever_works_it_out_as_the_hints_say_is_right(
    rider: tuple[float, int], partner: tuple[float, int], support: tuple[float, int]
) -> None:
    rate, burst = rider
    enough = burst + 6 * rate >= 19 and partner[1] + 6 * partner[0] >= 120
    sums = zip((8, 1, 2), (rider, partner, support), strict=True)
    most = sum(count * (tokens + 10 * speed) for count, (speed, tokens) in sums)
    policy = {
        kind: {"per": "caller", "requests_per_second": speed, "burst": tokens}
        for kind, (speed, tokens) in zip(lab.KINDS, (rider, partner, support), strict=True)
    }
    seen = judged(yaml.safe_dump(policy))
    if enough and most <= 450:
        assert seen.passed, seen.message
    if not enough:
        assert not seen.passed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "wanted one block for each kind of caller"),
        ("rider: {per: caller}", "lacks partner, support"),
        ("riders: {}", "did you mean rider?"),
        (changed("rider", burst=1.5), "burst is 1.5, wanted a whole number"),
        (changed("rider", burst=True), "burst is True"),
        (changed("rider", burst=0), "burst is 0"),
        (changed("rider", burst="many"), "burst is 'many'"),
        (changed("rider", requests_per_second=0), "wanted a number above 0"),
        (changed("rider", requests_per_second=float("nan")), "wanted a number above 0"),
        (changed("rider", requests_per_second=float("inf")), "wanted a number above 0"),
        (changed("rider", per="phone"), "per is 'phone', wanted one of caller, address, everyone"),
        (changed("rider", per=[]), "per is []"),
        (changed("rider", burts=3), "did you mean burst?"),
        ("{rider: 3, partner: 3, support: 3}", "wanted three lines below it"),
        ("{1: 2}", "1, which is not known"),
        ("", "the answer is empty"),
        (f"request_limits: {RIGHT!r}", "the name 'request_limits' stands behind %%yaml already"),
        (changed("rider", burst="15"), "burst is '15', a text for its quotation marks"),
        (changed("rider", requests_per_second="1,5"), "a point for its decimals and no comma"),
        (
            "{rider: {per: caller, burst: 9, requests_per_second: 1,5}, partner: {}, support: {}}",
            "a comma between braces ends a value",
        ),
        (changed("rider", requests_per_second=1e9), "a number above 0 and up to 100,000"),
    ],
)
def test_what_holds_no_limits_is_told_in_one_line(text: str, words: str) -> None:
    seen = judged(text)

    assert not seen.passed and words in seen.message and "\n" not in seen.message
    assert seen.share == 0


def test_no_yaml_is_an_error() -> None:
    assert "this is no YAML" in limits.marks("a: [", {})["error"]


@pytest.mark.weekly  # every run asks the reference's in tests/notebooks/test_mutants.py
def test_every_mutant_of_right_limits_is_refused() -> None:
    found = list(limits.mutants(yaml.safe_dump(RIGHT), {}))

    assert len(found) >= 30
    assert [each.change for each in found if not limits.marks(each.text, {})] == []


def test_days_keep_what_the_task_states() -> None:
    for day in (lab.PUBLIC, *lab.HIDDEN):
        requests = lab.requests_of(day)
        honest = [each.seconds for each in requests if each.is_honest]
        busiest = max(
            sum(moment <= other < moment + 10 for other in honest) for moment in honest[::5]
        )
        assert 400 <= busiest <= 500, "up to 50 a second"
        runaways = {each.caller for each in requests if not each.is_honest}
        assert len(runaways) == 11
        assert not runaways & {each.caller for each in requests if each.is_honest}
        batch = [each.seconds for each in requests if "batch" in each.doing]
        assert len(batch) == 120 and batch[0] == 60 and batch[-1] == pytest.approx(66)
        shared = {each.address for each in requests if not each.is_honest}
        assert shared == {day.place, "the partners' cloud", "the support office"}
    assert len({day.clock(0) for day in (lab.PUBLIC, *lab.HIDDEN)}) == 3


def test_replay_without_limits_lets_all_pass_and_the_queue_grow() -> None:
    run = lab.replay(None)

    assert not run.refused and not run.spare_is_kept and run.wait_seconds > 60
    assert all(group.sent == group.passed for group in run.groups)


def test_bucket_of_an_address_is_not_that_of_another_kind() -> None:
    limit = Limit("everyone", 1, 1)
    assert limit.key("rider", "a", "b") != limit.key("partner", "a", "b")
    assert Limit("address", 1, 1).key("rider", "a", "b") == Limit("address", 1, 1).key(
        "rider", "c", "b"
    )
