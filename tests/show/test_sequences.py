import xml.etree.ElementTree as ET

import pytest

from ridealong.show.sequences import Message, sequence

PEOPLE = ["App", "Login", "API"]
MESSAGES = [
    Message("App", "App", "makes a secret"),
    Message("App", "Login", "the secret's hash & more"),
    Message("Login", "App", "403: no", refused=True),
    Message("App", "API", "a question that is long enough to be wrapped, because it goes far" * 3),
]


def test_every_message_stands_in_picture_text_and_description() -> None:
    drawn = sequence(PEOPLE, MESSAGES)

    assert repr(drawn).splitlines()[:3] == [
        "1. App: makes a secret",
        "2. App to Login: the secret's hash & more",
        "3. Login to App: 403: no",
    ]
    assert drawn.alt.startswith("Sequence diagram between App, Login and API. 1. App: makes")
    words = " ".join(
        t.text or "" for t in ET.fromstring(drawn.svg).iter() if t.tag.endswith("text")
    )
    for name in PEOPLE:
        assert name in words
    assert "2. the secret's hash & more" in words


def test_arrows_point_to_their_receiver_and_a_refusal_is_dashed() -> None:
    root = ET.fromstring(sequence(PEOPLE, MESSAGES).svg)
    arrows = [e for e in root.iter() if e.tag.endswith("line") and e.get("stroke-width") == "2"]
    there, back, far = ((int(e.get("x1", 0)), int(e.get("x2", 0))) for e in arrows)

    assert there[0] < there[1]
    assert back[0] > back[1]
    assert far[1] > there[1]
    assert [e.get("stroke-dasharray") for e in arrows] == [None, "6 4", None]
    assert len([e for e in root.iter() if e.tag.endswith("circle")]) == 1  # what is done alone


def test_messages_do_not_overlap_and_all_lie_inside() -> None:
    drawn = sequence(PEOPLE, MESSAGES)
    root = ET.fromstring(drawn.svg)
    rows = [int(e.get("y", 0)) for e in root.iter() if e.tag.endswith("text")][len(PEOPLE) :]

    assert rows == sorted(rows)
    assert len(set(rows)) == len(rows)
    assert rows[-1] < int(root.get("height", 0))
    assert drawn.width == int(root.get("width", 0))


def test_a_stranger_is_named() -> None:
    with pytest.raises(ValueError, match=r"'Bank' is no participant; there are App, Login, API\."):
        sequence(PEOPLE, [Message("App", "Bank", "money")])
