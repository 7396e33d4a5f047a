"""/metrics: what django-prometheus counts about HTTP, and our own gauges, read when Prometheus asks."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from papertrading.health import health


class SiteCollector(Collector):
    def describe(self) -> list[Metric]:
        return []  # else registering would collect at once, before the databases exist

    def collect(self) -> Iterator[Metric]:
        found = health()
        ok = GaugeMetricFamily(
            "papertrading_check_ok", "1 while a part of the site is well.", labels=["check"]
        )
        for check in found.checks:
            ok.add_metric([check.name], int(check.ok))
        yield ok
        info = GaugeMetricFamily("papertrading_info", "Always 1.", labels=["version", "exchange"])
        info.add_metric([settings.VERSION, settings.EXCHANGE_KIND], 1)
        yield info
        if feed := found.by_name.get("feed"):
            yield from self._feed(feed.facts)
        if matcher := found.by_name.get("matcher"):
            yield GaugeMetricFamily(
                "papertrading_matcher_behind_ms",
                "Milliseconds that the slowest matcher is behind the feed.",
                value=matcher.facts.get("behind_ms", 0),
            )
        if catalogue := found.by_name.get("catalogue"):
            yield from self._syncs(catalogue.facts)

    def _feed(self, facts: dict[str, int | None]) -> Iterator[Metric]:
        for name, help_text in (
            ("connections", "Live connections to the venue's market socket."),
            ("markets", "Markets that somebody wants followed."),
            ("age_ms", "Milliseconds since the venue was last heard."),
            ("delay_ms", "How long after its stamp a venue event is here."),
        ):
            if (value := facts.get(name)) is not None:
                yield GaugeMetricFamily(f"papertrading_feed_{name}", help_text, value=value)

    def _syncs(self, facts: dict[str, dict[str, int | None]]) -> Iterator[Metric]:
        for name in ("rows", "written", "bad", "finished_ms"):
            gauge = GaugeMetricFamily(f"papertrading_sync_{name}", "Of the newest run.", labels=["sync"])
            for sync, counts in facts.items():
                if (value := counts.get(name)) is not None:
                    gauge.add_metric([sync], value)
            yield gauge


REGISTRY.register(SiteCollector())
