from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from side_by_side import pytest_collection_modifyitems, pytest_runtest_protocol  # noqa: F401, hooks

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Browser

    from page_browser import Pages

SHARED_DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real CT data is not beside the checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of every kind to give to the page."""
    from page_browser import write_uploads

    folder = tmp_path_factory.mktemp("uploads")
    write_uploads(folder)
    return folder


@pytest.fixture(scope="module")
def page_server() -> Iterator[httpx.Client]:
    """The page's server as it is, with one of the bundled models, as a client that asks it."""
    from groundglass.web import analysis
    from web_helpers import serving

    with serving(analysis.run, threads=2, model=("ensemble-lite",)) as client:
        yield client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; gone with its module, for until then no other event loop can run."""
    import page_browser

    with page_browser.chromium() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Pages]:
    """Opens pages, and finds fault with what they ask and say."""
    from page_browser import Pages

    pages = Pages(chromium)
    yield pages
    pages.close()
    assert not pages.faults


@pytest.fixture(scope="module")
def analysed(page_server: httpx.Client, uploads: Path) -> Callable[[str], str]:
    """Gives the id of the result of one of the uploads, analysed once a module without the page."""
    from web_helpers import ended, send

    known: dict[str, str] = {}

    def id_of(name: str) -> str:
        if name not in known:
            known[name] = send(page_server, (uploads / name).read_bytes(), name).json()["id"]
        assert ended(page_server, known[name])["state"] == "done"
        return known[name]

    return id_of
