"""Files that hold Dockerfiles, built by the real bake, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipslim import Choice
from pipslim.carriers import BY_KIND
from pipslim.carriers.carried import carried

from .bases import SLIM
from .compare import cached, compiled

if TYPE_CHECKING:
    from .engine import Engine

pytestmark = [pytest.mark.builds, pytest.mark.usefixtures("bases")]

HOSTS = {
    "compose": (
        "compose.yaml",
        f"""services:
  web:
    build:
      context: .
      network: host
      dockerfile_inline: |
        FROM {SLIM}
        ENV LANG=C.UTF-8
        # two of them
        ENV TARGET=$$LANG

        RUN pip install idna \\
            blinker
        CMD ["python", "-c", "import idna, blinker, os; print(os.environ['TARGET'])"]
""",
    ),
    "bake": (
        "docker-bake.hcl",
        f"""target "web" {{
  network = "host"
  dockerfile-inline = <<-EOT
    FROM {SLIM}
    ENV LANG=C.UTF-8
    # two of them
    ENV TARGET=$${{LANG}}

    RUN pip install idna \\
        blinker
    CMD ["python", "-c", "import idna, blinker, os; print(os.environ['TARGET'])"]
  EOT
}}
""",
    ),
}


@pytest.mark.parametrize("kind", HOSTS)
def test_a_host_builds_as_before_without_cache_and_bytecode(engine: Engine, kind: str) -> None:
    name, text = HOSTS[kind]
    outcome = carried(text, BY_KIND[kind].parts, Choice())
    assert outcome.problem is None
    assert outcome.changed
    before, read = engine.bake(text, name, "web")
    after, written = engine.bake(outcome.after, name, "web")
    # what the real reader takes for the Dockerfile is what was judged, and what was made
    assert [part.text for part in BY_KIND[kind].parts(text)] == [read]
    assert [part.text for part in BY_KIND[kind].parts(outcome.after)] == [written]
    assert cached(engine.files(before))
    assert compiled(engine.files(before))
    assert not cached(engine.files(after))
    assert not compiled(engine.files(after))
    command = engine.config(before)["Cmd"]
    assert engine.config(after)["Cmd"] == command
    assert engine.run(after, command).stdout == engine.run(before, command).stdout == "C.UTF-8\n"
