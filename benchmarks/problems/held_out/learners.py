"""The small models that held-out problems fit, with data and initial weights of fixed seeds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Params = Mapping[str, Any]
Array = NDArray[np.float64]


def _landscape(rng: np.random.Generator) -> tuple[Array, Array]:
    """Points of a square with a constant feature (246, 3), and a height for each (246,)."""
    places = rng.uniform(-1, 1, (246, 2))
    heights = np.zeros(246)
    hills = (1.5, 3, (0.4, 0.5)), (-1.2, 5, (-0.5, 0.1)), (0.9, 8, (0, -0.6))
    for height, width, middle in hills:
        heights += height * np.exp(-width * np.sum((places - middle) ** 2, axis=1))
    heights[:96] += rng.normal(0, 0.1, 96)
    return np.column_stack([places, np.ones(246)]), heights


_HILL_RNG = np.random.default_rng(101)
_PLACES, _HEIGHTS = _landscape(_HILL_RNG)
_INNER = _HILL_RNG.normal(size=(3, 32))
_OUTER = np.append(_HILL_RNG.normal(size=32), 0.0)


def hills(p: Params) -> float | None:
    """The error of a network with a hidden layer after 36 batches of Adam or RMSProp."""
    units, batch = p["units"], p["batch"]
    split = 3 * units
    flat = np.append(p["gain"] * _INNER[:, :units].ravel(), _OUTER[-units - 1 :] / math.sqrt(units))
    inner, outer = flat[:split].reshape(3, units), flat[split:-1]
    slope, mean, square = np.empty_like(flat), np.zeros_like(flat), np.zeros_like(flat)
    adam, tanh = p["optimizer"] == "adam", p["activation"] == "tanh"
    beta1, beta2 = p["beta1"] if adam else 0.0, p["beta2"]

    def hidden(x: Array) -> Array:
        return np.tanh(x @ inner) if tanh else np.maximum(x @ inner, 0.0)

    for k in range(36):
        rows = slice(k * batch % 96, k * batch % 96 + batch)
        h = hidden(_PLACES[rows])
        off = (h @ outer + flat[-1] - _HEIGHTS[rows]) / batch
        back = off[:, None] * outer * (1 - h * h if tanh else h > 0)
        slope[:split] = (_PLACES[rows].T @ back).ravel()
        slope[split:-1], slope[-1] = off @ h, off.sum()
        mean += (1 - beta1) * (slope - mean)
        square += (1 - beta2) * (slope * slope - square)
        rate = p["learning_rate"] * (1 + (p["final"] - 1) * k / 36)
        scale = np.sqrt(square / (1 - beta2 ** (k + 1)) if adam else square) + p["epsilon"]
        flat -= rate / (1 - beta1 ** (k + 1)) * mean / scale
    off = hidden(_PLACES[96:]) @ outer + flat[-1] - _HEIGHTS[96:]
    loss = float(off @ off) / len(off)
    return math.sqrt(loss) if loss < 25 else None


_SIGNAL_RNG = np.random.default_rng(102)
_CLEAN = np.tanh(_SIGNAL_RNG.normal(size=(164, 3)) @ _SIGNAL_RNG.normal(0, 0.9, (3, 12)))
_DIRTY = np.where(_SIGNAL_RNG.random(_CLEAN.shape) < 0.2, 0.0, _CLEAN)
_DIRTY += _SIGNAL_RNG.normal(0, 0.3, _CLEAN.shape)
_CHANCES = _SIGNAL_RNG.random((6, 64, 12))
_STRAYS = _SIGNAL_RNG.normal(size=(6, 64, 12))
_CODING = _SIGNAL_RNG.normal(0, 0.25, (2, 12, 16))


def denoiser(p: Params) -> float | None:
    """The error of a denoising autoencoder on new signals after 30 clipped Nesterov steps."""
    code, keep, rate = p["code"], p["momentum"], p["learning_rate"]
    encode, decode = _CODING[0, :, :code].copy(), _CODING[1, :, :code].T.copy()
    if p["tied"]:
        decode = encode.T
    speed_in, speed_out = np.zeros((12, code)), np.zeros((code, 12))
    clean = _CLEAN[:64]
    for k in range(30):
        x = clean
        if p["corruption"] == "mask":
            x = clean * (_CHANCES[k % 6] >= p["masked"])
        elif p["corruption"] == "stray":
            x = clean + p["strayed"] * _STRAYS[k % 6]
        h = np.tanh(x @ encode)
        off = (h @ decode - clean) / 16
        slope_out = h.T @ off + p["l2"] * decode
        back = (off @ decode.T + p["sparsity"] / 64 * np.sign(h)) * (1 - h * h)
        slope_in = x.T @ back + p["l2"] * encode
        if p["tied"]:
            slope_in, slope_out = slope_in + slope_out.T, 0.0 * slope_out
        long = math.hypot(*map(np.linalg.norm, (slope_in, slope_out)))
        step = rate * min(1.0, p["clip"] / (long + 1e-12))
        speed_in = keep * speed_in - step * slope_in
        speed_out = keep * speed_out - step * slope_out
        encode += keep * speed_in - step * slope_in
        decode += keep * speed_out - step * slope_out
    left = float(np.mean((np.tanh(_DIRTY[64:] @ encode) @ decode - _CLEAN[64:]) ** 2))
    return left if left < 3 else None


def _opinions(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Ratings of 24 films by 36 users, and the masks of known and of predicted ratings."""
    tastes = rng.normal(size=(36, 3)) * (1.0, 0.7, 0.45)
    opinions = tastes @ rng.normal(size=(3, 24)) + rng.normal(0, 0.6, (36, 1))
    opinions += rng.normal(0, 0.8, 24) + rng.normal(0, 0.5, (36, 24))
    chance = rng.random((36, 24)) / rng.uniform(0.5, 2.0, (36, 1))
    known = chance < 0.3
    return opinions, known.astype(float), (~known).astype(float)


