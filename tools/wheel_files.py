"""Checks what a wheel holds: tools/wheel_files.py dist/groundglass-*.whl."""

import re
import sys
import zipfile
from pathlib import Path

#: What belongs in it, and what doesn't.
NEEDED = (
    r"groundglass/_core\..*so",
    r"groundglass/_segmentation\..*so",
    r"groundglass/py\.typed",
    r"groundglass/_core/__init__\.pyi",
    r"groundglass/weights/manifest\.json",
    r"groundglass/weights/[\w-]+\.pt",
    r"groundglass/web/static/index\.html",
    r"groundglass/web/static/licences\.txt",
    r"[^/]+\.dist-info/licenses/LICENSE",
    r"[^/]+\.dist-info/sboms/groundglass\.spdx\.json",
)
UNWANTED = (
    r"\.(png|jpg|cpp|hpp|ts|pyc)$|/(frontend|node_modules|tests|docs)/|package(-lock)?\.json$"
    r"|lib(torch|c10|ITK|itk)"
)


def faults(names: list[str]) -> list[str]:
    """What is missing, and what is too much."""
    missing = [pattern for pattern in NEEDED if not any(re.fullmatch(pattern, name) for name in names)]
    return [f"missing: {pattern}" for pattern in missing] + [
        f"not wanted: {name}" for name in names if re.search(UNWANTED, name)
    ]


def main(path: Path) -> int:
    with zipfile.ZipFile(path) as wheel:
        entries = wheel.infolist()
    found = faults([entry.filename for entry in entries])
    for fault in found:
        print(f"wheels: {path.name}: {fault}", file=sys.stderr)
    if not found:
        folders: dict[str, int] = {}
        for entry in entries:
            folder = "/".join(entry.filename.split("/")[:2]) if "/weights/" in entry.filename else "the rest"
            folders[folder] = folders.get(folder, 0) + entry.compress_size
        parts = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sorted(folders.items()))
        print(f"wheels: {len(entries)} files as they should be; {parts}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
