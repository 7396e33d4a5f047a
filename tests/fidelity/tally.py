"""What all sessions found, in figures, and the goals that they are judged by (docs/fill-model.md)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.bench import Figure
from tests.fidelity.naive import ON_CROSS, ON_TOUCH
from tests.fidelity.session import OURS, PROPORTIONAL, RISK_AVERSE, TRUE, WALKED, MakerFound, TakerFound

MODELS = (RISK_AVERSE, PROPORTIONAL, ON_TOUCH, ON_CROSS)
_WITHIN = 20  # a twentieth of the order, 5 %


@dataclass(frozen=True, slots=True)
class Figures:
    """One model on some probes. None where there is nothing to divide by."""

    agreement: float | None  # share of probes whose filled amount is the true one, within 5 % of the order
    too_good: float | None  # shares that it filled beyond the truth, probe by probe, against all true ones
    volume: float | None  # all its shares against all true ones
    pessimist: float | None  # share of the disagreements in which it filled less
    first: float | None  # where both fill: share whose first fill is of the same instant
    mark_out: float | None  # ticks a share after ten minutes, less the true mark-out


def figures(found: Sequence[MakerFound], model: str) -> Figures:
    pairs = [(probe.got[model], probe.got[TRUE]) for probe in found]
    filled = sum(paper.filled_micros for paper, _ in pairs)
    true = sum(real.filled_micros for _, real in pairs)
    off = [
        paper.filled_micros - real.filled_micros
        for (paper, real), probe in zip(pairs, found, strict=True)
        if _WITHIN * abs(paper.filled_micros - real.filled_micros) > probe.size_micros
    ]
    both = [(paper, real) for paper, real in pairs if paper.filled_micros and real.filled_micros]
    return Figures(
        agreement=_ratio(len(found) - len(off), len(found)),
        too_good=_ratio(sum(max(0, p.filled_micros - r.filled_micros) for p, r in pairs), true),
        volume=_ratio(filled, true),
        pessimist=_ratio(sum(gap < 0 for gap in off), len(off)),
        first=_ratio(sum(paper.first_ms == real.first_ms for paper, real in both), len(both)),
        mark_out=_less(
            _ratio(sum(paper.mark_out for paper, _ in pairs), filled),
            _ratio(sum(real.mark_out for _, real in pairs), true),
        ),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a model's figure must be. A goal binds all probes together, and each profile by itself."""

    name: str
    read: Callable[[Figures], float | None]
    unit: str
    model: str
    at_least: float | None = None
    at_most: float | None = None
    mean: float | None = None  # instead: what the mean of the profiles must be at least; they, `at_least`


def _agreement(told: Figures) -> float | None:
    return told.agreement


def _mark_out(told: Figures) -> float | None:
    return None if told.mark_out is None else abs(told.mark_out)


AGREES, TOO_GOOD = "filled amount agrees within 5 %", "too-good volume / true volume"
PESSIMIST, VOLUME = "disagreements in which it fills less", "volume / true volume"
FIRST, MARK_OUT = "first fill in the true step", "mark-out, difference to the true one"
GOALS = (
    Goal(name=AGREES, read=_agreement, unit="share", model=RISK_AVERSE, at_least=0.88, mean=0.94),
    Goal(name=AGREES, read=_agreement, unit="share", model=PROPORTIONAL, at_least=0.93, mean=0.965),
    Goal(name=TOO_GOOD, read=lambda told: told.too_good, unit="ratio", model=RISK_AVERSE, at_most=0.001),
    Goal(name=TOO_GOOD, read=lambda told: told.too_good, unit="ratio", model=PROPORTIONAL, at_most=0.006),
    Goal(name=PESSIMIST, read=lambda told: told.pessimist, unit="share", model=RISK_AVERSE, at_least=0.99),
    Goal(name=VOLUME, read=lambda told: told.volume, unit="ratio", model=PROPORTIONAL, at_least=0.97),
    Goal(name=VOLUME, read=lambda told: told.volume, unit="ratio", model=PROPORTIONAL, at_most=1.01),
    Goal(name=FIRST, read=lambda told: told.first, unit="share", model=RISK_AVERSE, at_least=0.9),
    Goal(name=FIRST, read=lambda told: told.first, unit="share", model=PROPORTIONAL, at_least=0.9),
    Goal(name=MARK_OUT, read=_mark_out, unit="ticks", model=PROPORTIONAL, at_most=0.1),
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that was found."""

    makers: list[MakerFound]
    takers: list[TakerFound]

    @property
    def profiles(self) -> list[str]:
        return list(dict.fromkeys(probe.plan.profile for probe in self.makers))

    def of(self, profile: str) -> list[MakerFound]:
        return [probe for probe in self.makers if probe.plan.profile == profile]

    def split(self, key: Callable[[MakerFound], str]) -> dict[str, list[MakerFound]]:
        parts: dict[str, list[MakerFound]] = {}
        for probe in self.makers:
            parts.setdefault(key(probe), []).append(probe)
        return dict(sorted(parts.items()))

    def takers_identical(self, model: str, profile: str = "") -> float | None:
        asked = [probe.got[model] for probe in self.takers if profile in ("", probe.plan.profile)]
        return _ratio(sum(asked), len(asked))

    def judged(self) -> Iterator[Figure]:
        """Every goal, in all and in the worst profile."""
        for model, goal in ((OURS, 1.0), (WALKED, None)):
            share = self.takers_identical(model)
            if share is not None:
                name = f"taker, {model}: size and price identical"
                yield Figure(figure=name, value=share, unit="share", goal=goal)
        by_profile = {profile: self.of(profile) for profile in self.profiles}
        for goal in GOALS:
            yield from _judged(goal, self.makers, by_profile)
        for model in (ON_TOUCH, ON_CROSS):
            told = figures(self.makers, model)
            for name, value in ((AGREES, told.agreement), (TOO_GOOD, told.too_good), (VOLUME, told.volume)):
                if value is not None:
                    yield Figure(figure=f"{model}: {name}", value=value, unit="ratio")


def _judged(
    goal: Goal, everything: Sequence[MakerFound], by_profile: dict[str, list[MakerFound]]
) -> Iterator[Figure]:
    name = f"{goal.model}: {goal.name}"
    each = {
        profile: value
        for profile, found in by_profile.items()
        if (value := goal.read(figures(found, goal.model))) is not None
    }
    if not each:
        return
    at_most = goal.at_most is not None
    bound = goal.at_most if at_most else goal.at_least
    if goal.mean is not None:
        mean = sum(each.values()) / len(each)
        yield Figure(figure=f"{name}, mean of profiles", value=mean, unit=goal.unit, goal=goal.mean)
    else:
        value = goal.read(figures(everything, goal.model))
        assert value is not None
        yield Figure(figure=f"{name}, in all", value=value, unit=goal.unit, goal=bound, at_most=at_most)
    worst = max(each, key=each.__getitem__) if at_most else min(each, key=each.__getitem__)
    yield Figure(
        figure=f"{name}, worst: {worst}", value=each[worst], unit=goal.unit, goal=bound, at_most=at_most
    )


def together(parts: Iterable[tuple[list[MakerFound], list[TakerFound]]]) -> Tally:
    makers: list[MakerFound] = []
    takers: list[TakerFound] = []
    for some_makers, some_takers in parts:
        makers += some_makers
        takers += some_takers
    return Tally(makers, takers)
