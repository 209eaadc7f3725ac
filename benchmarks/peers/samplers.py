"""Optuna's samplers on our problems: asked and told in batches, with their defaults.

Each parameter becomes the distribution that suits it best there: a log-uniform 1 - x for
reverse_log, an exponent for powers of a base, a place for ordered choices; one with a condition is
suggested only when active.
"""

import functools
import warnings
from typing import Any

from benchmarks.problems.problem import Problem
from caviar.sampler.space.parameters import Boolean, Categorical, Float, Integer, Parameter

PEERS = ("Random", "QMC", "TPE", "CMA-ES", "GP")


def search(
    peer: str, problem: Problem, *, seed: int, budget: int, batch: int
) -> list[dict[str, Any]]:
    """The settings of a whole search, in order, each with what it gave under "value"."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    study = optuna.create_study(sampler=_sampler(peer, seed))
    seen: list[dict[str, Any]] = []
    worst = 0.0
    while len(seen) < budget:
        asked = [study.ask() for _ in range(min(batch, budget - len(seen)))]
        for trial in asked:
            params = _suggest(trial, problem)
            value = problem.observed(params, seed=seed, number=len(seen))
            seen.append({"params": params, "value": value})
        finite = [one["value"] for one in seen if one["value"] is not None]
        worst = max(finite, default=0.0)
        for trial, one in zip(asked, seen[-len(asked) :], strict=True):
            # A failed trial would teach it nothing: the worst value so far is the kinder form.
            study.tell(trial, worst if one["value"] is None else one["value"])
    return seen


def _sampler(peer: str, seed: int) -> Any:
    from optuna import samplers

    makers = {
        "Random": samplers.RandomSampler,
        "QMC": functools.partial(samplers.QMCSampler, scramble=True),
        "TPE": samplers.TPESampler,
        "CMA-ES": samplers.CmaEsSampler,
        "GP": samplers.GPSampler,
    }
    return makers[peer](seed=seed)


def _suggest(trial: Any, problem: Problem) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, parameter in problem.space.parameters.items():
        if all(clause.holds(params) for clause in parameter.when):
            params[name] = _value(trial, name, parameter)
    return params


def _value(trial: Any, name: str, parameter: Parameter) -> Any:
    if isinstance(parameter, Categorical) and parameter.ordered:
        return parameter.choices[trial.suggest_int(name, 0, len(parameter.choices) - 1)]
    if isinstance(parameter, Categorical):
        return trial.suggest_categorical(name, list(parameter.choices))
    if isinstance(parameter, Boolean):
        return trial.suggest_categorical(name, [False, True])
    if isinstance(parameter, Integer) and parameter.base is not None:
        low, high = (_exponent(end, parameter.base) for end in (parameter.low, parameter.high))
        return parameter.base ** trial.suggest_int(name, low, high)
    if isinstance(parameter, Integer):
        log, step = parameter.scale == "log", parameter.step or 1
        return trial.suggest_int(name, parameter.low, parameter.high, log=log, step=step)
    assert isinstance(parameter, Float)
    if parameter.scale == "reverse_log":
        rest = trial.suggest_float(name, 1 - parameter.high, 1 - parameter.low, log=True)
        return min(max(1 - rest, parameter.low), parameter.high)
    log, step = parameter.scale == "log", parameter.step
    return trial.suggest_float(name, parameter.low, parameter.high, log=log, step=step)


def _exponent(value: int, base: int) -> int:
    return 0 if value == 1 else 1 + _exponent(value // base, base)
