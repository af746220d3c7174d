"""What a notebook calls to look inside a query.

Each call is the last expression of its cell and shows itself: a table, a sentence, a picture.
"""

from ridealong.labs.charts import bars, histogram
from ridealong.labs.clauses import clause_steps
from ridealong.labs.cost import cost_of
from ridealong.labs.joins import glued_or_bound, join_view
from ridealong.labs.orders import order_view
from ridealong.labs.plans import plan
from ridealong.labs.ranges import range_view
from ridealong.labs.rows import row_by_row
from ridealong.labs.sql import LabError

__all__ = [
    "LabError",
    "bars",
    "clause_steps",
    "cost_of",
    "glued_or_bound",
    "histogram",
    "join_view",
    "order_view",
    "plan",
    "range_view",
    "row_by_row",
]
