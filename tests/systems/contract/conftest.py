"""Contracts that several tests read."""

from pathlib import Path

import pytest

PUBLIC = Path(__file__).parents[4] / "shared" / "corpus" / "openapi"

RIDES = """\
openapi: 3.1.0
info: {title: Rides, version: "1.0"}
security:
  - key: []
paths:
  /rides:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: status, in: query, schema: {type: array, items: {$ref: "#/components/schemas/Status"}}}
      responses:
        "200":
          description: Some rides.
          content:
            application/json:
              schema:
                type: object
                required: [rides]
                properties:
                  rides: {type: array, items: {$ref: "#/components/schemas/Ride"}}
        "400": {$ref: "#/components/responses/Wrong"}
        "401": {$ref: "#/components/responses/Wrong"}
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: "#/components/schemas/NewRide"}
      responses:
        "201":
          description: The new ride.
          headers:
            Location: {schema: {type: string, format: uri-reference}}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Ride"}
              examples:
                first: {value: {ride_id: 7, city: Lakemont, status: requested, requested_at: "2026-01-31T09:00:00Z"}}
                broken: {value: {ride_id: seven}}
        "401": {$ref: "#/components/responses/Wrong"}
        "422": {$ref: "#/components/responses/Wrong"}
  /rides/{ride_id}:
    parameters:
      - {name: ride_id, in: path, required: true, schema: {type: integer, minimum: 1}}
    get:
      responses:
        "200":
          description: The ride.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Ride"}
        "400": {$ref: "#/components/responses/Wrong"}
        "401": {$ref: "#/components/responses/Wrong"}
        "404": {$ref: "#/components/responses/Wrong"}
    patch:
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, properties: {city: {type: string, minLength: 2}}}
      responses:
        "200":
          description: The changed ride.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Ride"}
        "400": {$ref: "#/components/responses/Wrong"}
        "401": {$ref: "#/components/responses/Wrong"}
        "404": {$ref: "#/components/responses/Wrong"}
    delete:
      responses:
        "204": {description: Deleted.}
        "400": {$ref: "#/components/responses/Wrong"}
        "401": {$ref: "#/components/responses/Wrong"}
        "404": {$ref: "#/components/responses/Wrong"}
  /rides/mine:
    get:
      security: []
      responses:
        "200": {description: Mine., content: {application/json: {schema: {type: string}, example: mine}}}
  /rides/{ride_id}:cancel:
    post:
      parameters:
        - {name: ride_id, in: path, required: true, schema: {type: integer}}
      responses:
        "204": {description: Cancelled.}
        "400": {$ref: "#/components/responses/Wrong"}
        "401": {$ref: "#/components/responses/Wrong"}
        "404": {$ref: "#/components/responses/Wrong"}
  /files/{name}.{ext}:
    get:
      security: []
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
        - {name: ext, in: path, required: true, schema: {enum: [pdf, csv]}}
      responses:
        "200": {description: A file., content: {text/plain: {schema: {type: string}}}}
        "400": {$ref: "#/components/responses/Wrong"}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
  responses:
    Wrong:
      description: What was wrong.
      content:
        application/problem+json:
          schema:
            type: object
            required: [title, status, detail]
            properties:
              title: {type: string}
              status: {type: integer}
              detail: {type: string}
  schemas:
    Status: {enum: [requested, completed]}
    NewRide:
      type: object
      required: [city]
      properties:
        city: {type: string, minLength: 2}
        seats: {type: integer, minimum: 1, maximum: 6}
    Ride:
      allOf:
        - $ref: "#/components/schemas/NewRide"
        - type: object
          required: [ride_id, status, requested_at]
          properties:
            ride_id: {type: integer}
            status: {$ref: "#/components/schemas/Status"}
            requested_at: {type: string, format: date-time}
"""


@pytest.fixture
def rides() -> str:
    """Return a contract with rides: created, read, listed, changed, cancelled, deleted."""
    return RIDES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each public contract in turn to a test that asks for `public_contract`."""
    if "public_contract" in metafunc.fixturenames:
        files = sorted(PUBLIC.glob("*.*")) if PUBLIC.is_dir() else []
        absent = pytest.mark.skip(reason=f"no public contracts in {PUBLIC}")
        metafunc.parametrize(
            "public_contract",
            files or [pytest.param(None, marks=absent)],
            ids=[each.name for each in files] or ["absent"],
        )
