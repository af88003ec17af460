import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from config.load import parse
from config.models import GatewayConfig

HOUSE = Path(__file__).parents[2]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())
ROOMS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
INSTALLED = "/opt/trunkline/"  # where the unit expects it, perhaps this very checkout
HOST = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|io|com)\b|\b(?:deb|ftp)\.debian\.\w+/|file:///"
)


def committed() -> list[Path]:
    git = ["git", "-C", str(HOUSE), "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(git, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("this is no git checkout")
    return [HOUSE / name for name in listing.stdout.splitlines()]


def dependencies() -> set[str]:
    project = PROJECT["project"]
    lists = [
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return {re.split(r"[^A-Za-z0-9_.-]", line)[0] for lines in lists for line in lines}


def test_the_readme_is_short_and_names_both_commands() -> None:
    text = (HOUSE / "README.md").read_text()
    assert len(text.splitlines()) < 80
    assert "scripts/demo" in text
    assert "scripts/test" in text


def test_the_configuration_in_the_readme_is_valid() -> None:
    [toml] = re.findall(r"```toml\n(.*?)```", (HOUSE / "README.md").read_text(), re.DOTALL)
    config = parse(toml, GatewayConfig, "README.md")
    assert config.gateway.name == "vienna"
    assert len(toml.strip().splitlines()) <= 14


def test_the_guide_for_contributors_is_short() -> None:
    assert len((HOUSE / "CONTRIBUTING.md").read_text().splitlines()) < 50


def test_every_link_of_the_papers_leads_somewhere() -> None:
    papers = [*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md")]
    links = [
        (paper, link)
        for paper in papers
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text())
    ]
    assert links
    assert [f"{paper.name}: {to}" for paper, to in links if not (paper.parent / to).exists()] == []


@pytest.mark.parametrize("name", ["setup", "test", "check", "demo", "bench"])
def test_every_script_can_be_run(name: str) -> None:
    script = HOUSE / "scripts" / name
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_a_benchmark_must_be_one_that_is_there() -> None:
    bench = [str(HOUSE / "scripts" / "bench"), "no-such-thing"]
    result = subprocess.run(bench, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("scripts/bench: name one of: ")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_ours_alone(room: str) -> None:
    owners = set(packages_distributions().get(room, ()))
    assert owners <= {PROJECT["project"]["name"]}


def test_no_file_names_this_machine_or_a_package_host() -> None:
    checkout = str(HOUSE) + "/"
    guilty = [
        str(path.relative_to(HOUSE))
        for path in committed()
        if path.is_file() and path != Path(__file__)
        for text in [path.read_text(errors="replace").replace(INSTALLED, "")]
        if checkout in text or HOST.search(text)
    ]
    assert guilty == []


def test_every_dependency_is_explained_and_pinned() -> None:
    explained = (HOUSE / "docs" / "dependencies.md").read_text()
    pinned = (HOUSE / "constraints.txt").read_text().lower()
    names = dependencies()
    assert len(names) > 10
    assert [name for name in sorted(names) if f"| `{name}` |" not in explained] == []
    assert [name for name in sorted(names) if f"\n{name.lower()}==" not in pinned] == []


def test_constraints_name_versions_and_nothing_else() -> None:
    lines = (HOUSE / "constraints.txt").read_text().splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.+!]+( ; .*)?", line)]
    assert wrong == []
