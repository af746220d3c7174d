"""What only a real broker can show: transactions, messages that outlive a kill, and copies.

Where the running broker can do it, it is done. Where it cannot, what Apache Kafka did is shown from
`recorded_brokers.json`, and the title says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ridealong.show.views import View


def aborted_transaction(broker: object = None) -> View:
    """Let a worker abort a transaction and repeat it, and see who sees what, and who was charged.

    Args:
        broker: one that runs; by default that of this notebook.
    """
    raise NotImplementedError


def killed_broker(broker: object = None) -> View:
    """Write thirty messages, kill the broker, start it again, and count what is there.

    Args:
        broker: one that runs; by default that of this notebook.
    """
    raise NotImplementedError


def lost_node(broker: object = None) -> View:
    """Kill one node of three under a producer, then a second one, and start it again.

    Args:
        broker: one that runs; by default that of this notebook.
    """
    raise NotImplementedError


__all__ = ["aborted_transaction", "killed_broker", "lost_node"]
