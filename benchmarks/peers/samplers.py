"""Optuna's samplers on our problems: ask and tell in batches, with their default options.

Each parameter is mapped to Optuna's most suitable distribution: a log-uniform 1 - x for
reverse_log, an integer exponent for powers of a base, an index for ordered choices. A parameter
with a condition is suggested only where it is active.
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
    """The trials of a search, in order: `params`, and `value`, which is None if they diverge."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    study = optuna.create_study(sampler=_sampler(peer, seed))
    trials: list[dict[str, Any]] = []
    worst = 0.0
    while len(trials) < budget:
        asked = [study.ask() for _ in range(min(batch, budget - len(trials)))]
        for trial in asked:
            params = _suggest(trial, problem)
            value = problem.observed(params, seed=seed, number=len(trials))
            trials.append({"params": params, "value": value})
        finite = [record["value"] for record in trials if record["value"] is not None]
        worst = max(finite, default=0.0)
        for trial, record in zip(asked, trials[-len(asked) :], strict=True):
            # A failed trial carries no information; the worst value so far favors the peer.
            study.tell(trial, worst if record["value"] is None else record["value"])
    return trials


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
