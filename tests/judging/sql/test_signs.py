import pytest

from ridealong.judging.sql.signs import (
    BY_RESULT,
    is_right_condition,
    parts,
    right_parts,
    sign_of,
    stands_in,
)

REFERENCE = (
    "SELECT user_id, created_at FROM users WHERE status = 'active' AND created_at >= as_of() "
    "ORDER BY created_at DESC LIMIT 10"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE x BETWEEN 1 AND 2", "SELECT a FROM t WHERE x >= 1 AND 2 >= x"),
        ("SELECT a FROM t AS u WHERE u.x = 1", "SELECT A FROM t WHERE (X = 1)"),
        ("SELECT a FROM t WHERE x IN ('b')", "SELECT a FROM t WHERE x = 'b'"),
        ("SELECT a FROM t WHERE x > DATE '2026-01-01'", "SELECT a FROM t WHERE x > '2026-01-01'"),
        (
            "SELECT a FROM t WHERE x > now() - INTERVAL '30 days'",
            "SELECT a FROM t WHERE x > now() - INTERVAL 30 DAY",
        ),
    ],
)
def test_two_ways_to_write_a_condition_are_one_part(one, other):
    def conditions(text):
        return {part for part in parts(text) if part.startswith("+where")}

    assert conditions(one) == conditions(other) != set()


@pytest.mark.parametrize(
    ("mistake", "same", "others"),
    [
        (
            REFERENCE.replace("'active'", "'Active'"),
            "SELECT user_id, created_at FROM users u WHERE u.status IN ('Active') LIMIT 10",
            [REFERENCE, REFERENCE.replace("'active'", "'aktive'")],
        ),
        (
            REFERENCE.replace("DESC", ""),
            "SELECT user_id, created_at FROM users ORDER BY 2 ASC LIMIT 10",
            ["SELECT * FROM (SELECT user_id, created_at FROM users LIMIT 10) ORDER BY 2 DESC"],
        ),
        (
            REFERENCE.replace("status = 'active' AND", ""),
            "SELECT user_id, created_at FROM users WHERE created_at >= as_of()",
            [REFERENCE, "SELECT user_id FROM users WHERE status <> 'closed'"],
        ),
        (
            REFERENCE.replace("users", "users JOIN rides USING (user_id)"),
            "SELECT u.user_id FROM users u JOIN rides r ON r.user_id = u.user_id",
            [REFERENCE, "SELECT user_id FROM users"],
        ),
    ],
)
def test_a_sign_stands_in_the_same_mistake_and_in_no_other(mistake, same, others):
    sign = sign_of(mistake, REFERENCE)

    assert stands_in(sign, mistake)
    assert stands_in(sign, same)
    for text in others:
        assert not stands_in(sign, text)


def test_what_is_left_out_may_not_stand_there_in_the_words_of_another_right_answer():
    other = "SELECT user_id FROM users WHERE lower(status) LIKE 'active'"
    left_out = "SELECT user_id, created_at FROM users"

    assert not stands_in(sign_of(left_out, REFERENCE, [other]), other)


def test_a_sign_may_be_given_by_hand():
    mistake = "SELECT user_id, created_at FROM users WHERE created_at >= now() AND status <> 'x'"

    sign = sign_of(mistake, REFERENCE, given=["now()"])
    assert stands_in(sign, "SELECT now()")
    assert not stands_in(sign, "SELECT 1 FROM users WHERE status <> 'x'")
    assert stands_in(sign_of(mistake, REFERENCE, given=[BY_RESULT]), "SELECT 1")


def test_an_order_that_nobody_asks_for_is_no_part():
    without = REFERENCE.partition(" ORDER")[0]

    sign = sign_of(without, f"{without} ORDER BY user_id", ordered=False)

    assert not sign.get("lacks")


def test_a_sign_holds_no_sql():
    sign = sign_of(REFERENCE.replace("'active'", "'Active'"), REFERENCE)

    assert all(len(each) == 8 and int(each, 16) >= 0 for kind in sign.values() for each in kind)


@pytest.mark.parametrize(
    "text", ["", "SELECT", "(" * 90 + "1", "x" * 30_000, "SELECT 'open", "SELECT \0", "🚕" * 50]
)
def test_what_cannot_be_read_has_no_parts_and_no_sign(text):
    assert not stands_in(sign_of(REFERENCE, "SELECT 1"), text)


def test_a_condition_is_right_in_the_clause_of_a_right_answer_only():
    right = right_parts(
        ["SELECT 1 FROM t JOIN u ON t.a = u.a AND u.b > 3 WHERE c = 1 OR d = 2 HAVING COUNT(*) > 5"]
    )

    assert is_right_condition("b > 3", right)
    assert is_right_condition("3 < u.b", right)
    assert is_right_condition("d = 2 OR c = 1", right)
    assert is_right_condition("COUNT(*) > 5", right, "HAVING")
    assert not is_right_condition("COUNT(*) > 5", right)
    assert not is_right_condition("b > 4", right)
    assert not is_right_condition("b > 3 OR c = 1", right)
