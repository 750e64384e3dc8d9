"""Image builders of Python: which of their steps run a shell, and which call pip by themselves.

Read in the projects' sources, at the commits that are named; `f"RUN {command}"` and its like.
"""

from __future__ import annotations

from typing import NamedTuple

SHELL, INSTRUCTIONS, INSTALL = "shell", "instructions", "install"


class Step(NamedTuple):
    """One method of a builder, or its class.

    A SHELL step is given commands, each a RUN of its own, with `runs` ahead of it; INSTRUCTIONS are
    given lines of a Dockerfile. An INSTALL step writes its own call, `runs`, and offers `remedy` to
    turn the cache off. Without `lists` a list among the arguments holds the words of one command,
    which are quoted one by one, and it is left. With `keyword` it is what that argument is given
    that counts.
    """

    kind: str
    runs: str = ""
    remedy: str = ""
    lists: bool = True
    keyword: str = ""


_OPTION = 'the builder writes this call; pass extra_options="--no-cache-dir"'
_UV_OPTION = 'the builder writes this call; pass extra_options="--no-cache"'
_BY_HAND = 'the builder writes this call; use run_cmd("pip install --no-cache-dir …") instead'

# modal-labs/modal-client 69519ae, `py/modal/_image.py`: `run_commands` and `dockerfile_commands`
# go behind `FROM base`; `pip_install` and its like write `python -m pip install …`, without a word
# on caches, and none of the images that they begin with turns them off.
_MODAL = {
    "run_commands": Step(SHELL),
    "dockerfile_commands": Step(INSTRUCTIONS),
    "pip_install": Step(INSTALL, "python -m pip install", _OPTION),
    "pip_install_from_requirements": Step(INSTALL, "python -m pip install", _OPTION),
    "pip_install_from_pyproject": Step(INSTALL, "python -m pip install", _OPTION),
    "pip_install_private_repos": Step(INSTALL, "python3 -m pip install", _OPTION),
    "uv_pip_install": Step(INSTALL, "uv pip install", _UV_OPTION),
    # behind `FROM {tag}`
    "from_registry": Step(INSTRUCTIONS, keyword="setup_dockerfile_commands"),
    "from_gcp_artifact_registry": Step(INSTRUCTIONS, keyword="setup_dockerfile_commands"),
    "from_aws_ecr": Step(INSTRUCTIONS, keyword="setup_dockerfile_commands"),
}
# daytonaio/daytona 265f6aa, `libs/sdk-python/src/daytona/common/image.py`
_DAYTONA = {
    "run_commands": Step(SHELL, lists=False),
    "dockerfile_commands": Step(INSTRUCTIONS),
    "pip_install": Step(INSTALL, "python -m pip install", _OPTION),
    "pip_install_from_requirements": Step(INSTALL, "python -m pip install", _OPTION),
    "pip_install_from_pyproject": Step(INSTALL, "python -m pip install", _OPTION),
}
# e2b-dev/E2B b802997, `packages/python-sdk/e2b/template/main.py`
_E2B = {
    "run_cmd": Step(SHELL),
    "pip_install": Step(INSTALL, "pip install", _BY_HAND),
}
# beam-cloud/beta9 0b79dfe, `pkg/abstractions/image/build.go`; in `sdk/…/abstractions/image.py`,
# `add_python_packages` takes no option that would turn the cache off.
_BEAM = {"add_commands": Step(SHELL), "Image": Step(SHELL, keyword="commands")}
# bentoml/BentoML 32230a5, `src/_bentoml_sdk/images.py`, `…/dockerfile/templates/base_v2.j2`: what
# `python_packages` names has a cache mount, what `run` is given has none.
_BENTOML = {"run": Step(SHELL)}
# flyteorg/flytekit e96c720, `flytekit/image_spec/default_builder.py`: `packages` have a cache
# mount, `commands` have one for uv.
_UV_MOUNT = "--mount=type=cache,sharing=locked,mode=0777,target=/root/.cache/uv,id=uv "
_FLYTEKIT = {"ImageSpec": Step(SHELL, _UV_MOUNT, keyword="commands")}

# By the package that a module imports. Not here, for there is nothing to do:
# - kfp 7b70c7b, `sdk/python/kfp/dsl/component_factory.py`: `packages_to_install` are installed when
#   the component starts, not in an image; `kfp component build` writes `--no-cache-dir` itself.
# - SkyPilot, https://docs.skypilot.co/en/latest/reference/api.html: `sky.Task(setup=…)` runs on a
#   cluster. Ray, https://docs.ray.io/en/latest/ray-core/handling-dependencies.html: so do the
#   packages of a `runtime_env`.
# - python-on-whales and testcontainers build from files. What docker-py's
#   `client.images.build(fileobj=…)` is given is a literal like others.
BUILDERS = {
    "modal": _MODAL,
    "daytona": _DAYTONA,
    "daytona_sdk": _DAYTONA,
    "e2b": _E2B,
    "beam": _BEAM,
    "beta9": _BEAM,
    "bentoml": _BENTOML,
    "flytekit": _FLYTEKIT,
}
