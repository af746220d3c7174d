"""What schemathesis has to know about the service: who calls, and what is there."""

import itertools
import json
import os
from typing import Any

import schemathesis

CALLERS = json.loads(os.environ["RIDEALONG_CALLERS"])
RIDES = itertools.cycle(json.loads(os.environ["RIDEALONG_RIDES"]))
REAL = {"user_id": itertools.repeat(123), "driver_id": itertools.repeat(57), "ride_id": RIDES}
ROLE_OF = {
    "accept": "driver",
    "start": "driver",
    "complete": "driver",
    "location": "driver",
    "available-drivers": "partner",
}
KEYS = (f"key-{number}" for number in itertools.count())


@schemathesis.auth(cache_by_key=lambda case, _: ROLE_OF.get(case.path.rpartition("/")[2], "rider"))
class ByRole:
    """Somebody who may use the operation."""

    def get(self, case: schemathesis.Case, context: Any) -> dict[str, str]:
        """Return the header fields that say who calls."""
        return CALLERS[ROLE_OF.get(case.path.rpartition("/")[2], "rider")]

    def set(self, case: schemathesis.Case, data: dict[str, str], context: Any) -> None:
        """Let the case have them."""
        case.headers = {**(case.headers or {}), **data}


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Put things that are there in place of every second made-up one, and a new key for each."""
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    for name, real in REAL.items():
        number = (case.path_parameters or {}).get(name)
        if isinstance(number, int) and number % 2:
            case.path_parameters[name] = next(real)
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = next(KEYS)
