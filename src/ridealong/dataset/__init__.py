"""The sample company's data: a DuckDB database made on this machine from a seed and a scale."""

from ridealong.dataset.build import build_database
from ridealong.dataset.connection import connect, current_connection, edge_connection
from ridealong.dataset.storage import DatasetArgumentError, DatasetError, ensure_database

__all__ = [
    "DatasetArgumentError",
    "DatasetError",
    "build_database",
    "connect",
    "current_connection",
    "edge_connection",
    "ensure_database",
]
