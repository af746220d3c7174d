"""A request and its answer are shown as they were sent, without what differs from run to run."""

import httpx

from ridealong.labs.requests import compared, raw, repeated

PROBLEM = {
    "status": 422,
    "detail": "The body breaks a rule.",
    "instance": "urn:ridealong:request:0f3c-7",
    "errors": [{"in": "body", "pointer": "/dropoff_location", "wanted": "Field required"}],
}


def answer(
    status: int = 201, *, headers: dict[str, str] | None = None, body: object = None
) -> httpx.Response:
    request = httpx.Request(
        "POST",
        "http://127.0.0.1:41234/v1/rides?dry=1",
        headers={"Authorization": "Bearer " + "x" * 300, "Idempotency-Key": "mine"},
        json={"pickup_location": "HBV-DTN"},
    )
    return httpx.Response(status, headers=headers, json=body, request=request)


def test_first_lines_header_fields_and_bodies_are_shown() -> None:
    shown = repr(
        raw(answer(headers={"Location": "/v1/rides/7", "X-Request-Id": "0f3c-7"}, body={"a": 1}))
    )

    assert "  POST /v1/rides?dry=1 HTTP/1.1" in shown
    assert "  Authorization: Bearer (a token)" in shown
    assert "  Idempotency-Key: mine" in shown
    assert '    "pickup_location": "HBV-DTN"' in shown
    assert "  HTTP/1.1 201 Created" in shown
    assert "  Location: /v1/rides/7" in shown


def test_what_differs_from_run_to_run_is_left_out() -> None:
    body = {**PROBLEM, "requested_at": "2026-03-30T08:00:00.123456Z"}
    shown = repr(raw(answer(422, headers={"X-Request-Id": "0f3c-7"}, body=body)))

    assert "0f3c-7" not in shown
    assert "41234" not in shown
    assert '"requested_at": "(a time)"' in shown
    assert "422 Unprocessable Content" in shown  # whatever this Python calls it


def test_html_is_escaped_and_named() -> None:
    shown = raw(answer(body={"name": "<b>"}))._repr_mimebundle_()["text/html"]

    assert "<b>" not in shown
    assert "<strong>Request</strong>" in shown and "<strong>Answer</strong>" in shown


def test_answers_side_by_side_say_what_is_wrong() -> None:
    view = compared({"good": answer(body={"detail": "not told"}), "bad": answer(422, body=PROBLEM)})

    assert list(view.table["status"]) == [201, 422]
    assert list(view.table["what the service says"]) == [
        "",
        "The body breaks a rule. /dropoff_location: Field required",
    ]
    assert view.summary == "2 requests: 201, 422."


def test_a_body_that_is_no_json_is_shown_as_it_is() -> None:
    request = httpx.Request("POST", "http://here/v1/rides", content="{")
    seen = httpx.Response(500, text="broken", request=request)

    assert "  {" in repr(raw(seen)) and "  broken" in repr(raw(seen))
    assert list(compared({"x": seen}).table["what the service says"]) == [""]


def test_requests_sent_twice_are_counted_by_what_they_change() -> None:
    known = {"rides": 1, "place": "A"}

    def ask() -> httpx.Response:
        known["rides"] += 1  # type: ignore[operator]
        return answer()

    def locate() -> httpx.Response:
        known["place"] = "B"
        return answer(200)

    view = repeated(
        {"ask": ask, "locate": locate, "read": lambda: answer(200)}, lambda: dict(known)
    )

    assert (view.asked, view.changed_once, view.changed_again) == (3, 2, 1)
    assert list(view.table["what it changed"]) == ["rides: 1 → 2", "place: A → B", "nothing"]
    assert list(view.table["what that changed"]) == ["rides: 2 → 3", "nothing", "nothing"]