_TASTE_RNG = np.random.default_rng(103)
_OPINIONS, _KNOWN, _ASKED = _opinions(_TASTE_RNG)
_PEOPLE, _FILMS = _TASTE_RNG.normal(size=(36, 10)), _TASTE_RNG.normal(size=(24, 10))


@np.errstate(over="ignore", invalid="ignore")
def ratings(p: Params) -> float | None:
    """The error of matrix factorization on unknown ratings; None: descent diverges."""
    mean = float(np.sum(_OPINIONS * _KNOWN) / _KNOWN.sum())
    rest = (_OPINIONS - mean) * _KNOWN
    of_film = rest.sum(axis=0) / (_KNOWN.sum(axis=0) + p["l2_films"])
    of_person = ((rest - of_film) * _KNOWN).sum(axis=1) / (_KNOWN.sum(axis=1) + p["l2_people"])
    biases = mean + of_film + of_person[:, None]
    rest = (_OPINIONS - biases) * _KNOWN
    people, films = p["spread"] * _PEOPLE[:, : p["rank"]], p["spread"] * _FILMS[:, : p["rank"]]
    if p["solver"] == "descent":
        for _ in range(p["steps"]):
            off = rest - _KNOWN * (people @ films.T)
            risen = off @ films - p["l2"] * people
            films = films + p["learning_rate"] * (off.T @ people - p["l2"] * films)
            people = people + p["learning_rate"] * risen
    else:
        ridge = p["l2"] * np.eye(p["rank"])
        for _ in range(p["sweeps"]):
            people = _solved(films, rest, _KNOWN, ridge)
            films = _solved(people, rest.T, _KNOWN.T, ridge)
    error = float(np.sum(_ASKED * (_OPINIONS - biases - people @ films.T) ** 2) / _ASKED.sum())
    return math.sqrt(error) if error < 9 else None


