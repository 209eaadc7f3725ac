"""Make churn.csv: 5,000 customers of a telephone company that does not exist.

Strings, numbers, missing values, an id, and a target that one time in four is "yes":

    python examples/make_churn.py churn.csv
"""

import csv
import sys

import numpy as np

ROWS = 5_000
CONTRACTS = ("monthly", "yearly", "two years")
CITIES = ("Aarhus", "Basel", "Cork", "Delft", "Évora")


def main(path: str) -> None:
    """Write the file."""
    random = np.random.default_rng(7)
    contract = random.choice(3, ROWS, p=[0.55, 0.3, 0.15])
    city = random.integers(len(CITIES), size=ROWS)
    months = random.gamma(2.0, 14.0, ROWS).round().clip(1)
    charge = (20 + 60 * random.beta(2, 3, ROWS) + 8 * (contract == 0)).round(2)
    calls = random.poisson(1.2 + 1.5 * (city == 2))
    support = random.choice(["none", "mail", "phone"], ROWS, p=[0.5, 0.3, 0.2])
    score = (
        -2.1
        + 1.6 * (contract == 0)
        - 1.1 * (contract == 2)
        - 0.03 * months
        + 0.025 * (charge - 50)
        + 0.45 * calls
        - 0.9 * (support == "phone") * (calls > 2)
    )
    churned = random.random(ROWS) < 1 / (1 + np.exp(-score))
    has_charge, has_support = random.random((2, ROWS)) > [[0.06], [0.1]]
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(
            ["customer", "contract", "city", "months", "charge", "calls", "support", "churn"]
        )
        for row in range(ROWS):
            table.writerow(
                [
                    f"C{row:05d}",
                    CONTRACTS[contract[row]],
                    CITIES[city[row]],
                    int(months[row]),
                    charge[row] if has_charge[row] else "",
                    calls[row],
                    support[row] if has_support[row] else "",
                    "yes" if churned[row] else "no",
                ]
            )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "churn.csv")
