"""What is built and handed out: one place for versions, the list of parts, the files of a wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "groundglass"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LIBRARIES = ("--library", "xtensor=0.24.3", "--library", "pybind11=3.0.1", "--torch", "2.13.0")


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files_of_the_build() -> list[Path]:
    """Those that could state a version of their own."""
    folders = [ROOT / "cmake", ROOT / "tools", ROOT / "src", ROOT / "bindings", ROOT / ".ci"]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    top = ("Makefile", "CMakeLists.txt", "Containerfile", "CMakePresets.json", "python/build_backend.py")
    return [path for path in found if path.suffix != ".pyc"] + [ROOT / name for name in top]


def project_of(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    return name[0]


def printed(*command: str) -> list[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_torch_is_pinned_in_one_place() -> None:
    (pinned,) = printed("tools/requirements.py", "torch")
    assert PYPROJECT["project"]["optional-dependencies"]["segmentation"] == [pinned]
    minor = re.fullmatch(r"torch==(\d+\.\d+)\.\*", pinned)
    assert minor is not None
    for path in files_of_the_build():
        found = re.findall(
            r"^(?!\s*#|OTHER).*\btorch[=~><]=(\d[\w.*]*)", path.read_text("utf-8"), re.MULTILINE
        )
        assert not found, path
    named = re.findall(r"LibTorch (\d+\.\d+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert named
    assert set(named) == {minor[1]}


def test_requirements_of_the_demonstration_leave_out_tests_docs_and_training() -> None:
    recipe = re.search(
        r"tools/venv\.sh (\S+)\n\t@touch \$@\n", (ROOT / "Makefile").read_text(encoding="utf-8")
    )
    assert recipe is not None
    needed = {project_of(line) for line in printed("tools/requirements.py", "build", recipe[1])}
    assert {"numpy", "torch", "SimpleITK", "matplotlib", "scikit-build-core"} <= needed
    assert not needed & {"pytest", "sphinx", "ruff", "jupyterlab", "starlette", "highdicom", "pandas"}


def test_only_what_is_used_lies_in_the_package() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "python/groundglass"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a checkout")
    kinds = {Path(name).suffix for name in tracked.stdout.splitlines()}
    assert kinds <= {".py", ".pyi", ".typed", ".json", ".css", ".js", ".pt", ".md"}
    assert not (PACKAGE / "web" / "frontend").exists()


def test_a_wheel_with_something_missing_or_too_much_is_found() -> None:
    wheel_files = tool("wheel_files")
    whole = [
        "groundglass/_core.cpython-311-x86_64-linux-gnu.so",
        "groundglass/_segmentation.cpython-311-x86_64-linux-gnu.so",
        "groundglass/py.typed",
        "groundglass/_core/__init__.pyi",
        "groundglass/weights/manifest.json",
        "groundglass/weights/ensemble-lite.pt",
        "groundglass/web/static/index.html",
        "groundglass/web/static/licences.txt",
        "groundglass-0.1.0.dist-info/licenses/LICENSE",
        "groundglass-0.1.0.dist-info/sboms/groundglass.spdx.json",
    ]
    assert wheel_files.faults(whole) == []
    for name in whole:
        (fault,) = wheel_files.faults([other for other in whole if other != name])
        assert fault.startswith("missing: ")
    for name in (
        "groundglass/weights/learning-curves.png",
        "groundglass/web/frontend/package.json",
        "groundglass.libs/libtorch_cpu-1a2b.so",
    ):
        assert wheel_files.faults([*whole, name]) == [f"not wanted: {name}"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("sbom") / "groundglass.spdx.json"
    printed("tools/sbom.py", "--out", str(out), *LIBRARIES)
    content: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    again = out.with_name("again.json")
    printed("tools/sbom.py", "--out", str(again), *LIBRARIES)
    assert again.read_bytes() == out.read_bytes()
    return content


def test_the_list_of_parts_is_spdx(parts: dict[str, Any]) -> None:
    """The fields that SPDX 2.3 requires, and references that lead somewhere."""
    assert parts["spdxVersion"] == "SPDX-2.3"
    assert parts["dataLicense"] == "CC0-1.0"
    assert parts["SPDXID"] == "SPDXRef-DOCUMENT"
    assert re.fullmatch(r"https://[^#\s]+", parts["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", parts["creationInfo"]["created"])
    assert all(re.match(r"(Tool|Person|Organization): ", who) for who in parts["creationInfo"]["creators"])
    for package in parts["packages"]:
        assert package["name"]
        assert package["downloadLocation"]
        assert package["filesAnalyzed"] is False
    elements = [parts, *parts["packages"]]
    identifiers = [element["SPDXID"] for element in elements]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", identifier) for identifier in identifiers)
    related = set()
    for relation in parts["relationships"]:
        related |= {relation["spdxElementId"], relation["relatedSpdxElement"]}
        assert re.fullmatch(r"[A-Z_]+", relation["relationshipType"])
    assert related == set(identifiers)
    licences = {licence["licenseId"] for licence in parts["hasExtractedLicensingInfos"]}
    used = set(re.findall(r"LicenseRef-[\w.-]+", json.dumps(parts["packages"])))
    assert used <= licences


def test_the_list_names_every_part(parts: dict[str, Any]) -> None:
    packages = {package["SPDXID"]: package for package in parts["packages"]}
    names = {package["name"] for package in packages.values()}
    declared = [*PYPROJECT["project"]["dependencies"]]
    for extra in PYPROJECT["project"]["optional-dependencies"].values():
        declared += [requirement for requirement in extra if not requirement.startswith("groundglass[")]
    assert {project_of(requirement) for requirement in declared} <= names
    assert packages["SPDXRef-library-xtensor"]["versionInfo"] == "0.24.3"
    assert packages["SPDXRef-library-torch"]["versionInfo"] == "2.13.0"
    models = json.loads((PACKAGE / "weights" / "manifest.json").read_text(encoding="utf-8"))["models"]
    for model in models:
        found = packages[f"SPDXRef-weights-{model['name']}"]
        content = (PACKAGE / "weights" / model["file"]).read_bytes()
        checksum = {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}
        assert found["checksums"] == [checksum]
        assert found["packageFileName"] == f"groundglass/weights/{model['file']}"
    if (PACKAGE / "web" / "static" / "licences.txt").exists():
        lock = json.loads((ROOT / "python" / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
        shipped = json.loads((ROOT / "python" / "frontend" / "package.json").read_text(encoding="utf-8"))[
            "dependencies"
        ]
        assert set(shipped) <= names
        for package in packages.values():
            if package["SPDXID"].startswith("SPDXRef-npm"):
                assert (
                    package["versionInfo"] == lock["packages"][f"node_modules/{package['name']}"]["version"]
                )


@pytest.mark.parametrize("script", sorted((ROOT / "tools").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_whole(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_a_step_says_how_long_it_took_and_what_went_wrong(tmp_path: Path) -> None:
    step = str(ROOT / "tools" / "step.sh")
    done = subprocess.run(
        [step, "Resting", "true"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert re.fullmatch(r"Resting \.\.\. +\d+ s\n", done.stdout)
    failing = [step, "Failing", "bash", "-c", "echo no room >&2; exit 3"]
    failed = subprocess.run(failing, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert failed.returncode == 3
    assert re.fullmatch(r"Failing \.\.\. +failed after \d+ s\nno room\n", failed.stdout)


def test_the_container_runs_without_rights() -> None:
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert any(re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line) for line in last)
    assert 'ENTRYPOINT ["groundglass"]' in last
