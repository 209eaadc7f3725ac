"""GET /metrics: what the server and its database do, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi import Request, Response

from caviar.service.server.http.access import READ
from caviar.service.server.http.common import AskersOf, DatabaseOf, router
from caviar.service.server.http.watch import BUCKETS, Traffic
from caviar.service.server.operations import system, workers

if TYPE_CHECKING:
    from prometheus_client import Metric

metrics_router = router("system")

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

EXAMPLE = """# HELP caviar_trials Trials by state.
# TYPE caviar_trials gauge
caviar_trials{state="completed"} 40.0
"""


class _Collector:
    """The metrics as they are at one moment."""

    def __init__(self, traffic: Traffic, totals: system.Totals, states: dict[str, int]) -> None:
        self.traffic, self.totals, self.states = traffic, totals, states

    def collect(self) -> Iterator[Metric]:
        """Each metric, for the library that writes their text."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            InfoMetricFamily,
        )

        totals = self.totals
        versions = {
            "version": totals.version,
            "database": totals.database,
            "schema": totals.schema_revision or "",
        }
        yield InfoMetricFamily("caviar", "The versions of the server.", value=versions)
        requests = CounterMetricFamily(
            "caviar_requests", "Answered requests.", labels=("method", "route", "status")
        )
        for (method, route, status), count in self.traffic.requests.copy().items():
            requests.add_metric((method, route, str(status)), count)
        yield requests
        seconds = HistogramMetricFamily(
            "caviar_request_seconds", "How long requests took.", labels=("route",)
        )
        for route, times in self.traffic.seconds.copy().items():
            reached, buckets = 0, []
            for end, count in zip((*map(str, BUCKETS), "+Inf"), times.counts, strict=True):
                reached += count
                buckets.append((end, reached))
            seconds.add_metric((route,), buckets, times.total)
        yield seconds
        for name, text, counts in (
            ("studies", "Studies by state.", totals.studies),
            ("trials", "Trials by state; void ones are counted apart.", totals.trials),
            ("workers", "Workers by state.", self.states),
        ):
            gauge = GaugeMetricFamily(f"caviar_{name}", text, labels=("state",))
            for state, number in counts.items():
                gauge.add_metric((state,), number)
            yield gauge
        yield GaugeMetricFamily("caviar_leases_open", "Leases that are open.", totals.leases)
        yield CounterMetricFamily(
            "caviar_database_writes", "Transactions that wrote.", totals.writes
        )
        yield CounterMetricFamily(
            "caviar_database_wait_seconds",
            "How long transactions waited until they could begin to write.",
            totals.wait_seconds,
        )


@metrics_router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": EXAMPLE}}}},
    dependencies=[READ],
)
def show_metrics(request: Request, database: DatabaseOf, askers: AskersOf) -> Response:
    """Show counters of requests, trials, workers and the database, for Prometheus.

    Requests are those of this server since it started; the rest is read from the database.
    """
    from prometheus_client import generate_latest

    states = workers.count(database, askers)
    collector = _Collector(request.app.state.traffic, system.totals(database), states)
    return Response(generate_latest(collector), media_type=MEDIA_TYPE)
