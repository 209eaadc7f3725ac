"""What textbooks and other libraries call a hyperparameter or its value, for messages only.

A synonym is refused and the message says what to use. It is not accepted, because the numbers often
differ with the names (dropout is 1 - keep_prob), and because a parameter's name keys its random
draws: with two names for one thing, one search would have two tables of trials.
"""

import re
from collections.abc import Mapping

_L2 = (
    "l2, whose term of the loss is l2 / (2 m) times the sum of the squared weights, for m training "
    "examples: a weight_decay, which is added to each gradient, is l2 / m"
)
_KEEP_PROB = "keep_prob, the probability of keeping a unit: 1 - dropout"
_WIDTHS = "hidden_units, one width or a list; or hidden_units_1, hidden_units_2 …"
_EPOCHS = "epochs, an argument of train(…) and a field of a study's objective"

_NAMES: Mapping[str, str] = {
    "learning_rate": "lr eta eta0 step_size init_lr initial_lr learning_rate_init "
    "initial_learning_rate base_lr max_lr",
    "learning_rate, or l2 for the alpha of scikit-learn": "alpha",
    "optimizer": "optimiser optim solver algorithm",
    "momentum": "mu momentum_beta",
    "momentum, beta1 or rms_decay, whichever average is meant": "beta",
    "momentum with the optimizer momentum, which is the classical one": (
        "nesterov nesterovs_momentum use_nesterov"
    ),
    "rms_decay": "rho rmsprop_decay rms_beta smoothing_constant",
    "beta1": "beta_1 adam_beta1 b1",
    "beta2": "beta_2 adam_beta2 b2",
    "beta1 and beta2": "betas adam_betas",
    "epsilon": "eps adam_epsilon adam_eps",
    "initialization": "init initializer initialisation weight_init weights_init weight_initializer "
    "kernel_initializer init_method",
    "initialization_scale": "init_scale init_std initializer_range weight_scale",
    "activation": "act activation_function activation_fn hidden_activation nonlinearity",
    _WIDTHS: "hidden_layer_sizes layer_sizes hidden_sizes hidden_dims layer_dims layers_dims "
    "widths",
    "hidden_units": "n_hidden num_hidden hidden hidden_size hidden_dim units n_units num_units "
    "n_hidden_units num_hidden_units neurons n_neurons width nodes",
    "hidden_layers": "layers n_layers num_layers n_hidden_layers num_hidden_layers depth",
    "batch_size": "minibatch_size mini_batch_size minibatch bs batch batches",
    _L2: "weight_decay wd l2_lambda l2_reg l2_regularization l2_penalty lambd lambda lambda_ "
    "reg_lambda reg regularization regularizer kernel_regularizer penalty",
    _KEEP_PROB: "dropout dropout_rate dropout_prob dropout_p drop_rate drop_prob p_drop",
    "keep_prob": "keep keep_rate keep_probability retain_prob",
    "batch_norm": "bn use_bn use_batch_norm batch_normalization batch_normalisation",
    "batch_norm_momentum": "bn_momentum batch_normalization_momentum",
    "decay, and decay_rate and decay_every for its numbers": (
        "lr_decay learning_rate_decay scheduler schedule lr_schedule lr_scheduler "
        "learning_rate_schedule"
    ),
    "decay_rate": "lr_decay_rate learning_rate_decay_rate gamma power_t",
    "decay_every": "decay_steps decay_epochs lr_decay_steps t_max",
    _EPOCHS: "epochs epoch max_iter n_epochs num_epochs max_epochs nb_epoch n_iter iterations "
    "num_iterations n_iterations",
    "seed, an argument of train(…) and a field of a study": "seed random_state random_seed",
}
"""What to use, and the names that are used elsewhere."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "optimizer": {
        "gd": "sgd gradient_descent stochastic_gradient_descent mini_batch_gd batch_gd",
        "momentum": "sgd_momentum sgdm sgd_with_momentum gd_momentum heavy_ball",
        "momentum, which is the classical one": "nesterov nag",
        "rmsprop": "rms",
        "adam with l2, which Adam then scales as it does the gradient": "adamw",
    },
    "activation": {
        "sigmoid": "logistic logit",
        "leaky_relu": "lrelu",
        "tanh": "hyperbolic_tangent",
        "hidden_layers = 0 for a network without an activation": "identity linear none",
    },
    "initialization": {
        "zeros": "zero",
        "random": "normal gaussian random_normal randn small small_random",
        "xavier": "glorot glorot_normal glorot_uniform xavier_normal xavier_uniform lecun",
        "he": "kaiming kaiming_normal kaiming_uniform he_normal he_uniform",
    },
    "decay": {
        "none": "constant no off",
        "inverse_time": "time time_based inverse inverse_time_decay 1/t",
        "exponential": "exp exponential_decay exponentiallr",
        "inverse_sqrt": "sqrt inv_sqrt invscaling",
        "staircase": "step step_decay steplr discrete piecewise",
        "cosine": "cosine_annealing cosine_decay cosineannealinglr",
    },
}
"""By hyperparameter: what to use, and the values that are used elsewhere."""


def normalized(name: str) -> str:
    """A name without what spellings differ in: upper case, underscores, hyphens and spaces."""
    return re.sub(r"[\W_]+", "", name.lower())


def _inverted(groups: Mapping[str, str]) -> dict[str, str]:
    return {normalized(name): ours for ours, names in groups.items() for name in names.split()}


_ADVICE_BY_NAME = _inverted(_NAMES)
_ADVICE_BY_VALUE = {name: _inverted(groups) for name, groups in VALUES.items()}


def advice_for_name(name: str, known: Mapping[str, tuple[str, ...]]) -> str | None:
    """What to use instead of an unknown name, or None.

    `known` has the names of the hyperparameters, with the choices of those that have choices: the
    value of an optimizer is not the name of a hyperparameter either.
    """
    key = normalized(name)
    for ours, choices in known.items():
        if key == normalized(ours):
            return ours
        for choice in choices:
            if key == normalized(choice) and choice != "none":
                return f"{ours} with the value {choice}"
    if key in _ADVICE_BY_NAME:
        return _ADVICE_BY_NAME[key]
    for ours, advice in _ADVICE_BY_VALUE.items():
        if advice.get(key) in known[ours] and key != "none":
            return f"{ours} with the value {advice[key]}"
    return None


def advice_for_value(name: str, value: object, choices: tuple[str, ...]) -> str | None:
    """What to use instead of a value that is not one of a hyperparameter's choices, or None."""
    if value is not None and not isinstance(value, str):
        return None
    key = normalized(str(value))
    for choice in choices:
        if key == normalized(choice):
            return choice
    return _ADVICE_BY_VALUE.get(name, {}).get(key)