def _solved(factors: Array, rest: Array, known: Array, ridge: Array) -> Array:
    pairs = (factors[:, :, None] * factors[:, None, :]).reshape(len(factors), -1)
    grams = (known @ pairs).reshape(-1, *ridge.shape) + ridge
    return np.linalg.solve(grams, (rest @ factors)[:, :, None])[:, :, 0]


def _driven(rng: np.random.Generator) -> tuple[Array, Array]:
    """The inputs and outputs (60, 8) of a nonlinear autoregressive process with a long memory."""
    drives, made = rng.uniform(0, 0.5, (60, 8)), np.zeros((60, 8))
    for t in range(6, 59):
        recent = made[t - 5 : t + 1].sum(axis=0)
        made[t + 1] = 0.3 * made[t] + 0.08 * made[t] * recent + 0.1
        made[t + 1] += 1.5 * drives[t - 3] * drives[t]
    return drives, made


_DRIVE_RNG = np.random.default_rng(104)
_DRIVES, _MADE = _driven(_DRIVE_RNG)
_LINKS = _DRIVE_RNG.normal(size=(48, 48))
_ENTRIES, _LEANINGS = _DRIVE_RNG.uniform(-1, 1, (2, 48, 1))


def reservoir(p: Params) -> float:
    """The error of an echo-state network on four series after it was fitted to four others."""
    units, leak = p["units"], p["leak"]
    links = _LINKS[:units, :units] * (p["radius"] / math.sqrt(units))
    pushes = p["drive"] * (_ENTRIES[:units] * 4 * (_DRIVES[:, None, :] - 0.25))
    pushes += p["lean"] * _LEANINGS[:units]
    state, states = np.zeros((units, 8)), np.ones((60, units + 1, 8))
    for t in range(60):
        state = (1 - leak) * state + leak * np.tanh(links @ state + pushes[t])
        states[t, :-1] = state
    inputs = states[p["washout"] + 6 : 59, :, :4].transpose(0, 2, 1).reshape(-1, units + 1)
    targets = _MADE[p["washout"] + 7 :, :4].ravel()
    weights = np.linalg.solve(
        inputs.T @ inputs + p["ridge"] * np.eye(units + 1), inputs.T @ targets
    )
    off = weights @ states[20:59, :, 4:].reshape(39, units + 1, 4) - _MADE[21:, 4:]
    return math.sqrt(float(np.mean(np.minimum(off * off, 4.0))))


def _crowds(rng: np.random.Generator) -> Array:
    """Points in space from five clusters of different shapes, with outliers."""
    middles = rng.normal(0, 2.2, (5, 3))
    shapes = rng.normal(0, 0.6, (5, 3, 3))
    crowd = rng.choice(5, 240, p=(0.35, 0.25, 0.2, 0.12, 0.08))
    points = middles[crowd] + np.einsum("nij,nj->ni", shapes[crowd], rng.normal(size=(240, 3)))
    strays = rng.random(240) < 0.07
    return np.where(strays[:, None], rng.uniform(-8, 8, (240, 3)), points)


_CROWDS = _crowds(np.random.default_rng(105))


def mixture(p: Params) -> float:
    """The negative log likelihood of new points under a mixture of Student's t, fitted by EM."""
    x, count, freedom = _CROWDS[:110], p["components"], p["freedom"]
    middles = x[:count]
    covariances = np.broadcast_to(p["first"] ** 2 * np.eye(3), (count, 3, 3))
    shares = np.full(count, 1 / count)
    for k in range(p["rounds"]):
        likely, near = _t_density(x, middles, covariances, freedom)
        heat = 1 + (p["heat"] - 1) * max(1 - 2 * k / p["rounds"], 0.0)
        likely = (likely + np.log(shares)) / heat
        belongs = np.exp(likely - likely.max(axis=1, keepdims=True))
        belongs /= belongs.sum(axis=1, keepdims=True)
        total = belongs.sum(axis=0) + 1e-9
        pull = belongs * (freedom + 3) / (freedom + near)
        middles = (pull.T @ x) / (pull.sum(axis=0) + 1e-9)[:, None]
        apart = x[:, None, :] - middles
        scatter = np.matmul((pull[:, :, None] * apart).transpose(1, 2, 0), apart.transpose(1, 0, 2))
        covariances = _shaped(scatter, total, p)
        shares = (total + p["prior"]) / (110 + count * p["prior"])
    likely = _t_density(_CROWDS[110:], middles, covariances, freedom)[0] + np.log(shares)
    return -float(np.mean(np.logaddexp.reduce(likely, axis=1)))


