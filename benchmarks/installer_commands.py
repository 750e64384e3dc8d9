"""The installers whose leavings are listed, their versions, and the commands that are run."""

# ruff: noqa: E501 - a command stays on one line, as it stands in the table

from __future__ import annotations

from typing import NamedTuple


class Version(NamedTuple):
    """A version of a tool: the Python it is run on, and what to install; the first names it."""

    python: str
    requirements: tuple[str, ...]


class Tool(NamedTuple):
    """An installer and what to look at.

    `versions` has one for each column of the table. A command is a line of shell; `$VENV` is the
    active environment, `$INDEX` the index. `files` lie in the folder where it runs, `prepare`
    runs there once before, `preamble` before each command. With `inside` the tool itself lives in
    that environment, as pip does.
    """

    versions: dict[str, Version]
    commands: str
    files: dict[str, str] = {}  # noqa: RUF012
    prepare: str = ""
    inside: bool = False
    get_pip: bool = False
    preamble: str = ":"

    def spelled(self, version: str) -> dict[str, str]:
        """Give what stands for names in `files`, which versions spell differently."""
        old = version.startswith("1.1.")
        return {"PRIORITY": "default = true" if old else 'priority = "primary"'}


def _released(
    name: str, *versions: str, python: str = "3.11", more: str = ""
) -> dict[str, Version]:
    return {each: Version(python, (f"{name}=={each}", *more.split())) for each in versions}


_PROJECT = """[project]
name = "project"
version = "1"
requires-python = ">=3.8"
dependencies = ["demo-app", "demo-source"]
"""
_PDM = f"""{_PROJECT}
[tool.pdm]
[[tool.pdm.source]]
name = "pypi"
url = "INDEX"
verify_ssl = false
"""
_POETRY = """[tool.poetry]
name = "project"
version = "1"
description = ""
authors = []
[tool.poetry.dependencies]
python = ">=3.8"
demo-app = "*"
demo-source = "*"
[[tool.poetry.source]]
name = "local"
url = "INDEX"
PRIORITY
"""
_PIPFILE = """[[source]]
name = "local"
url = "INDEX"
verify_ssl = false
[packages]
demo-app = "*"
demo-source = "*"
"""
_SETUP = """from setuptools import setup
setup(name="project", version="1", py_modules=["one", "two"], zip_safe=False,
      install_requires=["demo-app"])
"""

