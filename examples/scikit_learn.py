"""Gradient boosting with scikit-learn: one tree an epoch, with a score after each.

    caviar run examples/scikit_learn.json --objective examples/scikit_learn.py:train

It saves no checkpoint, for its first trees are quickly grown again. What it reports of epochs that
are known already is left out.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

features, labels = load_breast_cancer(return_X_y=True)
# The split is the same for every trial: they are compared with each other.
train_x, valid_x, train_y, valid_y = train_test_split(
    features, labels, test_size=0.3, stratify=labels, random_state=0
)


def train(trial):
    """Grow the trees one by one, until there are enough or the trial should stop."""
    model = GradientBoostingClassifier(warm_start=True, random_state=trial.seed, **trial.params)
    for epoch in range(1, trial.stop_epoch + 1):
        model.set_params(n_estimators=epoch).fit(train_x, train_y)
        probabilities = model.predict_proba(valid_x)
        trial.report(
            epoch,
            validation_loss=log_loss(valid_y, probabilities),
            validation_accuracy=accuracy_score(valid_y, probabilities.argmax(axis=1)),
        )
        if trial.should_stop:
            return
