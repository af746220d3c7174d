import json
import os

import pytest

from ridealong import catalogue


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder in the place of the catalogue's own."""
    monkeypatch.setattr(catalogue, "files", lambda package: tmp_path)
    return tmp_path


CONTENT = {
    "module": "04_sql_one",
    "hidden_seed": 11,
    "hidden_scale": 1,
    "exercises": {"completed-by-city": {"points": 2}},
    "quizzes": {"clause-order": {"points": 1}},
    "predictions": {"how-many": {}},
}


def test_entries_are_found_by_id(files):
    (files / "04_sql_one.json").write_text(json.dumps(CONTENT), encoding="utf-8")

    module, entry = catalogue.exercise("completed-by-city")

    assert (module.name, module.hidden_seed) == ("04_sql_one", 11)
    assert entry == {"points": 2}
    assert catalogue.quizzes() == CONTENT["quizzes"]
    assert catalogue.predictions() == CONTENT["predictions"]


@pytest.mark.parametrize("wrong", ["completed_by_city", "completed-by-cities", "Completed-By-City"])
def test_an_unknown_id_names_the_nearest(files, wrong):
    (files / "04_sql_one.json").write_text(json.dumps(CONTENT), encoding="utf-8")

    with pytest.raises(catalogue.CatalogueError, match='did you mean "completed-by-city"'):
        catalogue.exercise(wrong)


def test_an_id_like_no_other_names_none(files):
    with pytest.raises(catalogue.CatalogueError, match="no exercise 3 in this course$"):
        catalogue.exercise(3)


def test_a_rebuilt_file_is_read_again(files):
    path = files / "04_sql_one.json"
    path.write_text(json.dumps(CONTENT), encoding="utf-8")
    catalogue.modules()

    path.write_text(json.dumps(CONTENT | {"hidden_seed": 12345}), encoding="utf-8")
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))

    assert catalogue.modules()[0].hidden_seed == 12345


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"hidden_seed": "x"}', "{", "null"])
def test_a_damaged_file_is_named_with_the_mend(files, content):
    (files / "04_sql_one.json").write_text(content, encoding="utf-8")

    with pytest.raises(catalogue.CatalogueError, match=r"04_sql_one\.json.*build catalogue"):
        catalogue.modules()
