import subprocess

import pytest

from ridealong.engine.locked import Engine
from ridealong.engine.statement import QueryFailed, QueryRefused, QueryStopped
from ridealong.judging import worker as worker_module
from ridealong.judging.sql.run import run
from ridealong.judging.worker import Worker


@pytest.fixture(scope="module")
def worker():
    worker = Worker(limit_seconds=3)  # far above what an honest query here takes
    yield worker
    worker.close()


def test_a_worker_gives_what_the_engine_gives(worker):
    text = "SELECT status, avg(fare) AS fare FROM rides GROUP BY status ORDER BY status"
    engine = Engine()
    wanted = engine.run(text, None, order=["status"])

    seen = run(worker, text, None, order=["status"])

    assert seen == wanted


def test_errors_keep_their_kind_and_message(worker):
    with pytest.raises(QueryRefused, match="2 statements"):
        run(worker, "SELECT 1; SELECT 2", None)
    with pytest.raises(QueryFailed, match="the nearest table is rides"):
        run(worker, "SELECT * FROM ridez", None)
    with pytest.raises(QueryStopped, match="ran longer than 3 s"):
        run(
            worker,
            "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range*b.range%7=3",
            None,
        )
    with pytest.raises(QueryRefused, match="an int"):
        run(worker, 3, None)


def test_a_process_that_dies_is_replaced(worker):
    run(worker, "SELECT 1 AS a", None)
    first = worker._process

    first.kill()
    first.wait()

    assert run(worker, "SELECT 1 AS a", None).rows == 1
    assert worker._process is not first


def test_a_process_that_dies_under_a_query_is_told_and_replaced(worker, monkeypatch):
    run(worker, "SELECT 1 AS a", None)
    monkeypatch.setattr(worker._process.stdin, "write", lambda data: worker._process.kill())

    with pytest.raises(QueryStopped, match="ended the database engine"):
        run(worker, "SELECT 1 AS a", None)

    assert run(worker, "SELECT 1 AS a", None).rows == 1


def test_a_query_that_cannot_be_interrupted_is_ended(worker, monkeypatch):
    monkeypatch.setattr(worker_module, "GRACE_SECONDS", 0.5)
    run(worker, "SELECT 1 AS a", None)
    first = worker._process

    with pytest.raises(QueryStopped):
        run(worker, "SELECT levenshtein(repeat('a', 400000), repeat('b', 400000))", None)

    assert first.poll() is not None
    assert run(worker, "SELECT 1 AS a", None).rows == 1


def test_without_processes_queries_run_in_the_kernel(monkeypatch):
    def refuse(*args, **options):
        raise OSError("no processes here")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    worker = Worker()

    assert run(worker, "SELECT 1 AS a", None).rows == 1
    with pytest.raises(QueryFailed, match="ridez"):
        run(worker, "SELECT * FROM ridez", None)


def test_closing_twice_is_no_error():
    worker = Worker()
    run(worker, "SELECT 1 AS a", None)

    worker.close()
    worker.close()
