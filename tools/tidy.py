"""Runs clang-tidy over the library and the bindings as the build compiles them: tools/tidy.py [build folder].

Files that are compiled as one are checked as one. What clang can't parse is left out: Debian's ITK refuses
it.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
UNPARSED = {"write_itk.cpp"}


def sources(build: Path) -> list[str]:
    """The files of src/ and bindings/ in the compilation database, and the units that gather them."""
    found = {entry["file"] for entry in json.loads((build / "compile_commands.json").read_text())}
    own = re.compile(rf"({re.escape(str(ROOT))}/|{re.escape(str(build))}/)(src|bindings)/")
    return sorted(
        file
        for file in found
        if own.match(file) and "_verify_interface_header_sets" not in file and Path(file).name not in UNPARSED
    )


def check(file: str, build: Path) -> tuple[str, str]:
    command = ["clang-tidy", "-p", str(build), "--quiet", file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # Counts of what was suppressed go to the standard error; without a complaint nothing is worth a word.
    return file, "" if done.returncode == 0 else done.stdout or done.stderr


def main() -> int:
    build = (ROOT / (sys.argv[1] if len(sys.argv) > 1 else "build")).resolve()
    files = sources(build)
    if not files:
        print(f"tidy: {build} compiles nothing of src/ or bindings/; build first", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [(file, said) for file, said in pool.map(lambda file: check(file, build), files) if said]
    for file, said in complaints:
        print(f"tidy: {Path(file).name}\n{said}", file=sys.stderr)
    print(f"tidy: {len(files)} files" + (f", {len(complaints)} with complaints" if complaints else " clean"))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
