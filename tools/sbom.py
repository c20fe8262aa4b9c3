"""Writes what is inside a wheel as SPDX 2.3; the build puts it into ``.dist-info/sboms`` (PEP 770).

    tools/sbom.py --out groundglass.spdx.json --library xtensor=0.24.3 ... [--torch 2.13.0]

`--library` names what is compiled into the extension modules, `--torch` the LibTorch that they are linked
with and that is not in the wheel. What the page's bundle holds is read from the list of licences that its
build writes, the requirements from pyproject.toml, the weights from their files. The same sources give the
same bytes: the time is ``SOURCE_DATE_EPOCH``, or that of the last commit.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "groundglass"
WEIGHTS = PACKAGE / "weights"
LICENCES = PACKAGE / "web" / "static" / "licences.txt"
LOCK = ROOT / "python" / "frontend" / "package-lock.json"

#: What may be compiled in, by its licence and where it is from.
LIBRARIES = {
    "xtensor": ("BSD-3-Clause", "pkg:github/xtensor-stack/xtensor"),
    "xtl": ("BSD-3-Clause", "pkg:github/xtensor-stack/xtl"),
    "boost-math": ("BSL-1.0", "pkg:github/boostorg/math"),
    "nlohmann-json": ("MIT", "pkg:github/nlohmann/json"),
    "pybind11": ("BSD-3-Clause", "pkg:pypi/pybind11"),
    # The table of fissures, which is made of these maps.
    "lobe-maps": (
        "CC-BY-NC-SA-4.0",
        "pkg:github/deep-voxel/automatic_pulmonary_lobe_segmentation_using_deep_learning",
    ),
}
WEIGHTS_LICENCE = "LicenseRef-groundglass-weights"
#: The first moment that a zip file can name.
EARLIEST = 315532800


def made() -> str:
    """When the sources were made, in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        asked = ["git", "log", "-1", "--format=%ct"]
        try:
            epoch = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            epoch = ""  # a source distribution
    return datetime.fromtimestamp(int(epoch.strip() or EARLIEST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(*parts: str) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(parts)).strip("-")


def package(
    kind: str, name: str, version: str | None, licence: str, purl: str, **more: Any
) -> dict[str, Any]:
    """One component; `purl` is without its version."""
    found: dict[str, Any] = {
        "SPDXID": identifier(kind, name),
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"{purl}@{version}" if version else purl,
            }
        ],
    }
    if version:
        found["versionInfo"] = version
    return found | more


def libraries(named: list[str], torch: str | None) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for library in named:
        name, _, version = library.partition("=")
        licence, purl = LIBRARIES[name]
        found.append(("STATIC_LINK", package("library", name, version, licence, purl)))
    if torch:
        note = "LibTorch, which is not in the wheel: the installed torch of this minor version is loaded."
        found.append(
            (
                "DYNAMIC_LINK",
                package("library", "torch", torch, "BSD-3-Clause", "pkg:pypi/torch", comment=note),
            )
        )
    return found


def bundled() -> list[tuple[str, dict[str, Any]]]:
    """The parts of the web page, where it was built."""
    if not LICENCES.exists():
        return []
    locked = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    found = []
    headings = re.findall(r"^## (\S+) - (\S+) \((.+)\)$", LICENCES.read_text(encoding="utf-8"), re.MULTILINE)
    for name, version, licence in headings:
        algorithm, _, digest = locked[f"node_modules/{name}"]["integrity"].partition("-")
        checksum = {"algorithm": algorithm.upper(), "checksumValue": base64.b64decode(digest).hex()}
        purl = "pkg:npm/" + name.replace("@", "%40")
        found.append(("CONTAINS", package("npm", name, version, licence, purl, checksums=[checksum])))
    return found


def requirements(project: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What pip installs beside the wheel, or may install: any version that the requirement allows."""
    optional = {
        requirement
        for extra in project["optional-dependencies"].values()
        for requirement in extra
        if not requirement.startswith(project["name"] + "[")
    }
    found = {}
    for requirement in [*project["dependencies"], *sorted(optional)]:
        name = re.match(r"[\w.-]+", requirement)
        assert name is not None
        kind = "DEPENDS_ON" if requirement in project["dependencies"] else "OPTIONAL_DEPENDENCY_OF"
        purl = "pkg:pypi/" + name[0].lower().replace("_", "-")
        entry = package("requirement", name[0], None, "NOASSERTION", purl, comment=requirement)
        found.setdefault(name[0], (kind, entry))
    return list(found.values())


def weights() -> list[tuple[str, dict[str, Any]]]:
    """Packages of one file: SPDX takes files only where all of a package are listed."""
    models = json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))["models"]
    found = []
    for model in models:
        content = (WEIGHTS / model["file"]).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != model["sha256"]:
            raise SystemExit(f"sbom: {model['file']} is not the file that the manifest names")
        entry = package(
            "weights",
            model["name"],
            None,
            WEIGHTS_LICENCE,
            "pkg:generic/" + model["name"],
            packageFileName=f"groundglass/weights/{model['file']}",
            primaryPackagePurpose="FILE",
            checksums=[{"algorithm": "SHA256", "checksumValue": sha256}],
        )
        found.append(("CONTAINS", entry))
    return found


def document(named: list[str], torch: str | None) -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    models = json.loads((WEIGHTS / "manifest.json").read_text(encoding="utf-8"))["models"]
    itself = package("wheel", project["name"], project["version"], project["license"], "pkg:pypi/groundglass")
    related = [*libraries(named, torch), *bundled(), *weights(), *requirements(project)]
    root = itself["SPDXID"]
    content: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{project['name']}-{project['version']}",
        "creationInfo": {"created": made(), "creators": ["Tool: groundglass-sbom"]},
        "packages": [itself, *(entry for _, entry in related)],
        "hasExtractedLicensingInfos": [
            {
                "licenseId": WEIGHTS_LICENCE,
                "name": "Terms of the bundled weights",
                "extractedText": "\n".join(sorted({model["licence"] for model in models})),
            }
        ],
        "relationships": [
            relation("SPDXRef-DOCUMENT", "DESCRIBES", root),
            *(
                relation(entry["SPDXID"], kind, root)
                if kind.endswith("_OF")
                else relation(root, kind, entry["SPDXID"])
                for kind, entry in related
            ),
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["documentNamespace"] = f"https://spdx.org/spdxdocs/{content['name']}-{digest[:32]}"
    return content


def relation(subject: str, kind: str, target: str) -> dict[str, str]:
    return {"spdxElementId": subject, "relationshipType": kind, "relatedSpdxElement": target}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--library", action="append", default=[], metavar="NAME=VERSION")
    parser.add_argument("--torch", metavar="VERSION")
    options = parser.parse_args()
    text = json.dumps(document(options.library, options.torch), indent=2) + "\n"
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
