"""The table of base images has its form, and references find the row that they mean."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from pipslim.facts import images
from pipslim.facts.images import (
    FIRST_GOOD_PIP,
    Age,
    Image,
    Origin,
    find_image,
    matches,
    names_new_python,
    parse_version,
)

NEW, OLD, UNKNOWN = Age.NEW, Age.OLD, Age.UNKNOWN
DIGEST = "@sha256:" + "0123456789abcdef" * 4

# -- the form of the table -------------------------------------------------------------------------

TABLE = Path(images.__file__).with_name("images.tsv").read_text("utf-8")
COLUMNS = [
    "image",
    "tag",
    "pip_min",
    "pip_max",
    "oldest",
    "origin",
    "python",
    "user",
    "managed",
    "confidence",
    "source",
]
ROWS = [dict(zip(COLUMNS, line.split("\t"), strict=False)) for line in TABLE.split("\n")[1:-1]]


def _id(row: dict[str, str]) -> str:
    return f"{row['image']}:{row['tag'].split()[0]}"


each_row = pytest.mark.parametrize("row", ROWS, ids=_id)


def test_columns_are_the_documented_ones_in_every_row() -> None:
    header, *lines = TABLE.split("\n")
    assert header.split("\t") == COLUMNS
    assert lines.pop() == "", "the last line ends"
    assert {line.count("\t") for line in lines} == {len(COLUMNS) - 1}
    assert "\r" not in TABLE
    assert images.__doc__ is not None
    assert re.findall(r"^    (\w+) {2,}\S", images.__doc__, re.MULTILINE) == COLUMNS


@each_row
def test_cells_are_of_their_kind(row: dict[str, str]) -> None:
    assert all(cell == " ".join(cell.split()) for cell in row.values())
    assert row["image"] == row["image"].lower()
    assert row["image"]
    assert row["tag"]
    assert row["source"]
    assert row["origin"] in {origin.value for origin in Origin}
    assert row["managed"] in {"yes", ""}
    assert row["confidence"] in {"high", "medium", "low"}
    versions = [row["pip_min"], row["pip_max"], row["oldest"], *row["python"].split("/")]
    assert all(re.fullmatch(r"(\d+(\.\d+)*)?", version) for version in versions)


@each_row
def test_range_of_pip_is_in_order(row: dict[str, str]) -> None:
    oldest, least, most = (parse_version(row[name]) for name in ("oldest", "pip_min", "pip_max"))
    assert not oldest or oldest <= least
    assert not most or least <= most
    if row["origin"] in {"none", "windows"}:
        assert row["pip_min"] == row["pip_max"] == row["oldest"] == ""


@each_row
def test_externally_managed_row_has_a_pip_that_knows_the_mark(row: dict[str, str]) -> None:
    if row["managed"]:
        assert parse_version(row["pip_min"]) >= (23,)
        assert row["origin"] == "packages"


def test_no_row_is_there_twice() -> None:
    globs = [(row["image"], glob) for row in ROWS for glob in row["tag"].split()]
    assert len(set(globs)) == len(globs)


def test_rows_of_an_image_stand_together() -> None:
    runs = [image for image, _ in groupby(row["image"] for row in ROWS)]
    assert len(set(runs)) == len(runs)


def test_releases_of_python_stand_in_order() -> None:
    tags = [row["tag"].split()[0] for row in ROWS if row["image"] == "python"]
    releases = [parse_version(tag) for tag in tags if re.fullmatch(r"\d+\.\d+\.\d+", tag)]
    assert releases == sorted(releases)
    assert len(releases) > 100


def _sample(glob: str) -> str:
    return re.sub(r"\[(.).*?\]", r"\1", glob).replace("?", "0").replace("*", "x")


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[_id(row) for row in ROWS])
def test_every_glob_is_reached_before_an_earlier_row_takes_it(number: int) -> None:
    image = _sample(ROWS[number]["image"])
    for glob in ROWS[number]["tag"].split():
        tag = _sample(glob)
        first = next(
            at
            for at, row in enumerate(ROWS)
            if images._fits(image, row["image"])
            and any(images._fits(tag, other) for other in row["tag"].split())
        )
        assert first == number, f"{image}:{tag} is taken by row {first + 2}: {ROWS[first]}"


@each_row
def test_lookup_finds_the_row_that_a_scan_finds(row: dict[str, str]) -> None:
    found = find_image(f"{_sample(row['image'])}:{_sample(row['tag'].split()[0])}")
    assert found is not None
    assert found == Image(
        pip_min=parse_version(row["pip_min"]) or None,
        pip_max=parse_version(row["pip_max"]) or None,
        origin=Origin(row["origin"]),
        python=tuple(parse_version(version) for version in row["python"].split("/") if version),
        user=row["user"] or None,
        managed=row["managed"] == "yes",
        source=row["source"],
        certain=row["confidence"] != "low",
    )


# -- versions and ages -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("19.0.1", (19, 0, 1)),
        ("20.0b1", (20, 0)),
        ("3.15-rc", (3, 15)),
        ("24.2.", (24, 2)),
        ("9", (9,)),
        ("latest", ()),
        ("v1.2", ()),
        ("", ()),
    ],
)
def test_version_is_the_numbers_in_front(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def _aged(pip_min: str, pip_max: str, *, managed: bool = False, certain: bool = True) -> Age:
    least, most = parse_version(pip_min) or None, parse_version(pip_max) or None
    return Image(least, most, Origin.IMAGE, (), None, managed, "here", certain).age


@pytest.mark.parametrize(
    ("pip_min", "pip_max", "age"),
    [
        ("19.0.2", "", NEW),
        ("19.0.3", "19.0.3", NEW),
        ("20.0", "", NEW),
        ("1.5.4", "1.5.4", OLD),
        ("19.0.1", "19.0.1", OLD),
        ("", "9.0.3", OLD),
        ("19.0", "19.0", OLD),
        ("19.0.1", "19.0.2", UNKNOWN),
        ("9.0.1", "", UNKNOWN),
        ("", "19.0.2", UNKNOWN),
        ("", "", UNKNOWN),
    ],
)
def test_age_is_known_when_the_range_lies_on_one_side(pip_min: str, pip_max: str, age: Age) -> None:
    assert _aged(pip_min, pip_max) is age


def test_age_is_unknown_where_the_row_is_a_guess() -> None:
    assert _aged("25.0", "", certain=False) is UNKNOWN
    assert _aged("9.0.1", "9.0.1", certain=False) is UNKNOWN


def test_age_is_new_where_python_is_externally_managed() -> None:
    assert _aged("", "", managed=True) is NEW
    assert _aged("25.1.1", "26.0.1", managed=True, certain=False) is NEW


# -- references ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "age", "origin", "user"),
    [
        # official images of Python
        ("python", NEW, "image", "root"),
        ("python:latest", NEW, "image", "root"),
        ("python:3", NEW, "image", "root"),
        ("python:slim", NEW, "image", "root"),
        ("python:alpine", NEW, "image", "root"),
        ("python:3-slim", NEW, "image", "root"),
        ("python:3-alpine", NEW, "image", "root"),
        ("python:slim-bookworm", NEW, "image", "root"),
        ("python:alpine3.20", NEW, "image", "root"),
        ("python:2", NEW, "image", "root"),
        ("python:2-slim", NEW, "image", "root"),
        ("python:2.7", NEW, "image", "root"),
        ("python:2.7-slim-buster", NEW, "image", "root"),
        ("python:3.4", NEW, "image", "root"),
        ("python:3.5-slim", NEW, "image", "root"),
        ("python:3.6", NEW, "image", "root"),
        ("python:3.6-slim-stretch", NEW, "image", "root"),
        ("python:3.7-alpine3.9", NEW, "image", "root"),
        ("python:3.12-slim", NEW, "image", "root"),
        ("python:3.12.13", NEW, "image", "root"),
        ("python:3.13.0a1-alpine", NEW, "image", "root"),
        ("python:3.14-slim-trixie", NEW, "image", "root"),
        ("python:3.15-rc-slim", NEW, "image", "root"),
        ("python:3.8-rc", NEW, "image", "root"),
        ("python:2.7.15", UNKNOWN, "image", "root"),
        ("python:3.6.8", UNKNOWN, "image", "root"),
        ("python:3.6.8-slim", UNKNOWN, "image", "root"),
        ("python:3.6.8-alpine3.9", UNKNOWN, "image", "root"),
        ("python:3.7.2-stretch", UNKNOWN, "image", "root"),
        ("python:3.6.9", NEW, "image", "root"),
        ("python:3.6.10", NEW, "image", "root"),
        ("python:3.6.1", OLD, "image", "root"),
        ("python:3.5.2-slim", OLD, "image", "root"),
        ("python:2.7.14-alpine3.6", OLD, "image", "root"),
        ("python:3.7-rc-slim", OLD, "image", "root"),
        ("python:3.6.0b1", OLD, "image", "root"),
        ("python:3.3", OLD, "image", "root"),
        ("python:3.2-wheezy", OLD, "image", "root"),
        # variants that were dropped while their pip was old, or about to become new
        ("python:2.7-wheezy", UNKNOWN, "image", "root"),
        ("python:2-jessie", UNKNOWN, "image", "root"),
        ("python:3.4-wheezy", UNKNOWN, "image", "root"),
        ("python:3.5-jessie", UNKNOWN, "image", "root"),
        ("python:3.6-jessie", UNKNOWN, "image", "root"),
        ("python:3.6-slim-jessie", UNKNOWN, "image", "root"),
        ("python:3.6-alpine3.6", UNKNOWN, "image", "root"),
        ("python:3.7-alpine3.7", UNKNOWN, "image", "root"),
        ("python:alpine3.7", UNKNOWN, "image", "root"),
        ("python:jessie", UNKNOWN, "image", "root"),
        ("python:2-onbuild", UNKNOWN, "image", "root"),
        ("python:3-onbuild", UNKNOWN, "image", "root"),
        ("python:3.5-onbuild", UNKNOWN, "image", "root"),
        # no POSIX shell
        ("python:3.6-windowsservercore-ltsc2016", UNKNOWN, "windows", None),
        ("python:3.7.4-nanoserver", UNKNOWN, "windows", None),
        ("mcr.microsoft.com/windows/servercore:ltsc2022", UNKNOWN, "windows", None),
        ("golang:1.22-nanoserver-1809", UNKNOWN, "windows", None),
        ("gcr.io/distroless/python3", UNKNOWN, "none", "root"),
        ("gcr.io/distroless/python3-debian12:nonroot", UNKNOWN, "none", "nonroot"),
        ("cgr.dev/chainguard/python", UNKNOWN, "none", "nonroot"),
        ("ghcr.io/astral-sh/uv:0.5.11", UNKNOWN, "none", None),
        ("ghcr.io/astral-sh/uv", UNKNOWN, "none", None),
        ("ghcr.io/astral-sh/uv:0.5.11-alpine", UNKNOWN, "packages", "root"),
        ("ghcr.io/astral-sh/uv:0.5-python3.12-bookworm-slim", NEW, "image", "root"),
        # distributions
        ("ubuntu:14.04.3", OLD, "packages", "root"),
        ("ubuntu:16.04", OLD, "packages", "root"),
        ("ubuntu:xenial", OLD, "packages", "root"),
        ("ubuntu:bionic-20191029", OLD, "packages", "root"),
        ("ubuntu:20.04", NEW, "packages", "root"),
        ("ubuntu:noble", NEW, "packages", "root"),
        ("ubuntu", NEW, "packages", "root"),
        ("debian:jessie", OLD, "packages", "root"),
        ("debian:stretch-20190101-slim", OLD, "packages", "root"),
        ("debian:9.13-slim", OLD, "packages", "root"),
        ("debian:buster-slim", OLD, "packages", "root"),
        ("debian:11", NEW, "packages", "root"),
        ("debian:12.6-slim", NEW, "packages", "root"),
        ("debian:testing", NEW, "packages", "root"),
        ("alpine:3.9.4", OLD, "packages", "root"),
        ("alpine:3.4", UNKNOWN, "packages", "root"),
        ("alpine:3.11", UNKNOWN, "packages", "root"),
        ("alpine:3.12", NEW, "packages", "root"),
        ("alpine:3.23", NEW, "packages", "root"),
        ("alpine", NEW, "packages", "root"),
        ("centos:7", OLD, "packages", "root"),
        ("centos:centos7.9.2009", OLD, "packages", "root"),
        ("centos:8", UNKNOWN, "packages", "root"),
        ("centos", UNKNOWN, "packages", "root"),
        ("rockylinux:9.3-minimal", NEW, "packages", "root"),
        ("registry.access.redhat.com/ubi8/ubi:8.9", UNKNOWN, "packages", "root"),
        ("registry.access.redhat.com/ubi9", NEW, "packages", "root"),
        ("registry.access.redhat.com/ubi9-minimal:latest", NEW, "packages", "root"),
        ("amazonlinux:2", UNKNOWN, "packages", "root"),
        ("amazonlinux:2023.5.20240708.0", NEW, "packages", "root"),
        ("fedora:41", NEW, "packages", "root"),
        ("fedora:29", UNKNOWN, "packages", "root"),
        ("buildpack-deps:stretch-scm", OLD, "packages", "root"),
        ("buildpack-deps:focal", NEW, "packages", "root"),
        ("node:8-stretch", OLD, "packages", "root"),
        ("node:20-bookworm-slim", NEW, "packages", "root"),
        ("nvidia/cuda:9.0-cudnn7-devel-ubuntu16.04", OLD, "packages", "root"),
        ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", NEW, "packages", "root"),
        ("nvidia/cuda:11.8.0-base-ubi8", UNKNOWN, "packages", "root"),
        ("rocm/dev-ubuntu-20.04:5.0", NEW, "packages", "root"),
        # images that bring Python
        ("tensorflow/tensorflow:1.4.1-py3", OLD, "image", "root"),
        ("tensorflow/tensorflow:1.13.1-gpu-py3", UNKNOWN, "image", "root"),
        ("tensorflow/tensorflow:2.1.0", UNKNOWN, "image", "root"),
        ("tensorflow/tensorflow:latest-py3", UNKNOWN, "image", "root"),
        ("tensorflow/tensorflow:2.10.0-gpu", NEW, "image", "root"),
        ("pytorch/pytorch:1.1.0-cuda10.0-cudnn7.5-devel", UNKNOWN, "image", "root"),
        ("pytorch/pytorch:1.10.0-cuda11.3-cudnn8-runtime", NEW, "image", "root"),
        ("continuumio/miniconda3", NEW, "image", "root"),
        ("continuumio/miniconda3:4.5.4", UNKNOWN, "image", "root"),
        ("condaforge/miniforge3:24.9.2-0", NEW, "image", "root"),
        # stages that don't begin as root
        ("mambaorg/micromamba:1.5", UNKNOWN, "packages", "mambauser"),
        ("jupyter/base-notebook", NEW, "image", "jovyan"),
        ("jupyter/scipy-notebook:2023-10-20", NEW, "image", "jovyan"),
        ("jupyter/scipy-notebook:1386e2046833", UNKNOWN, "image", "jovyan"),
        ("quay.io/jupyter/base-notebook:2025-01-01", NEW, "image", "jovyan"),
        ("registry.access.redhat.com/ubi8/python-39:1-100", NEW, "image", "1001"),
        ("registry.redhat.io/ubi8/python-36", UNKNOWN, "image", "1001"),
        ("quay.io/sclorg/python-312-c9s", UNKNOWN, "image", "1001"),
        ("apache/airflow:2.9.1-python3.11", NEW, "image", "airflow"),
        ("cimg/python:3.11", NEW, "image", "circleci"),
        ("cimg/node:20.1", UNKNOWN, "image", "circleci"),
        ("circleci/python:3.6", UNKNOWN, "image", "circleci"),
        ("bitnami/redis:7.2", UNKNOWN, "packages", "1001"),
        ("bitnami/minideb:stretch", UNKNOWN, "packages", "root"),
        ("public.ecr.aws/lambda/python:3.8", NEW, "image", "root"),
        ("public.ecr.aws/lambda/python:3.12", NEW, "image", "root"),
    ],
)
def test_reference_finds_its_image(reference: str, age: Age, origin: str, user: str | None) -> None:
    image = find_image(reference)
    assert image is not None
    assert (image.age, image.origin.value, image.user) == (age, origin, user)


@pytest.mark.parametrize(
    ("reference", "python"),
    [
        ("python:3.6.8-slim", ((3, 6, 8),)),
        ("python:3.6", ((3, 6),)),
        ("python:latest", ()),
        ("debian:stretch", ((2, 7), (3, 5))),
        ("ubuntu:24.04", ((3, 12),)),
    ],
)
def test_python_is_as_exact_as_the_tag(reference: str, python: tuple[tuple[int, ...], ...]) -> None:
    image = find_image(reference)
    assert image is not None
    assert image.python == python


@pytest.mark.parametrize(
    ("reference", "managed"),
    [
        ("debian:11", False),
        ("debian:12", True),
        ("debian:latest", True),
        ("ubuntu:22.04", False),
        ("ubuntu:24.04", True),
        ("alpine:3.18", False),
        ("alpine:3.19", True),
        ("python:3.12-alpine", False),
    ],
)
def test_externally_managed_distributions_are_marked(reference: str, managed: bool) -> None:
    image = find_image(reference)
    assert image is not None
    assert image.managed is managed


@pytest.mark.parametrize(
    ("series", "turn"),
    [
        ((2, 7), 15),
        ((3, 2), 7),
        ((3, 3), 8),
        ((3, 4), 9),
        ((3, 5), 6),
        ((3, 6), 8),
        ((3, 7), 2),
    ],
)
@pytest.mark.parametrize("variant", ["", "-slim", "-alpine", "-slim-stretch", "-onbuild"])
def test_release_of_python_is_new_only_after_the_turn(
    series: tuple[int, int], turn: int, variant: str
) -> None:
    for patch in range(turn):
        image = find_image("python:{}.{}.{}{}".format(*series, patch, variant))
        assert image is None or image.age is OLD
    at_turn = find_image("python:{}.{}.{}{}".format(*series, turn, variant))
    assert at_turn is None or at_turn.age is UNKNOWN
    after = find_image("python:{}.{}.{}{}".format(*series, turn + 1, variant))
    assert after is None or after.age is NEW


@pytest.mark.parametrize("minor", range(8, 15))
@pytest.mark.parametrize("rest", ["", ".0", ".7-slim", "-slim", "-alpine3.18", "-buster", "-rc"])
def test_python_since_3_8_never_had_an_old_pip(minor: int, rest: str) -> None:
    for digest in "", DIGEST:
        image = find_image(f"python:3.{minor}{rest}{digest}")
        assert image is not None
        assert image.age is NEW


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "scratch",
        "base",
        "$BASE",
        "python:${VERSION}",
        "${REGISTRY}/python:3.12",
        "nvidia/cuda:$CUDA-devel-ubuntu18.04",
        "python" + DIGEST,
        "registry.corp/python" + DIGEST,
        "python:nonsense",
        "python:3.99",
        "python:2.7.8",
        "nvidia/cuda:10.0-base",
        "node:20",
        "alpine:3.2",
        "debian:wheezy",
    ],
)
def test_reference_without_a_row_finds_nothing(reference: str) -> None:
    assert find_image(reference) is None


# -- digests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "age"),
    [
        ("python:3.9", NEW),
        ("python:3.8-slim", NEW),
        ("python:3.12-slim-bookworm", NEW),
        ("python:3.7.5", NEW),
        ("python:slim-bookworm", NEW),
        ("python:3.6", UNKNOWN),
        ("python:3.6-stretch", UNKNOWN),
        ("python:3.7-slim", UNKNOWN),
        ("python:2.7", UNKNOWN),
        ("python:3", UNKNOWN),
        ("python", None),
        ("python:3.5.2", OLD),
        ("python:3.3", OLD),
        ("ubuntu:bionic-20190612", OLD),
        ("ubuntu:22.04", NEW),
        ("ubuntu:latest", UNKNOWN),
        ("debian:bookworm", NEW),
        ("debian:stable", UNKNOWN),
        ("alpine:edge", UNKNOWN),
    ],
)
def test_digest_means_any_build_that_the_tag_ever_named(reference: str, age: Age | None) -> None:
    image = find_image(reference + DIGEST)
    assert (image.age if image else None) is age


def test_digest_leaves_the_user_and_the_origin() -> None:
    image = find_image("jupyter/base-notebook:latest" + DIGEST)
    assert image is not None
    assert (image.age, image.user, image.origin) == (UNKNOWN, "jovyan", Origin.IMAGE)


# -- mirrors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "same"),
    [
        ("docker.io/python:3.6", "python:3.6"),
        ("docker.io/library/python", "python"),
        ("library/python:slim", "python:slim"),
        ("index.docker.io/library/python:3.6.8", "python:3.6.8"),
        ("public.ecr.aws/docker/library/python:3.12-slim", "python:3.12-slim"),
        ("mirror.gcr.io/library/python:3.6.4", "python:3.6.4"),
        ("daocloud.io/library/ubuntu", "ubuntu"),
        ("arm32v7/python:3.5.6-slim-stretch", "python:3.5.6-slim-stretch"),
        ("registry:5000/mirror/python:3.12-slim", "python:3.12-slim"),
        ("Registry.Corp/Mirror/Python:3.12-slim", "python:3.12-slim"),
        ("registry.corp/python:3.5.2", "python:3.5.2"),
        ("localhost/python:3.6", "python:3.6"),
        ("localhost:5000/a/b/c/ubuntu:18.04", "ubuntu:18.04"),
        (
            "registry.corp/dockerhub/nvidia/cuda:10.0-devel-ubuntu18.04",
            "nvidia/cuda:10.0-devel-ubuntu18.04",
        ),
        ("registry.corp/quay.io/jupyter/base-notebook:x", "quay.io/jupyter/base-notebook:x"),
        ("docker.io/jupyter/base-notebook", "jupyter/base-notebook"),
        ("quay.io/fedora/fedora:41", "fedora:41"),
        ("quay.io/centos/centos:7", "centos:7"),
        ("rockylinux/rockylinux:9", "rockylinux:9"),
        ("registry.fedoraproject.org/fedora:41", "fedora:41"),
        ("registry:5000/python:3.12-slim" + DIGEST, "python:3.12-slim" + DIGEST),
    ],
)
def test_mirror_counts_as_what_it_mirrors(reference: str, same: str) -> None:
    assert find_image(reference) is not None
    assert find_image(reference) == find_image(same)


@pytest.mark.parametrize(
    "reference",
    [
        "someuser/python:3.6",
        "docker.io/someuser/python:3.6",
        "mirror.gcr.io/someuser/python:3.6",
        "ghcr.io/someuser/python:3.6",
        "quay.io/someuser/ubuntu:18.04",
        "gcr.io/google_appengine/python",
        "gcr.io/tensorflow/tensorflow:latest",
        "eu.gcr.io/project/python:3.6",
        "registry.corp/team/python:build-42",
        "registry.corp/python:v3",
        "python.corp/tools:3.6",
    ],
)
def test_image_of_somebody_is_no_mirror(reference: str) -> None:
    assert find_image(reference) is None


@pytest.mark.parametrize("reference", ["registry.corp/team/python", "registry.corp/python:latest"])
def test_latest_in_a_private_registry_may_be_an_old_copy(reference: str) -> None:
    image = find_image(reference)
    assert image is not None
    assert (image.age, image.user) == (UNKNOWN, "root")


# -- patterns of the settings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "pattern"),
    [
        ("corp/base:1.2", "corp/base"),
        ("corp/base", "corp/base"),
        ("corp/base", "corp/base:latest"),
        ("corp/base:1.2", "corp/base:1.*"),
        ("corp/base:1.2", "corp/base:1.[0-3]"),
        ("corp/base:1.2" + DIGEST, "corp/base:1.2"),
        ("corp/base" + DIGEST, "corp/base"),
        ("corp/base:${TAG}", "corp/base"),
        ("registry.corp/team/base:1", "registry.corp/*"),
        ("registry.corp/team/base:1", "*/base"),
        ("registry.corp/team/base:1", "team/base:1"),
        ("registry:5000/team/base", "registry:5000/team/base"),
        ("registry:5000/team/base:7", "registry:5000/team/base:7"),
        ("Registry.Corp/Team/Base:1", "registry.corp/TEAM/base"),
        ("python:3.6", "python:3.6*"),
        ("python:3.6", "docker.io/library/python"),
        ("docker.io/library/python:3.6", "python:3.6"),
        ("registry.corp/mirror/python:3.6-slim", "python:3.6*"),
        ("anything/at:all", "*"),
    ],
)
def test_pattern_names_the_reference(reference: str, pattern: str) -> None:
    assert matches(reference, pattern)


@pytest.mark.parametrize(
    ("reference", "pattern"),
    [
        ("corp/base:2.0", "corp/base:1.*"),
        ("corp/base:1.20", "corp/base:1.2"),
        ("corp/base" + DIGEST, "corp/base:latest"),
        ("corp/base:${TAG}", "corp/base:1.*"),
        ("corp/base-slim", "corp/base"),
        ("other/base", "corp/base"),
        ("someuser/python:3.6", "python"),
        ("corp/base:1", "base"),
        ("corp/base:Dev", "corp/base:dev"),
    ],
)
def test_pattern_does_not_name_the_reference(reference: str, pattern: str) -> None:
    assert not matches(reference, pattern)


@pytest.mark.parametrize(
    ("reference", "new"),
    [
        ("acme/python:3.11.13-build", True),
        ("acme/python3.8", True),
        ("acme/torch:2.1-py310-cuda", True),
        ("ACME/Python-3.14:latest@sha256:0", True),
        ("acme/python:3.7", False),
        ("acme/python:3", False),
        ("acme/python:3.1", False),
        ("acme/happy3.9", False),
        ("acme/app@sha256:python3.9", False),
    ],
)
def test_name_of_an_image_may_tell_a_new_python(reference: str, new: bool) -> None:
    assert names_new_python(reference) is new


def test_threshold_is_the_first_pip_without_the_crashes() -> None:
    assert parse_version("19.0.1") < FIRST_GOOD_PIP <= parse_version("19.0.2")
