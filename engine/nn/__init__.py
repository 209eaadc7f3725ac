"""The pieces of a network, one by one, on plain arrays: `caviar.nn`.

Each is the engine's own code, which works on many networks at once, called for one. An example is a
row, as in tables: features (m, n), labels (m,), W (n_out, n_in). Textbooks that stack examples as
columns transpose. Nothing that is passed in is changed. Wrong shapes raise ValueError.

weights      zeros, random, xavier, he
activations  relu, leaky_relu, tanh, sigmoid, with …_derivative; softmax
losses       softmax_cross_entropy, binary_cross_entropy, half_squared_error, with …_gradient;
             l2_penalty
layers       dense, batch_norm, with …_gradients; batch_norm_evaluate, dropout
gradients    numerical_gradient, relative_difference; gradient_check of a whole network
optimizers   gd_step, momentum_step, rmsprop_step, adam_step
averages     smooth
schedules    learning_rate_at
examples     mini_batches, fit_scaling, split
"""

from caviar.engine.gradient_check import gradient_check, relative_difference
from caviar.engine.nn.activations import (
    leaky_relu,
    leaky_relu_derivative,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    softmax,
    tanh,
    tanh_derivative,
)
from caviar.engine.nn.examples import fit_scaling, mini_batches, split
from caviar.engine.nn.gradients import numerical_gradient
from caviar.engine.nn.layers import (
    BatchNorm,
    BatchNormGradients,
    DenseGradients,
    Dropout,
    batch_norm,
    batch_norm_evaluate,
    batch_norm_gradients,
    dense,
    dense_gradients,
    dropout,
)
from caviar.engine.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_gradient,
    half_squared_error,
    half_squared_error_gradient,
    l2_penalty,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from caviar.engine.nn.optimizers import (
    OptimizerState,
    adam_step,
    gd_step,
    momentum_step,
    rmsprop_step,
)
from caviar.engine.nn.schedules import learning_rate_at
from caviar.engine.nn.weights import he, random, xavier, zeros
from caviar.engine.optim.averages import smooth

__all__ = [
    "BatchNorm",
    "BatchNormGradients",
    "DenseGradients",
    "Dropout",
    "OptimizerState",
    "adam_step",
    "batch_norm",
    "batch_norm_evaluate",
    "batch_norm_gradients",
    "binary_cross_entropy",
    "binary_cross_entropy_gradient",
    "dense",
    "dense_gradients",
    "dropout",
    "fit_scaling",
    "gd_step",
    "gradient_check",
    "half_squared_error",
    "half_squared_error_gradient",
    "he",
    "l2_penalty",
    "leaky_relu",
    "leaky_relu_derivative",
    "learning_rate_at",
    "mini_batches",
    "momentum_step",
    "numerical_gradient",
    "random",
    "relative_difference",
    "relu",
    "relu_derivative",
    "rmsprop_step",
    "sigmoid",
    "sigmoid_derivative",
    "smooth",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
    "split",
    "tanh",
    "tanh_derivative",
    "xavier",
    "zeros",
]