def _t_density(x: Array, middles: Array, covariances: Array, freedom: float) -> tuple[Array, Array]:
    """The log density (points, components), and the squared Mahalanobis distance."""
    apart = (x[:, None, :] - middles).transpose(1, 0, 2)
    near = np.sum(np.matmul(apart, np.linalg.inv(covariances)) * apart, axis=2).T
    rest = math.lgamma((freedom + 3) / 2) - math.lgamma(freedom / 2)
    rest = rest - 1.5 * math.log(freedom * math.pi) - 0.5 * np.log(np.linalg.det(covariances))
    return rest - 0.5 * (freedom + 3) * np.log1p(near / freedom), near


def _shaped(scatter: Array, total: Array, p: Params) -> Array:
    """Covariances of the requested structure, shrunk towards the ridge."""
    if p["shape"] == "shared":
        scatter, total = np.broadcast_to(scatter.sum(axis=0), scatter.shape), total.sum()[None]
    own = (scatter + p["ridge"] * 5 * np.eye(3)) / (total[:, None, None] + 5)
    if p["shape"] == "axes":
        return own * np.eye(3)
    if p["shape"] == "round":
        return np.trace(own, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
    return own


def _speech(rng: np.random.Generator) -> tuple[Array, Array]:
    """Counts of 44 words' co-occurrence at distances of 1 to 10, and the similarity of word pairs.

    The text stays with a topic for a while; a word belongs to one or two of six topics, and the
    first eight words to all.
    """
    meaning = 0.03 + rng.dirichlet(np.full(6, 0.15), 44)
    meaning[:8] = 0.6
    often = meaning.T / np.arange(2, 46)
    often = np.cumsum(often / often.sum(axis=1, keepdims=True), axis=1)
    turns = np.cumsum(rng.random(2200) < 0.12)
    topics = rng.integers(6, size=turns[-1] + 1)[turns]
    words = np.minimum((rng.random(2200)[:, None] > often[topics]).sum(axis=1), 43)
    follow = np.zeros((10, 44, 44))
    for k in range(10):
        np.add.at(follow[k], (words[: -k - 1], words[k + 1 :]), 1.0)
    meaning -= meaning.mean(axis=1, keepdims=True) - 0.02
    meaning /= np.linalg.norm(meaning, axis=1, keepdims=True)
    return follow + follow.transpose(0, 2, 1), (meaning @ meaning.T)[_PAIRS]


_PAIRS = np.triu_indices(44, 1)
_FOLLOW, _ALIKE = _speech(np.random.default_rng(106))


def words(p: Params) -> float:
    """1 - the correlation of word similarities with those of vectors from shifted PMI."""
    weights = np.arange(1, p["window"] + 1) ** -p["fading"]
    counts = np.tensordot(weights, _FOLLOW[: p["window"]], 1) + p["added"]
    context = counts.sum(axis=0) ** p["smoothing"]
    chance = counts.sum(axis=1, keepdims=True) * (context / context.sum())
    information = np.maximum(np.log(counts / chance) - math.log(p["shift"]), 0.0)
    left, sizes, _ = np.linalg.svd(information)
    vectors = left[:, : p["dimensions"]] * (sizes[: p["dimensions"]] + 1e-9) ** p["power"]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    similarities = (vectors @ vectors.T)[_PAIRS]
    return 1 - float(np.corrcoef(similarities, _ALIKE)[0, 1]) if similarities.std() > 1e-6 else 1.0
