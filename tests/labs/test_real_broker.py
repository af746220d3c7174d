"""What only a real broker can show: done where it can be, else recorded, and the recording is fresh."""

import re
from typing import Any

import pytest

from brokers import ON_KAFKA, broker, kafka, needs_kafka, small
from ridealong.labs import queues, real_broker
from ridealong.labs.sql.database import LabError
from ridealong.systems.broker import apache
from ridealong.systems.broker.server import Broker

__all__ = ["broker", "kafka", "small"]  # the fixtures that this file uses

TIMES = {"seconds", "longest", "marks", "acknowledged_after", "refused_after"}


def show(share: float) -> None:
    """Look on."""


def counts(found: Any) -> Any:
    """Return what was found without its times."""
    if isinstance(found, dict):
        return {name: counts(value) for name, value in found.items() if name not in TIMES}
    return [counts(each) for each in found] if isinstance(found, list) else found


def test_on_the_small_broker_transactions_and_copies_are_recorded(small: Broker) -> None:
    aborted = real_broker.aborted_transaction(small)
    assert repr(aborted) == (
        "A transaction is aborted, then repeated (recorded on Apache Kafka 4.1.1)\n"
        "A reader with read_committed sees 3 charges for 3 rides; the provider outside, who takes "
        "no part in the transaction, has 6 in its books. Recorded, because the small broker does "
        "not hide what an aborted transaction has written; start_broker('kafka') and this cell "
        "again do it for real."
    )
    assert list(aborted.table["after the abort"]) == [3, 0, 4, 0, 3]
    assert list(aborted.table["after the commit"]) == [6, 3, 8, 3, 6]
    assert "offset 3: end of a transaction; offset 4: message, committed" in str(aborted)

    lost = real_broker.lost_node(small)
    assert lost.title == "Nodes of three are killed (recorded on Apache Kafka 4.1.1)"
    assert list(lost.table["written"]) == [20, 100, 1, 5, 20]
    assert list(lost.table["acknowledged"]) == [20, 100, 0, 0, 20]
    assert list(lost.table["in the topic at the end"]) == [20, 100, 1, 0, 20]
    assert "Lost 0 of 140 acknowledged messages." in lost.summary
    assert "5 of 5 writes are refused (NOT_ENOUGH_REPLICAS)" in lost.summary
    assert "start_broker('kafka', nodes=3)" in lost.summary
    assert not small.topics(), "nothing was run"


def test_the_small_broker_is_killed_for_real_beside_what_was_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Broker("built-in") as own:
        monkeypatch.setattr(queues, "_broker", own)
        own.topic("before")
        views = [real_broker.killed_broker() for _ in range(2)]
        assert own.is_running and "before" not in own.topics()
    assert repr(views[0]) == repr(views[1])
    table = views[0].table
    assert list(table["there after the kill"]) == [0, 30]
    assert list(table["the group goes on at"]) == ["the beginning", "offset 12"]
    assert list(table["messages it then gets"]) == [0, 18]
    assert views[0].title.endswith("(Kafka's row: recorded on Apache Kafka 4.1.1)")
    assert "the small broker, just now: 0 of 30; Apache Kafka, recorded: 30 of 30" in str(views[0])


def test_without_a_broker_that_runs_there_is_nothing_to_show() -> None:
    with pytest.raises(LabError, match=r"no broker runs: start_broker\(\) starts one"):
        real_broker.lost_node()
    with pytest.raises(LabError, match="broker is 'kafka', wanted one such as start_broker"):
        real_broker.killed_broker("kafka")
    with pytest.raises(LabError, match=r"the broker is stopped: start it with broker.start\(\)"):
        real_broker.aborted_transaction(Broker("built-in"))


@ON_KAFKA
def test_an_outside_cluster_has_transactions_and_is_not_killed(broker: Broker) -> None:
    live = real_broker.aborted_transaction(broker)
    assert live.title.startswith("A transaction is aborted, then repeated: the outside cluster")
    assert "Recorded" not in live.summary
    killed = real_broker.killed_broker(broker)
    assert list(killed.table["broker"]) == ["Apache Kafka, recorded"]
    for view in (killed, real_broker.lost_node(broker)):
        assert "Recorded, because an outside cluster is not ours to kill" in view.summary
        assert view.title.endswith("(recorded on Apache Kafka 4.1.1)")
    assert broker.is_running


def test_the_recording_is_of_the_version_that_is_fetched() -> None:
    assert real_broker.recorded()["version"] == apache.VERSION
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_broker, "recorded", lambda: {"a": [[0.5, 1], [2, 3]], "b": {"c": []}})
        text = real_broker._written(real_broker.recorded())
    assert re.search(r'"a": \[\n  \[0.5,1\],\n  \[2,3\]\n \]', text)


def test_the_recording_of_a_transaction_is_fresh(kafka: Broker) -> None:
    assert real_broker._transaction(kafka, show) == real_broker.recorded()["transaction"]


@pytest.mark.weekly
def test_the_recording_of_a_kill_is_fresh() -> None:
    needs_kafka()
    with Broker("kafka") as own:
        view = real_broker.killed_broker(own)
        assert counts(real_broker._kill(own, show)) == counts(real_broker.recorded()["kill"])
    assert view.title == "A broker is killed and started again: Apache Kafka"
    assert "Apache Kafka: 30 of 30." in view.summary and "Recorded" not in view.summary


@pytest.mark.weekly
def test_the_recording_of_lost_nodes_is_fresh() -> None:
    needs_kafka()
    with Broker("kafka", nodes=3) as own:
        seen = real_broker._node(own, show)
        assert own.is_running and len(real_broker._in_sync(own, own.topic("after"), 3)[1]) == 3
    before = real_broker.recorded()["node"]
    # The broker may notice sooner that it is alone, and says so: that is no answer either.
    in_doubt = [each["phases"].pop(2) for each in (seen, before)]
    assert {each["answer"] for each in in_doubt} <= {
        "REQUEST_TIMED_OUT",
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    }
    assert [(each["acknowledged"], each["there"]) for each in in_doubt] == [(0, 1)] * 2
    assert counts(seen) == counts(before)
    assert 1 < seen["phases"][1]["longest"] < 30, "a new leader is found, and not at once"
