"""The OpenAPI document is complete, and the service keeps to it: schemathesis with all checks."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from ridealong.service import Service
from service_callers import Callers

PROBLEM = "application/problem+json"
HERE = Path(__file__).parent
CONFIG = """
[checks.positive_data_acceptance]
# 412 is not there by default, and right here: no schema can say which entity tag is the last.
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]
"""


@pytest.fixture(scope="module")
def document(company: Service) -> dict[str, Any]:
    """The document as anybody can get it."""
    content: dict[str, Any] = company.client().get("/openapi.json").json()
    return content


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return path, method and content of all operations."""
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_document_is_valid_and_has_both_versions(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()

    versions = {
        version: {
            (path.removeprefix(version), method)
            for path, method, _ in operations(document)
            if path.startswith(version)
        }
        for version in ("/v1", "/v2")
    }
    assert versions["/v1"] == versions["/v2"]
    assert len(versions["/v1"]) == 13


def test_every_operation_says_all_that_a_client_needs(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["tags"] and operation["summary"] and operation["description"], where
        assert operation.get("deprecated", False) == path.startswith("/v1/"), where
        scopes = [scope for way in operation["security"] for scope in way.get("oauth2", [])]
        assert len(scopes) == 1, where
        assert {"400", "401", "403", "429", "500"} <= set(operation["responses"]), where
        for status, answer in operation["responses"].items():
            assert answer["description"], where
            assert "X-Request-ID" in answer["headers"], where
            if status >= "400":
                assert list(answer["content"]) == [PROBLEM], f"{where} {status}"


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["examples"], f"{method} {path}"


@pytest.mark.parametrize("is_weekly", [False, pytest.param(True, marks=pytest.mark.weekly)])
def test_service_keeps_to_its_document(
    is_weekly: bool, company: Service, calling: Callers, tmp_path: Path
) -> None:
    # The versions share their code: always one on each kind of database, weekly both on both.
    paths = "^/v2" if company.settings.database.startswith("sqlite") else "^/v1"
    choice = ["--max-examples", "50"]
    if not is_weekly:
        choice = ["--max-examples", "3", "--include-path-regex", paths]
    rides = [calling.ride() for _ in range(8)]
    calling.driver.post(f"/v1/rides/{rides[0]}/accept")
    credentials = {
        role: {
            name: getattr(calling, role).headers[name]
            for name in ("Authorization", "X-API-Key")
            if name in getattr(calling, role).headers
        }
        for role in ("rider", "driver", "partner")
    }
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *(
                "--config-file",
                tmp_path / "schemathesis.toml",
                "run",
                f"{company.url}/openapi.json",
            ),
            *("--checks", "all", "--seed", "7", "--workers", "1", "--no-color"),
            *("--generation-deterministic", *choice),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(HERE),
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "RIDEALONG_CALLERS": json.dumps(credentials),
            "RIDEALONG_RIDES": json.dumps(rides),
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=900,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Selected: (\d+)/(\d+)", done.stdout)
    assert tested and tested[1] == ("26" if is_weekly else "13"), done.stdout[-2000:]
