"""Python that a build runs: built as it is, and as pipslim leaves it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from pipslim import Choice, cli, rewrite

from .bases import SLIM
from .compare import same_but_for_the_cache

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .engine import Engine

pytestmark = pytest.mark.builds

HEAD = f"FROM {SLIM}\nENV PYTHONDONTWRITEBYTECODE=1\n"
SCRIPT = """import subprocess
import sys

subprocess.check_call(
    [
        sys.executable,
        "-m",
        "pip",
        "install",  # with all that it needs
        "idna",
    ]
)
"""
RUNS = {
    "heredoc": f"RUN python - <<EOF\n{SCRIPT}EOF\n",
    "heredoc-quoted-name": f"RUN python3 <<'EOF' && echo done\n{SCRIPT}EOF\n",
    "heredoc-tabs": "RUN python - <<-EOF\n"
    + "".join([f"\t{line}\n" for line in SCRIPT.splitlines()])
    + "\tEOF\n",
    "heredoc-expanded": "ARG NAME=idna\nRUN python - <<EOF\nimport os\n"
    'assert not os.system("pip install \\\\"$NAME\\\\"")\nEOF\n',
    "shebang": f"RUN <<EOF\n#!/usr/bin/env python3\n{SCRIPT}EOF\n",
    "shebang-raw": "RUN <<EOF\n#!/usr/bin/env python3\nimport os\n"
    "assert '$PATH' == chr(36) + 'PATH'\n"
    "assert not os.system('''\npip install \\\\\n  idna\n''')\nEOF\n",
    "word-in-double-quotes": 'RUN python -c "import sys; from pip._internal.cli.main import main; '
    "sys.exit(main(['install', 'idna']))\"\n",
    "word-with-escapes": 'RUN python -c "import subprocess as s; '
    's.check_call([\\"pip\\", \\"install\\", \\"idna\\"])"\n',
    "word-in-single-quotes": "RUN python -c '\\\n"
    'import os; assert not os.system("pip install idna")\'\n',
    "word-in-a-shell": 'RUN sh -ec "python -c \\"import os; os.system(\'pip install idna\')\\""\n',
    "exec-form": 'RUN ["python", "-c", "import subprocess as s\\n'
    's.check_call([\\"pip\\", \\"install\\", \\"idna\\"])"]\n',
    "runpy": "RUN python - <<'EOF'\nimport runpy, sys\n"
    'sys.argv = ["pip", "install", "idna"]\nrunpy.run_module("pip", run_name="__main__")\nEOF\n',
}
FOLLOWED = {
    "given-to-a-python": ("COPY install.py /\nRUN python /install.py\n", SCRIPT),
    "executed": ("COPY install.py /bin/\nRUN install.py\n", f"#!/usr/bin/env python3\n{SCRIPT}"),
}


@pytest.mark.parametrize("name", RUNS)
def test_python_in_a_run_leaves_no_cache_and_the_same_packages(
    name: str, engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    file = tmp_path / "Dockerfile"
    file.write_text(HEAD + RUNS[name])
    image = engine.build(tmp_path)
    outcome = rewrite(HEAD + RUNS[name], Choice(frozenset(("pip-cache",))))
    assert outcome.problem is None
    assert outcome.after.count("--no-cache-dir") == 1
    file.write_text(outcome.after)
    assert same_but_for_the_cache(engine, image, engine.build(tmp_path)) == []


@pytest.mark.parametrize("name", FOLLOWED)
def test_script_leaves_no_cache_and_the_same_packages(
    name: str, engine: Engine, bases: Mapping[str, str], tmp_path: Path
) -> None:
    if SLIM in bases:
        pytest.skip(bases[SLIM])
    text, code = FOLLOWED[name]
    (tmp_path / "Dockerfile").write_text(HEAD + text)
    script = tmp_path / "install.py"
    script.write_text(code)
    script.chmod(0o755)
    image = engine.build(tmp_path)
    streams = cli.Streams(io.BytesIO(), io.BytesIO(), told := io.StringIO())
    argv = ["fix", "--follow", "--select=pip-cache", "--write", str(tmp_path)]
    assert cli.main(argv, streams) == cli.OK
    assert "held back" not in told.getvalue()
    done = '"install",  # with all that it needs\n        "--no-cache-dir",'
    assert script.read_text() == code.replace('"install",  # with all that it needs', done)
    left = same_but_for_the_cache(engine, image, engine.build(tmp_path))
    assert left in ([], [f"/{script.name}"], [f"/usr/bin/{script.name}"])
