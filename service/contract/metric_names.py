"""What the name of a metric says of its direction: an accuracy is maximized, a loss minimized.

A name is split into words where its spelling does: `val_acc`, `Val-Acc`, `valAcc` and `VAL ACC`
have the same two. Words that measure something decide; words such as `val`, `mean` or `macro` say
nothing. A leading `neg` turns the direction around, as scikit-learn's scorers do.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["minimize", "maximize"]

SCALED = frozenset(("r2", "d2", "rsquared"))
"""One minus a normalized error: these decide alone, as in `d2_absolute_error_score`."""

_SMALL = """
loss losses error errors err mistakes misclassification
rmse mse mae mape smape wape rmsle msle medae mase crps
logloss nll crossentropy hinge huber brier deviance pinball
perplexity ppl bpc bpb bpd
wer cer ter mer eer fer ber fpr fnr fdr fid kid lpips hausdorff nme ade fde epe
kl kld divergence distortion inertia davies bouldin wasserstein
aic bic regret risk cost costs expense penalty violation violations
time seconds second ms milliseconds duration runtime latency delay
memory ram flops macs energy emissions failures crashes timeouts misses waste gap
"""
SMALL = frozenset(_SMALL.split())
"""Words of what should be small."""

_LARGE = """
accuracy acc accuracies auc auroc aucroc rocauc auprc aucpr prauc roc ap map mar
f1 f2 f05 fbeta fscore f1score fmeasure precision recall sensitivity specificity
tpr tnr ppv npv jaccard iou miou meaniou dice overlap kappa qwk mcc matthews corrcoef correlation
corr pearson spearman kendall tau pcc srcc ccc gini ks lift youden informedness markedness
ndcg dcg mrr hit hits hr hitrate
bleu sacrebleu chrf rouge rougel rougelsum meteor cider spice bertscore em
reward rewards return returns score scores elo wins win winrate success successes
likelihood loglikelihood loglik ll elbo evidence fitness utility
rsq adjr2 explained silhouette calinski harabasz dunn homogeneity completeness purity nmi ami
ari rand fowlkes mallows vmeasure mutual
psnr ssim msssim snr sdr sisdr pesq stoi mos vmaf inception
throughput speed speedup fps qps bandwidth efficiency yield profit profits revenue income gain
sharpe sortino calmar roi ctr conversion conversions retention clicks sales
quality similarity agreement
"""
LARGE = frozenset(_LARGE.split())
"""Words of what should be large."""

PHRASES: tuple[tuple[str, Direction], ...] = (
    ("negative predictive", "maximize"),
    ("true negative", "maximize"),
    ("true positive", "maximize"),
    ("positive likelihood ratio", "maximize"),
    ("explained variance", "maximize"),
    ("log likelihood", "maximize"),
    ("win rate", "maximize"),
    ("hit rate", "maximize"),
    ("success rate", "maximize"),
    ("r squared", "maximize"),
    ("adjusted return", "maximize"),
    ("cost savings", "maximize"),
    ("per second", "maximize"),
    ("per sec", "maximize"),
    ("per s", "maximize"),
    ("negative likelihood ratio", "minimize"),
    ("false negative", "minimize"),
    ("false positive", "minimize"),
    ("false discovery", "minimize"),
    ("cross entropy", "minimize"),
    ("word error", "minimize"),
    ("failure rate", "minimize"),
)
"""Words that mean something together; before single words."""

NEGATIONS = ("neg", "negative", "negated", "minus")
_PARTS = "val valid validation test train training dev eval mean avg cv oof final"
PARTS = frozenset(_PARTS.split())
"""Words that may stand before a negation."""


def direction_of(name: str) -> Direction | None:
    """The direction that a metric's name implies; None if the name is not known."""
    for words in (_words(name), _words(_uncapitalized(name))):
        direction = _direction(words)
        if direction is not None:
            return direction
    return None


def _direction(words: list[str]) -> Direction | None:
    """The direction of words, in lower case."""
    while words and words[0] in PARTS:
        words = words[1:]
    text = f" {' '.join(words)} "
    for phrase, direction in PHRASES:
        if text.startswith(f" {phrase} "):
            return direction
    if words and words[0] in NEGATIONS:
        direction_of_rest = _direction(words[1:])
        return direction_of_rest and _opposite(direction_of_rest)
    if any(word in SCALED for word in words):
        return "maximize"
    for phrase, direction in PHRASES:
        if f" {phrase} " in text:
            return direction
    if any(word in SMALL for word in words):
        return "minimize"
    return "maximize" if any(word in LARGE for word in words) else None


def _opposite(direction: Direction) -> Direction:
    return "minimize" if direction == "maximize" else "maximize"


def _words(name: str) -> list[str]:
    """The words of a name in lower case; `top5` and `map50` without the number, `f1` as it is."""
    found: list[str] = []
    for word in re.findall(r"[^\W_]+", name.lower().replace("²", "2")):
        bare = word.rstrip("0123456789")
        is_known = word in SCALED or word in SMALL or word in LARGE
        found.append(word if is_known or not bare else bare)
    return found


def _uncapitalized(name: str) -> str:
    """The name with a space before each word that begins with a capital: `valAcc` as `val Acc`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
