"""Run what the documents show, in a fresh environment with the wheel: `make docs-check`.

Every block of Python in README and docs is run, page by page, each page as one program in a
folder of its own, beside a server where a page calls one. A block that is marked `test=skip` is a
fragment. Then the notebook of the examples is run by Jupyter.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.processes import stopping, wait_until_ready

ROOT = Path(__file__).parents[1]
SERVER = "http://127.0.0.1:8700"
BLOCK = re.compile(r"^```python([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOKS = ("nbclient", "ipykernel")
PAGE_SECONDS = 300

RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
shown = [out for cell in notebook.cells for out in cell.get("outputs", [])]
assert not [out for out in shown if out.output_type == "error"]
print(f"{len(shown)} outputs")
"""


def main() -> None:
    """Run all of it; the exit code is 1 if anything fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = environment(folder / "venv", folder)
        failed = [page for page in pages() if not run_page(page, python, folder)]
        failed += [] if run_notebook(python, folder) else ["examples/quickstart.ipynb"]
    if failed:
        sys.exit(f"failed: {', '.join(map(str, failed))}")


def environment(target: Path, folder: Path) -> Path:
    """A fresh environment with the wheel of this checkout; its Python."""
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    venv.create(target, with_pip=True)
    python = target / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), wheel], check=True)
    subprocess.run([*pip, *NOTEBOOKS], check=True)
    return python


def pages() -> Iterator[Path]:
    """The pages that have blocks of Python."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        if blocks(page):
            yield page.relative_to(ROOT)


def blocks(page: Path) -> list[str]:
    """The blocks of a page that are to be run."""
    found = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    return [code for mark, code in found if "test=skip" not in mark]


def run_page(page: Path, python: Path, folder: Path) -> bool:
    """Run the blocks of a page as one program; whether it ended well."""
    place = folder / str(page).replace("/", "-")
    place.mkdir()
    program = "\n".join(blocks(page))
    table = [str(python), str(ROOT / "examples" / "make_churn.py"), "churn.csv"]
    subprocess.run(table, cwd=place, check=True)
    # What processes start again imports this file: it must do nothing then.
    (place / "page.py").write_text(program)
    started = time.monotonic()
    with server_for(program, python, place):
        done = subprocess.run(
            [str(python), "page.py"], cwd=place, env=environment_of(python), text=True,
            capture_output=True, timeout=PAGE_SECONDS, check=False,
        )  # fmt: skip
    verdict = "ok" if done.returncode == 0 else f"failed\n{done.stdout}\n{done.stderr}"
    print(f"{page}: {verdict}, {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode == 0


def run_notebook(python: Path, folder: Path) -> bool:
    """Run the notebook of the examples in a folder of its own."""
    place = folder / "notebook"
    place.mkdir()
    for name in ("quickstart.ipynb", "make_churn.py"):
        (place / name).write_bytes((ROOT / "examples" / name).read_bytes())
    started = time.monotonic()
    done = subprocess.run(
        [str(python), "-c", RUN_NOTEBOOK, "quickstart.ipynb"], cwd=place,
        env=environment_of(python), text=True, capture_output=True, check=False,
    )  # fmt: skip
    verdict = done.stdout.strip() if done.returncode == 0 else f"failed\n{done.stderr}"
    print(f"examples/quickstart.ipynb: {verdict}, {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode == 0


@contextmanager
def server_for(program: str, python: Path, place: Path) -> Iterator[None]:
    """A server and its workers, if a program calls one."""
    if SERVER not in program:
        yield
        return
    command = [str(python.parent / "caviar"), "up", "--data", str(place / "server"), "--json"]
    started = subprocess.Popen(
        command, env=environment_of(python), start_new_session=True, stdout=subprocess.DEVNULL
    )
    with stopping(started):
        wait_until_ready(SERVER)
        yield


def environment_of(python: Path) -> Mapping[str, str]:
    """The variables of a shell in which the environment is active."""
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(python.parent.parent)}


if __name__ == "__main__":
    main()
