"""Folders of TOML files, one named thing a file; a file in an earlier folder wins."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from config.load import ConfigError, parse, read_text

Model = TypeVar("Model", bound=BaseModel)


def read_folders(
    folders: Sequence[Path], model: type[Model], what: str, needed: Sequence[str] = ()
) -> Mapping[str, Model]:
    """Read every file as `model`, by name; ConfigError lists all that is wrong with `what`."""
    found: dict[str, Model] = {}
    problems: list[str] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        try:
            found.setdefault(path.stem, _read(path, model))
        except ConfigError as error:
            problems.append(str(error))
    problems += [f"there is no profile {name}" for name in needed if name not in found]
    if problems:
        raise ConfigError(what, problems)
    return MappingProxyType(found)


def _read(path: Path, model: type[Model]) -> Model:
    profile = parse(read_text(path), model, str(path))
    name = getattr(profile, "name", path.stem)
    if name != path.stem:
        raise ConfigError(str(path), [f'the name is "{name}"; rename the file or the name'])
    return profile
