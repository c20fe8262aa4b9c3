"""What a result's extra files and the notebook viewer cost: ``outputs.py STUDY...``, DICOM or not.

Each study is analyzed once; then each extra is written by itself, with wall seconds and size. ``view`` is
the time to make the viewer of a notebook and what it sends to the browser.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import groundglass as gg
from groundglass.extras import EXTRAS


def main(studies: list[str]) -> None:
    for study in studies:
        result = gg.analyze(study, keep_headers=True)
        print(f"{Path(study).name}: {' x '.join(map(str, result.ct.shape))}, {result.source.kind}")
        for name, extra in EXTRAS.items():
            if extra.dicom and result.source.kind != "dicom":
                continue
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                extra.write(result, Path(folder))
                seconds = time.perf_counter() - start
                size = sum((Path(folder) / file).stat().st_size for file in extra.files)
            print(f"  {name:10s} {seconds:6.2f} s {size / 1e6:8.2f} MB")
        start = time.perf_counter()
        viewer = gg.view(result)
        seconds = time.perf_counter() - start
        sent = sum(len(volume.data) for volume in viewer._canvas.volumes)
        print(f"  {'view':10s} {seconds:6.2f} s {sent / 1e6:8.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
