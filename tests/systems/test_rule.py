"""The cancellation fee: what its sentences decide, and what three teams made of the prose."""

from ridealong.systems.rule import CANCELLATION_FEE, READINGS, Case, cases


def fee(**change: str | int) -> int:
    case: Case = {
        "cancelled_by": "rider",
        "status": "accepted",
        "seconds": 121,
        "minutes_late": 0,
        "pickup": "elsewhere",
        **change,
    }
    return CANCELLATION_FEE.decided(case).outcome


def test_the_sentences_decide_at_their_limits() -> None:
    assert fee() == 5
    assert fee(pickup="airport") == 8
    assert [fee(seconds=each) for each in (0, 120, 121, 3600)] == [0, 0, 5, 5]
    assert [fee(minutes_late=each) for each in (0, 4, 5, 60)] == [5, 5, 0, 0]
    assert fee(status="requested") == fee(cancelled_by="driver") == fee(cancelled_by="system") == 0


def test_each_sentence_and_each_fee_decides_something() -> None:
    decided = [CANCELLATION_FEE.decided(case) for case in cases(CANCELLATION_FEE)]

    assert len(decided) == 3 * 2 * 2 * 2 * 2
    assert set(map(id, decided)) == set(map(id, CANCELLATION_FEE.sentences))
    assert {each.outcome for each in decided} == set(CANCELLATION_FEE.outcomes)


def test_numbers_beside_the_limits_are_combinations_too_when_asked_for() -> None:
    seconds = {case["seconds"] for case in cases(CANCELLATION_FEE, around=True)}

    assert seconds == {0, 1, 119, 120, 121, 122, 3600}


def test_the_three_readings_differ_from_the_rule_and_from_each_other() -> None:
    fees = {
        team: tuple(charge(case) for case in cases(CANCELLATION_FEE))
        for team, (_, charge) in READINGS.items()
    }
    rule = tuple(CANCELLATION_FEE.decided(case).outcome for case in cases(CANCELLATION_FEE))

    assert len({rule, *fees.values()}) == 4
