import subprocess
import sys

from caviar import engine


def test_importing_the_engine_is_light() -> None:
    code = "import caviar.engine, sys; print(*{'sklearn', 'scipy', 'joblib'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_names_are_sorted_and_real() -> None:
    assert engine.__all__ == sorted(engine.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(engine, name) for name in engine.__all__)
