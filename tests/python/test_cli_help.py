"""The pages of ``--help``, and completion in the shell."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from groundglass.cli import main
from groundglass.cli.app import app
from groundglass.cli.manual import EXIT_CODES
from groundglass.weights import available

PROGRAM = Path(sys.executable).with_name("groundglass")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with the words that call it."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        yield " ".join(words), command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*words, name))

    yield from below(typer.main.get_command(app), ())


NAMES = [words for words, _ in commands()]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """The page of a command on a terminal of 80 columns."""
    for name, value in {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)

    def show(words: str) -> str:
        assert main([*words.split(), "--help"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return show


def examples(page: str) -> list[str]:
    """The command lines of a page, continued lines joined."""
    _, _, text = page.partition(" Examples")
    text, _, _ = text.partition(" Exit codes")
    lines = re.sub(r"\s*\\\s*\n\s*", " ", text).splitlines()
    return [line.strip() for line in lines if line.startswith("     ") and line.strip()]


@pytest.mark.parametrize("words", NAMES)
def test_every_command_has_a_page_like_a_manual(shown: Callable[[str], str], words: str) -> None:
    page = shown(words)
    assert f"Usage: groundglass {words}".rstrip() in page
    sections = re.findall(r"^ (\S.*?) *$", page, re.MULTILINE)
    assert sections.index("Examples") < sections.index("Exit codes")
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^ +{code} +{re.escape(meaning)}", page, re.MULTILINE)
    assert "Not a medical device" in page
    assert "─ Options ─" not in page  # every option is in a named group
    assert "<bool>" not in page
    assert max(map(len, page.splitlines())) <= 80
    assert "[/]" not in page
    assert "[bold]" not in page


@pytest.mark.parametrize("words", NAMES)
def test_what_stands_below_the_options_fits_a_narrow_terminal(words: str) -> None:
    """A line that wraps loses its column."""
    for command_words, command in commands():
        if command_words == words:
            text = re.sub(r"\[/?[a-z]*\]", "", command.epilog)
            assert max(map(len, text.splitlines())) <= 78


def test_every_example_is_understood(shown: Callable[[str], str]) -> None:
    known = dict(commands())
    found = [line for words in NAMES for line in examples(shown(words))]
    assert len(found) > 20
    for line in found:
        program, *words = shlex.split(line.partition("|")[0])
        assert program == "groundglass", line
        while words[0].startswith("--log-"):
            words = words[2:]
        if words == ["--install-completion"]:
            continue
        depth = max(n for n in range(1, 3) if " ".join(words[:n]) in known)
        command = known[" ".join(words[:depth])]
        command.make_context(command.name, words[depth:], resilient_parsing=False).close()


def complete(shell: str, line: str) -> str:
    words = line.split(" ")
    environment = {
        **os.environ,
        "_GROUNDGLASS_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(autouse=True)
def _installed() -> None:
    if not PROGRAM.exists():
        pytest.skip("the program is not installed beside this Python")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_options_and_models_are_completed(shell: str) -> None:
    assert "analyze" in complete(shell, "groundglass an")
    assert "segment" not in complete(shell, "groundglass an")
    assert "--report" in complete(shell, "groundglass analyze --re")
    for name in available():
        assert name in complete(shell, "groundglass analyze study --model ")
        assert name in complete(shell, "groundglass models info ")
    assert "inf-net-lite" not in complete(shell, "groundglass segment a.png --model ens")
    assert "mc-unet" in complete(shell, "groundglass models import a.pth --as m")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell_is_there(shell: str) -> None:
    environment = {**os.environ, "_GROUNDGLASS_COMPLETE": f"source_{shell}"}
    done = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert f"complete_{shell}" in done.stdout
    if (program := shutil.which(shell)) is not None:
        subprocess.run([program, "-n"], input=done.stdout, text=True, check=True)


def test_completion_is_installed_for_the_shell_and_works_in_it(tmp_path: Path) -> None:
    if (bash := shutil.which("bash")) is None:
        pytest.skip("bash is not installed")
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
    # a second command keeps bash from making way for the first
    install = [bash, "-c", "groundglass --install-completion; true"]
    done = subprocess.run(install, env=environment, capture_output=True, text=True, check=True)
    assert "bash completion installed" in done.stdout
    script = tmp_path / ".bash_completions" / "groundglass.sh"
    assert str(script) in (tmp_path / ".bashrc").read_text()
    ask = (
        f"source {script}; COMP_WORDS=(groundglass analyze x --model inf); COMP_CWORD=4;"
        "_groundglass_completion groundglass inf --model; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run([bash, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["inf-net-lite"]
