"""The fidelity table for people: a line a profile, a column a model; then the goals."""

from collections.abc import Callable, Iterator

from tests.bench import Figure
from tests.fidelity.session import OURS, TRUE, WALKED, MakerFound
from tests.fidelity.tally import (
    AGREES,
    FIRST,
    MARK_OUT,
    MODELS,
    PESSIMIST,
    TOO_GOOD,
    VOLUME,
    Figures,
    Tally,
    figures,
)

_COLUMNS: tuple[tuple[str, Callable[[Figures], float | None], str], ...] = (
    (AGREES, lambda told: told.agreement, ".3f"),
    (TOO_GOOD, lambda told: told.too_good, ".4f"),
    (VOLUME, lambda told: told.volume, ".3f"),
    (PESSIMIST, lambda told: told.pessimist, ".3f"),
    (FIRST, lambda told: told.first, ".3f"),
    (f"{MARK_OUT}, in ticks", lambda told: told.mark_out, "+.3f"),
)
SPLITS: dict[str, Callable[[MakerFound], str]] = {
    "profile": lambda probe: probe.plan.profile,
    "tick": lambda probe: f"tick {probe.plan.tick_micros / 1_000_000:g}",
    "prints": lambda probe: "one print a sweep" if probe.plan.one_print_per_sweep else "a print a level",
    "where": lambda probe: probe.wish.where,
    "size": lambda probe: probe.wish.size,
    "side": lambda probe: f"{probe.wish.order.side} of outcome {probe.wish.order.outcome_index}",
    "horizon": lambda probe: _horizon((probe.wish.order.cancel_ms or 0) - probe.wish.order.at_ms),
}


def _horizon(span_ms: int) -> str:
    for seconds in (20, 120, 600):
        if span_ms < 1_000 * seconds:
            return f"under {seconds:4} s"
    return "up to 1 hour"


def lines(tally: Tally, splits: list[str]) -> Iterator[str]:
    for split in splits:
        parts = tally.split(SPLITS[split])
        yield f"\nProbes that rest, by {split}"
        for name, found in {**parts, "in all": tally.makers}.items():
            filled = sum(probe.got[TRUE].filled_micros > 0 for probe in found)
            shares = sum(probe.got[TRUE].filled_micros for probe in found) // 1_000_000
            yield f"  {name:<18}{len(found):>7,} probes, {filled:>6,} really filled, {shares:>12,} shares"
        for title, read, form in _COLUMNS:
            yield f"\n  {title:<38}" + "".join(f"{model:>16}" for model in MODELS)
            for name, found in {**parts, "in all": tally.makers}.items():
                values = [read(figures(found, model)) for model in MODELS]
                cells = "".join(f"{'–' if v is None else format(v, form):>16}" for v in values)
                yield f"    {name:<36}{cells}"
    yield f"\nProbes that take: size and average price identical{OURS:>16}{WALKED:>18}"
    for profile in [*tally.profiles, ""]:
        shares_of = [tally.takers_identical(model, profile) for model in (OURS, WALKED)]
        ours, walked = ("–" if share is None else f"{share:.4f}" for share in shares_of)
        yield f"    {profile or 'in all':<46}{ours:>16}{walked:>18}"


def verdict(figure: Figure) -> str:
    bound = "" if figure.goal is None else f"{'<=' if figure.at_most else '>='} {figure.goal:g}"
    said = "" if figure.goal is None else ("kept" if figure.ok else "MISSED")
    return f"  {figure.figure:<78}{figure.value:>9.4f} {figure.unit:<7}{bound:<10}{said}"
