"""One trained network: the bits of a study's trial, its curve, its plots."""

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from caviar import engine
from caviar.engine.errors import DatasetError, DivergedError, RecipeError
from caviar.engine.trained import Trained, train
from tests.engine.cases import lane, make_clouds, make_regression, mixed_lanes
from tests.engine.test_bits import bits

PARAMS = {"hidden_units_1": 6, "hidden_units_2": 5, "batch_norm": True, "keep_prob": 0.8}


@pytest.fixture(scope="module")
def flat() -> Trained:
    return train(make_clouds(features=2, classes=3, examples=90), epochs=3)


def test_the_bits_are_those_of_trial_0_in_a_group() -> None:
    dataset = make_clouds(features=4, classes=3, examples=90)
    trained = train(dataset, epochs=4, seed=7, **PARAMS)
    lanes = [lane(0, **PARAMS), *mixed_lanes(6, hidden_units_1=6, hidden_units_2=5)[1:]]
    training = engine.Training(dataset, lanes, seed=7)
    records = list(training.run(4))
    assert bits(trained.model.checkpoint.state) == bits(training.checkpoint(0))
    assert trained.curve == {
        name: [record.metrics[0][name] for record in records] for name in records[0].metrics[0]
    }
    assert trained.metrics == {**records[-1].metrics[0], **training.test_metrics(0)}
    assert (trained.diverged, trained.epochs) == (None, 4)


def test_forms_of_the_widths_are_one() -> None:
    dataset = make_clouds(features=4, classes=2, examples=60)
    forms = [
        {"hidden_units": [8, 8]},
        {"hidden_units": 8, "hidden_layers": 2},
        {"hidden_units_1": 8, "hidden_units_2": np.int64(8)},
    ]
    curves = [train(dataset, epochs=np.int64(2), **form).curve for form in forms]
    assert curves[0] == curves[1] == curves[2]


def test_a_saved_model_predicts_the_same(flat: Trained, tmp_path: Path) -> None:
    flat.save(tmp_path / "best.npz")
    rows = np.random.default_rng(0).standard_normal((20, 2))
    loaded = engine.load(tmp_path / "best.npz")
    np.testing.assert_array_equal(loaded.predict_proba(rows), flat.predict_proba(rows))
    np.testing.assert_array_equal(loaded.predict(rows), flat.predict(rows))


def test_a_diverged_network_is_a_result(tmp_path: Path) -> None:
    dataset = make_clouds(features=2, classes=3, examples=90)
    trained = train(dataset, optimizer="gd", learning_rate=1e30, epochs=9)
    assert trained.diverged in engine.METRICS
    assert trained.epochs < 9
    assert "test_loss" not in trained.metrics
    assert "diverged in epoch" in repr(trained)
    assert "diverged" in trained._repr_html_()
    trained.plot()
    for use in (
        lambda: trained.predict([[0, 0]]),
        trained.boundary,
        lambda: trained.save(tmp_path / "x"),
    ):
        with pytest.raises(DivergedError, match="smaller learning_rate than 1e\\+30"):
            use()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "parameter", "message"),
    [
        ({"epochs": 0}, "epochs", "from 1"),
        ({"epochs": 2.0}, "epochs", "not 2.0"),
        ({"seed": -1}, "seed", "from 0"),
        ({"lr": 0.1}, "lr", "use learning_rate"),
        ({"dropout": 0.2}, "dropout", "use keep_prob"),
        ({"max_iter": 200}, "max_iter", "use epochs"),
        ({"optimizer": "sgd"}, "optimizer", "use gd"),
        ({"learning_rate": 0}, "learning_rate", "above 0"),
        ({"hidden_units": [16384] * 20}, "hidden_units", "a network may have 50,000,000"),
    ],
)
def test_mistakes_name_the_argument(
    arguments: dict[str, object], parameter: str, message: str
) -> None:
    with pytest.raises(RecipeError) as raised:
        train("moons", **arguments)
    assert raised.value.parameter == parameter
    assert message in raised.value.message


