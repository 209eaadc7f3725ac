"""CaviarSearchCV in place of RandomizedSearchCV: the same space, the same attributes.

python examples/search_cv.py
"""

from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from caviar import CaviarSearchCV


def main() -> None:
    """Search for a support vector machine of handwritten digits, and test it."""
    features, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, labels, test_size=0.5, stratify=labels, random_state=0
    )
    space = {
        "standardscaler": [StandardScaler(), MinMaxScaler(), None],
        "svc__kernel": ["rbf", "poly"],
        "svc__C": loguniform(1e-3, 1e4),
        # Caviar's own form of a parameter goes along with distributions and lists.
        "svc__gamma": {"type": "float", "low": 1e-6, "high": 10.0, "scale": "log"},
        "svc__degree": {"type": "int", "low": 2, "high": 5, "when": {"svc__kernel": ["poly"]}},
    }
    search = CaviarSearchCV(
        make_pipeline(StandardScaler(), SVC()), space, n_iter=40, n_jobs=-1, random_state=1
    )
    search.fit(train_x, train_y)

    results = search.cv_results_
    fits = results["n_folds"].sum()
    print(f"{len(results['params'])} settings, {fits} fits instead of {40 * search.n_splits_}")
    for row in results["rank_test_score"].argsort()[:5]:
        settings = {
            name.rpartition("__")[2]: value if isinstance(value, str | int) else f"{value:.3g}"
            for name, value in results["params"][row].items()
            if name.startswith("svc__")
        }
        scaler = results["params"][row]["standardscaler"]
        print(f"{results['mean_test_score'][row]:.4f}  {scaler}  {settings}")
    print(f"test accuracy {search.score(test_x, test_y):.4f}")


if __name__ == "__main__":  # joblib's processes import this file
    main()