TOOLS = {
    "pip": Tool(
        _released("pip", "26.3"),
        """
pip install demo-app demo-source
pip install --no-cache-dir demo-app demo-source
PIP_NO_CACHE_DIR=1 pip install demo-app demo-source
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 pip install demo-app demo-source
""",
        inside=True,
    ),
    "uv": Tool(
        _released("uv", "0.1.0", "0.4.30", "0.13.9"),
        """
uv pip install demo-app demo-source
uv pip install --no-cache demo-app demo-source
uv --no-cache pip install demo-app demo-source
uv pip --no-cache install demo-app demo-source
uv pip install demo-app demo-source --no-cache
uv pip install -n demo-app demo-source
uv -n pip install demo-app demo-source
uv pip install --no-cache-dir demo-app demo-source
UV_NO_CACHE=1 uv pip install demo-app demo-source
UV_NO_CACHE=true uv pip install demo-app demo-source
UV_NO_CACHE=on uv pip install demo-app demo-source
UV_NO_CACHE=off uv pip install demo-app demo-source
UV_NO_CACHE=false uv pip install demo-app demo-source
UV_NO_CACHE=0 uv pip install demo-app demo-source
UV_NO_CACHE= uv pip install demo-app demo-source
UV_NO_CACHE=maybe uv pip install demo-app demo-source
PIP_NO_CACHE_DIR=1 uv pip install demo-app demo-source
PIP_CACHE_DIR=$HOME/other uv pip install demo-app demo-source
UV_CACHE_DIR=$HOME/other uv pip install demo-app demo-source
UV_CACHE_DIR=$HOME/other uv pip install --no-cache demo-app demo-source
UV_CACHE_DIR=$HOME/other UV_NO_CACHE=1 uv pip install demo-app demo-source
uv pip install --cache-dir $HOME/other demo-app demo-source
uv pip install --no-cache --cache-dir $HOME/other demo-app demo-source
XDG_CACHE_HOME=$HOME/other uv pip install demo-app demo-source
printf 'no-cache = true\\n' > uv.toml && uv pip install demo-app demo-source
uv pip install demo-app demo-source && uv cache clean
uv pip install demo-app demo-source && uv cache prune
uv pip install demo-app demo-source && uv cache prune --ci
uv pip install demo-app demo-source && rm -rf ~/.cache/uv
uv pip install --no-cache demo-app demo-source && uv cache clean
UV_NO_CACHE=1 uv pip install demo-app demo-source && UV_NO_CACHE=1 uv cache clean
UV_LINK_MODE=copy uv pip install demo-app demo-source
UV_LINK_MODE=symlink uv pip install demo-app
UV_LINK_MODE=symlink uv pip install --no-cache demo-app
UV_CACHE_DIR=$OTHER_DISK uv pip install demo-app
UV_CACHE_DIR=$OTHER_DISK UV_LINK_MODE=copy uv pip install demo-app
uv pip install --compile demo-app
uv pip install --compile-bytecode demo-app
UV_COMPILE_BYTECODE=1 uv pip install demo-app
UV_COMPILE_BYTECODE=1 PYTHONDONTWRITEBYTECODE=1 uv pip install demo-app
UV_COMPILE_BYTECODE=1 uv pip install --no-compile-bytecode demo-app
UV_COMPILE_BYTECODE=1 uv pip install --no-compile demo-app
PIP_COMPILE=1 uv pip install demo-app
$TOOL/bin/python -m uv pip install --no-cache demo-app
uv sync
uv sync --no-cache
uv sync --frozen --no-dev --no-cache
UV_NO_CACHE=1 uv sync
UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 uv sync
uv add --no-cache demo-lib
uv lock --no-cache
uv export --no-cache -o requirements.txt
uv run demo-app
uv run --no-cache demo-app
uv run --no-project --with demo-app demo-app
uv tool install demo-app
uv tool install --no-cache demo-app
uvx demo-app
uvx --no-cache demo-app
UV_NO_CACHE=1 uvx demo-app
uv venv --seed $HOME/.local/lib/v
uv venv --no-cache --seed $HOME/.local/lib/v
""",
        {"pyproject.toml": _PROJECT},
        "uv lock --no-cache",
    ),
    "poetry": Tool(
        {
            **_released("poetry", "1.1.15", python="3.8"),
            **_released("poetry", "1.8.5", "2.5.1"),
        },
        """
poetry install --no-root
poetry install --no-root --no-cache
POETRY_NO_CACHE=1 poetry install --no-root
PIP_NO_CACHE_DIR=1 poetry install --no-root
POETRY_CACHE_DIR=$HOME/other poetry install --no-root
POETRY_CACHE_DIR=$TMPDIR/poetry poetry install --no-root && rm -rf $TMPDIR/poetry
XDG_CACHE_HOME=$HOME/other poetry install --no-root
poetry install --no-root && poetry cache clear --all . -n
poetry install --no-root && rm -rf ~/.cache/pypoetry
poetry install --no-root && rm -rf ~/.cache/pypoetry/artifacts ~/.cache/pypoetry/cache
env -u VIRTUAL_ENV poetry install --no-root && rm -rf ~/.cache/pypoetry/artifacts ~/.cache/pypoetry/cache && env -u VIRTUAL_ENV poetry run demo-app
env -u VIRTUAL_ENV poetry install --no-root --no-cache
env -u VIRTUAL_ENV POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-root --no-cache
poetry sync --no-root
poetry add demo-lib
poetry lock --no-cache
poetry install --no-root --compile
PYTHONDONTWRITEBYTECODE=1 poetry install --no-root
PIP_COMPILE=0 poetry install --no-root
""",
        {"pyproject.toml": _POETRY},
        "poetry lock",
    ),
    "pipenv": Tool(
        {
            **_released("pipenv", "2020.11.15", python="3.8", more="setuptools<60"),
            **_released("pipenv", "2026.10.3"),
        },
        """
python -m pipenv install --deploy --system
PIP_NO_CACHE_DIR=1 python -m pipenv install --deploy --system
PIP_NO_CACHE_DIR=off python -m pipenv install --deploy --system
PIPENV_CACHE_DIR=$HOME/other python -m pipenv install --deploy --system
PIPENV_CACHE_DIR=$HOME/other PIP_NO_CACHE_DIR=1 python -m pipenv install --deploy --system
python -m pipenv install --deploy --system --extra-pip-args=--no-cache-dir
python -m pipenv install --deploy --system --clear
python -m pipenv install --deploy --system && python -m pipenv --clear
python -m pipenv install --deploy --system && rm -rf ~/.cache/pipenv ~/.cache/pip
printf '[global]\\nno-cache-dir = True\\n' > ~/.pip.conf; PIP_CONFIG_FILE=~/.pip.conf python -m pipenv install --deploy --system
python -m pipenv sync --system
PIPENV_IGNORE_VIRTUALENVS=1 python -m pipenv install --deploy
""",
        {"Pipfile": _PIPFILE},
        "python -m pipenv lock",
        inside=True,
    ),
    "pdm": Tool(
        {
            **_released("pdm", "2.2.1"),
            **_released("pdm", "2.29.4", more="hishel[httpx2]==1.4.0"),
        },
        """
pdm install --no-self
pdm install --no-cache
pdm sync --no-self
PDM_NO_CACHE=1 pdm sync --no-self
PIP_NO_CACHE_DIR=1 pdm sync --no-self
PDM_CACHE_DIR=$HOME/other pdm sync --no-self
PDM_CACHE_DIR=$TMPDIR/pdm pdm sync --no-self && rm -rf $TMPDIR/pdm
XDG_CACHE_HOME=$HOME/other pdm sync --no-self
pdm sync --no-self && pdm cache clear
PDM_NO_CACHE=1 pdm sync --no-self && PDM_NO_CACHE=1 pdm cache clear
pdm sync --no-self && rm -rf ~/.cache/pdm
pdm config install.cache true && pdm sync --no-self
pdm config install.cache true && PDM_NO_CACHE=1 pdm sync --no-self && demo-app
pdm config install.cache true && pdm sync --no-self && pdm cache clear
pdm config install.cache true && pdm sync --no-self && rm -rf ~/.cache/pdm && demo-app
pdm add demo-lib
pdm lock
PYTHONDONTWRITEBYTECODE=1 pdm sync --no-self
PIP_COMPILE=0 pdm sync --no-self
""",
        {"pyproject.toml": _PDM},
        "pdm lock",
    ),
    "pip-tools": Tool(
        _released("pip-tools", "7.6.2", more="pip==26.3"),
        """
python -m piptools compile -q requirements.in
PIP_NO_CACHE_DIR=1 python -m piptools compile -q requirements.in
python -m piptools compile -q --no-cache-dir requirements.in
python -m piptools compile -q --pip-args=--no-cache-dir requirements.in
python -m piptools compile -q --cache-dir $HOME/other requirements.in
PIP_TOOLS_CACHE_DIR=$HOME/other python -m piptools compile -q requirements.in
PIP_TOOLS_CACHE_DIR=$HOME/other PIP_NO_CACHE_DIR=1 python -m piptools compile -q requirements.in
PIP_NO_CACHE_DIR=1 python -m piptools compile -q --cache-dir $TMPDIR/c requirements.in && rm -rf $TMPDIR/c
XDG_CACHE_HOME=$HOME/other python -m piptools compile -q requirements.in
python -m piptools compile -q requirements.in && rm -rf ~/.cache/pip-tools
python -m piptools sync requirements.txt
PIP_NO_CACHE_DIR=1 python -m piptools sync requirements.txt
python -m piptools sync --pip-args=--no-cache-dir requirements.txt
python -m piptools sync --no-cache-dir requirements.txt
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 python -m piptools sync requirements.txt
PIP_NO_CACHE_DIR=1 python -m piptools sync --pip-args=--no-compile requirements.txt
PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 python -m piptools sync requirements.txt
""",
        {
            "requirements.in": "demo-app\ndemo-source\n",
            "requirements.txt": "demo-app==1.0\ndemo-lib==1.0\ndemo-source==1.0\n",
        },
        inside=True,
    ),
    "pipx": Tool(
        _released("pipx", "1.1.0", "1.18.4"),
        """
pipx install demo-app
pipx install --pip-args=--no-cache-dir demo-app
PIP_NO_CACHE_DIR=1 pipx install demo-app
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 pipx install demo-app
PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 pipx install demo-app
pipx run demo-app
pipx run --no-cache demo-app
PIP_NO_CACHE_DIR=1 pipx run demo-app
""",
    ),
    "hatch": Tool(
        _released("hatch", "1.18.2"),
        """
hatch env create
PIP_NO_CACHE_DIR=1 hatch env create
PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 hatch env create
HATCH_CACHE_DIR=$HOME/other hatch env create
""",
        {"pyproject.toml": _PROJECT + "[tool.hatch.envs.default]\nskip-install = true\n"},
    ),
    "setuptools": Tool(
        _released("setuptools", "57.5.0", python="3.8", more="wheel"),
        """
python setup.py install
python setup.py install --no-compile
python setup.py install --single-version-externally-managed --record=installed.txt
PYTHONDONTWRITEBYTECODE=1 python setup.py install
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 python setup.py install
python setup.py develop
PIP_NO_CACHE_DIR=1 python setup.py develop
PYTHONDONTWRITEBYTECODE=1 python setup.py develop
""",
        {
            "setup.py": _SETUP,
            "one.py": "ONE = 1\n",
            "two.py": "TWO = 2\n",
            "setup.cfg": "[easy_install]\nindex_url = INDEX\n",
        },
        inside=True,
    ),
    "virtualenv": Tool(
        _released("virtualenv", "20.17.1", "21.15.11"),
        """
virtualenv $HOME/.local/lib/v
virtualenv --no-download $HOME/.local/lib/v
virtualenv --download $HOME/.local/lib/v
PIP_NO_CACHE_DIR=1 virtualenv --download $HOME/.local/lib/v
virtualenv --no-seed $HOME/.local/lib/v
virtualenv --seeder pip $HOME/.local/lib/v
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 virtualenv --seeder pip $HOME/.local/lib/v
virtualenv --app-data $HOME/other $HOME/.local/lib/v
VIRTUALENV_OVERRIDE_APP_DATA=$HOME/other virtualenv $HOME/.local/lib/v
VIRTUALENV_APP_DATA=$HOME/other virtualenv $HOME/.local/lib/v
virtualenv --app-data $TMPDIR/a $HOME/.local/lib/v && rm -rf $TMPDIR/a && $HOME/.local/lib/v/bin/pip --version
XDG_DATA_HOME=$HOME/other virtualenv $HOME/.local/lib/v
XDG_CACHE_HOME=$HOME/other virtualenv $HOME/.local/lib/v
virtualenv --reset-app-data $HOME/.local/lib/v
virtualenv --no-vcs-ignore $HOME/.local/lib/v
PYTHONDONTWRITEBYTECODE=1 virtualenv $HOME/.local/lib/v
PIP_COMPILE=0 virtualenv $HOME/.local/lib/v
virtualenv $HOME/.local/lib/v && $HOME/.local/lib/v/bin/pip --version
PYTHONDONTWRITEBYTECODE=1 virtualenv $HOME/.local/lib/v && PYTHONDONTWRITEBYTECODE=1 $HOME/.local/lib/v/bin/pip --version
virtualenv $HOME/.local/lib/v && rm -rf ~/.local/share/virtualenv ~/.cache/virtualenv && $HOME/.local/lib/v/bin/pip --version
""",
    ),
    "venv": Tool(
        {"Python 3.11": Version("3.11", ("pip==26.3",))},
        """
python -m venv $HOME/.local/lib/v
PYTHONDONTWRITEBYTECODE=1 python -m venv $HOME/.local/lib/v
PIP_COMPILE=0 python -m venv $HOME/.local/lib/v
mkdir -p ~/.config/pip && printf '[install]\\ncompile = no\\n' > ~/.config/pip/pip.conf && python -m venv $HOME/.local/lib/v
python -m venv --without-pip $HOME/.local/lib/v
python -m venv --upgrade-deps $HOME/.local/lib/v
PIP_NO_CACHE_DIR=1 python -m venv --upgrade-deps $HOME/.local/lib/v
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 python -m venv --upgrade-deps $HOME/.local/lib/v
python -m ensurepip
PIP_COMPILE=0 python -m ensurepip
PYTHONDONTWRITEBYTECODE=1 python -m ensurepip
python -m ensurepip && python -m pip --version
""",
    ),
    "get-pip.py": Tool(
        {"get-pip.py with pip 26": Version("3.11", ("pip==26.3",))},
        """
python get-pip.py
python get-pip.py --no-cache-dir
python get-pip.py --no-cache-dir --no-compile
python get-pip.py --no-compile --no-cache-dir pip==26.3
PIP_NO_CACHE_DIR=1 python get-pip.py
PIP_NO_CACHE_DIR=1 PIP_COMPILE=0 python get-pip.py
PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 python get-pip.py
python get-pip.py install --no-cache-dir
python - --no-cache-dir < get-pip.py
cat get-pip.py | python - --no-cache-dir --no-compile
""",
        get_pip=True,
    ),
    "conda": Tool(
        _released("conda", "26.7.1"),
        """
conda create -y -p $PREFIX demo-conda
conda create -y -p $PREFIX demo-conda && conda clean -afy
conda create -y -p $PREFIX demo-conda && conda clean -ay
conda create -y -p $PREFIX demo-conda && conda clean -tipy
conda create -y -p $PREFIX demo-conda && conda clean -tip --yes
conda create -y -p $PREFIX demo-conda && conda clean -ty
conda create -y -p $PREFIX demo-conda && conda clean -py
conda create -y -p $PREFIX demo-conda && conda clean -iy
conda create -y -p $PREFIX demo-conda && rm -rf $HOME/pkgs
conda create -y -p $PREFIX --copy demo-conda
PYTHONDONTWRITEBYTECODE=1 conda create -y -p $PREFIX demo-conda
CONDA_PKGS_DIRS=$TMPDIR/pkgs conda create -y -p $PREFIX demo-conda && rm -rf $TMPDIR/pkgs
PIP_NO_CACHE_DIR=1 conda create -y -p $PREFIX demo-conda
""",
        # a conda that pip installed refuses to run under its own name
        preamble=r"""printf '#!/bin/sh\nexec '$TOOL'/bin/python -m conda "$@"\n' > $VENV/bin/conda
chmod +x $VENV/bin/conda
""",
    ),
}
