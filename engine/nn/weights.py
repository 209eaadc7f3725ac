"""Initial weights of a layer, by the engine's initializers.

W (n_out, n_in) is a standard normal draw times a standard deviation. The draws are those of trial 0
in a study with that seed, for the layer of that index: 0 is the first one.
"""

from caviar.engine.arrays import Float64Array
from caviar.engine.draws import weight_draws
from caviar.engine.layers.initializers import INITIALIZERS


def zeros(inputs: int, outputs: int) -> Float64Array:
    """W = 0 (n_out, n_in): all units of a layer start equal, and stay equal.

    >>> zeros(3, 2)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    # A negative draw times 0 is -0, which is shown so.
    return _weights("zeros", inputs, outputs, scale=0.0, seed=0, layer=0) + 0.0


def random(
    inputs: int, outputs: int, *, scale: float = 0.01, seed: int = 0, layer: int = 0
) -> Float64Array:
    """Small random W (n_out, n_in) of standard deviation `scale`, whatever the width.

    >>> random(100, 50, scale=0.01).std().round(3)
    np.float64(0.01)
    """
    return _weights("random", inputs, outputs, scale=scale, seed=seed, layer=layer)


def xavier(inputs: int, outputs: int, *, seed: int = 0, layer: int = 0) -> Float64Array:
    """W (n_out, n_in) of standard deviation sqrt(1 / n_in), for tanh (Glorot and Bengio, 2010).

    >>> xavier(400, 50).std().round(2)
    np.float64(0.05)
    """
    return _weights("xavier", inputs, outputs, scale=1.0, seed=seed, layer=layer)


def he(inputs: int, outputs: int, *, seed: int = 0, layer: int = 0) -> Float64Array:
    """W (n_out, n_in) of standard deviation sqrt(2 / n_in), for relu (He et al., 2015).

    >>> he(200, 50).std().round(1)
    np.float64(0.1)
    """
    return _weights("he", inputs, outputs, scale=1.0, seed=seed, layer=layer)


def _weights(
    name: str, inputs: int, outputs: int, *, scale: float, seed: int, layer: int
) -> Float64Array:
    if inputs < 1 or outputs < 1:
        raise ValueError(f"inputs and outputs must be at least 1, not {inputs} and {outputs}")
    draws = weight_draws(seed, 0, layer, inputs=inputs, outputs=outputs)
    draws *= INITIALIZERS[name](inputs, scale)
    return draws
