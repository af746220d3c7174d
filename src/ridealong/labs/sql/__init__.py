"""What a notebook calls to look inside a query.

Each call is the last expression of its cell and shows itself: a table, a sentence, a picture.
"""

from ridealong.labs.sql.charts import bars, histogram
from ridealong.labs.sql.clauses import clause_steps
from ridealong.labs.sql.cost import cost_of
from ridealong.labs.sql.database import LabError
from ridealong.labs.sql.indexes import index_cost
from ridealong.labs.sql.joins import glued_or_bound, join_view
from ridealong.labs.sql.orders import order_view
from ridealong.labs.sql.plans import plan
from ridealong.labs.sql.ranges import range_view
from ridealong.labs.sql.rows import row_by_row

__all__ = [
    "LabError",
    "bars",
    "clause_steps",
    "cost_of",
    "glued_or_bound",
    "histogram",
    "index_cost",
    "join_view",
    "order_view",
    "plan",
    "range_view",
    "row_by_row",
]