class TestData:
    FEATURES = np.random.default_rng(0).standard_normal((120, 2))
    LABELS = np.where(FEATURES[:, 0] > 0, "yes", "no")

    def test_arrays_with_labels(self) -> None:
        trained = train(self.FEATURES, self.LABELS, epochs=2)
        assert trained.dataset.labels == ("no", "yes")
        assert set(trained.predict(self.FEATURES)) <= {"no", "yes"}

    def test_a_file_and_a_dict_of_columns_are_one(self, tmp_path: Path) -> None:
        path = tmp_path / "answers.csv"
        rows = zip(self.FEATURES.tolist(), self.LABELS, strict=True)
        lines = [f"{first!r},{second!r},{label}" for (first, second), label in rows]
        path.write_text("\n".join(["width,height,answer", *lines]))
        columns = {
            "width": self.FEATURES[:, 0], "height": self.FEATURES[:, 1], "answer": self.LABELS
        }  # fmt: skip
        trained = [train(data, target="answer", epochs=2) for data in (str(path), path, columns)]
        assert trained[0].curve == trained[1].curve == trained[2].curve
        assert repr(trained[0]).startswith("<Trained on answers, adam, 2 epochs: validation_loss")
        axes = trained[2].boundary().layout
        assert (axes.xaxis.title.text, axes.yaxis.title.text) == ("width", "height")

    def test_a_regression(self) -> None:
        trained = train(self.FEATURES, self.FEATURES @ [1.0, 2.0], regression=True, epochs=2)
        assert trained.dataset.task == "regression"
        assert trained.predict(self.FEATURES[:3]).shape == (3,)

    @pytest.mark.parametrize(
        ("data", "target", "message"),
        [
            ("moon", None, "unknown data set 'moon'"),
            ("moons", "y", "a data set has its own"),
            ("nowhere.csv", "y", "nowhere.csv cannot be read"),
            ({"x": [1, 2], "y": [0, 1]}, "z", "no column 'z'"),
            (FEATURES, FEATURES[:, 0], "regression"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, data: object, target: object, message: str) -> None:
        with pytest.raises(DatasetError, match=message):
            train(data, target, epochs=1)


class TestDrawings:
    def test_the_curves(self, flat: Trained) -> None:
        figure = flat.plot()
        assert isinstance(figure, go.Figure)
        lines = {(trace.name, trace.yaxis): list(trace.y) for trace in figure.data}
        assert lines["training", "y"] == flat.curve["training_loss"]
        assert lines["validation", "y2"] == flat.curve["validation_error"]

    @pytest.mark.parametrize("classes", [2, 3])
    def test_the_boundary_of_classes(self, classes: int) -> None:
        dataset = make_clouds(features=2, classes=classes, examples=90)
        figure = train(dataset, epochs=2).boundary()
        regions, points = figure.data[0], [line for line in figure.data if line.type == "scatter"]
        assert np.shape(regions.z) == (len(regions.y), len(regions.x))
        assert sum(len(trace.x) for trace in points) == 90
        assert {trace.name for trace in points} >= {"0 (training)", "1 (held out)"}

    def test_the_boundary_is_where_the_model_says(self) -> None:
        trained = train("moons", epochs=5)
        regions = trained.boundary().data[0]
        corner = [[regions.x[-1], regions.y[0]]]
        assert regions.z[0][-1] == pytest.approx(trained.predict_proba(corner)[0, 1], abs=1e-4)

    def test_the_surface_of_a_regression(self) -> None:
        figure = train(make_regression(features=2, examples=60), epochs=2).boundary()
        surface, *points = figure.data
        assert np.isfinite(surface.z).all()
        assert sum(len(trace.x) for trace in points) == 60

    def test_other_than_two_numbers_are_refused(self) -> None:
        with pytest.raises(DatasetError, match="two numbers as features; clouds has 3"):
            train(make_clouds(features=3, classes=2, examples=60), epochs=1).boundary()
        table = {"city": ["a", "b"] * 60, "y": [0, 1, 1] * 40}
        with pytest.raises(
            DatasetError, match="two numbers as features; table has 2 features: city"
        ):
            train(table, target="y", epochs=1).boundary()

    def test_a_notebook_shows_a_table_and_a_line(self) -> None:
        labels = np.array(["<b>", "c"])[np.arange(60) % 2]
        shown = train({"<i>": np.arange(60.0) % 7, "y": labels}, target="y", epochs=2)
        text = shown._repr_html_()
        assert text.count("<polyline") == 2
        assert text.count("<tr>") == 4
        assert "<i>" not in text
        assert "<b>" not in text
        assert "&lt;b&gt; (training)" in {trace.name for trace in train(
            {"x": np.arange(60.0) % 7, "z": np.arange(60.0) % 5, "y": labels}, target="y", epochs=1
        ).boundary().data}  # fmt: skip
