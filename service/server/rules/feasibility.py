"""Whether a new study can be run, beyond the form of its definition."""

from __future__ import annotations

from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.server.rules.plans import Plan, compile_plan
from caviar.service.server.rules.quotas import require


def check(definition: StudyDefinition) -> Plan:
    """Compile a new definition and check that its trials can be trained.

    Raises:
        Invalid: names the field, in the words of the definition.
    """
    plan = compile_plan(definition)
    _check_asynchronous(plan)
    if plan.panda:
        _check_panda(plan)
    _check_pauses(plan)
    _check_quotas(plan)
    plan.kind.check(definition, plan.space)
    return plan


def _check_quotas(plan: Plan) -> None:
    """What the server's owner allows; the objective checks what is its own."""
    require("budget.trials", "trials", plan.definition.budget.trials)
    require("objective.epochs", "epochs", plan.epochs)
    require("space", "parameters", len(plan.space.parameters))
    for name, parameter in plan.space.parameters.items():
        require(f"space.{name}.choices", "choices", len(getattr(parameter, "choices", ())))


def _check_asynchronous(plan: Plan) -> None:
    """The sampler's own option, if it has one, must agree with the study's."""
    option = plan.definition.sampler.model_dump().get("asynchronous", plan.asynchronous)
    if option != plan.asynchronous:
        wanted = str(plan.asynchronous).lower()
        raise Invalid.field(
            "sampler.asynchronous", f"must be {wanted} as the study's own is, or be left out"
        )


def _check_panda(plan: Plan) -> None:
    if plan.definition.budget.trials != 1:
        raise Invalid.field("budget.trials", "must be 1 in panda mode: forks come on top of it")
    if plan.pruner.rungs(0, epochs=plan.epochs):
        raise Invalid.field("pruner.kind", "must be none in panda mode: only a person ends a trial")


def _check_pauses(plan: Plan) -> None:
    """The trials that pause must come, and reach the epoch."""
    trials = plan.definition.budget.trials
    for place, pause in enumerate(plan.definition.pauses):
        if pause.trial >= trials:
            last = f"must be at most {trials - 1}, the last trial of the budget"
            raise Invalid.field(f"pauses[{place}].trial", last)
        if pause.epoch > plan.epochs:
            last = f"must be at most {plan.epochs}, where a trial ends"
            raise Invalid.field(f"pauses[{place}].epoch", last)
    if len(plan.pauses) < len(plan.definition.pauses):
        raise Invalid.field("pauses", "must name each trial once")
