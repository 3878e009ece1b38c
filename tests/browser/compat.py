"""What the oldest browsers lack that the page promises to support, by MDN's browser-compat-data.

``npm ci --prefix tests/browser`` installs it, in the version that package-lock.json pins.
"""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.browser.chromium import skip_or_fail

_FOLDER: Final = Path(__file__).parent
_DATA: Final = _FOLDER / "node_modules" / "@mdn" / "browser-compat-data" / "data.json"

#: The oldest versions on which the page works; docs/reference/web.rst promises them.
MINIMUM: Final = {
    "safari": 15.0,
    "safari_ios": 15.0,
    "firefox": 115.0,
    "firefox_android": 115.0,
    "chrome": 100.0,
    "chrome_android": 100.0,
}

Features = Mapping[str, Any]


@cache
def load_data() -> Features:
    """The data; skip the test if it is not installed, unless it is required."""
    if not _DATA.exists():
        skip_or_fail("browser-compat-data is missing: npm ci --prefix tests/browser")
    data: Features = json.loads(_DATA.read_text())
    return data


def is_supported(feature: Features) -> bool:
    """Whether all of the oldest browsers have a feature."""
    support = feature["__compat"]["support"]
    return all(
        any(_has(statement, oldest) for statement in _as_list(support.get(browser, [])))
        for browser, oldest in MINIMUM.items()
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _has(statement: Mapping[str, Any], oldest: float) -> bool:
    added = statement["version_added"]
    if not isinstance(added, str) or not (number := re.search(r"\d+(\.\d+)?", added)):
        return False
    is_other = statement.keys() & {"prefix", "alternative_name", "flags", "version_removed"}
    return not is_other and float(number[0]) <= oldest


def find(data: Features, path: str) -> Features | None:
    """The feature at a path such as ``css.selectors.has``."""
    for part in path.split("."):
        if part not in data:
            return None
        data = data[part]
    return data if "__compat" in data else None


def _walk(data: Features, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Features]]:
    for name, value in data.items():
        if name != "__compat":
            if "__compat" in value:
                yield (*path, name), value
            yield from _walk(value, (*path, name))


def _script_features() -> Iterator[tuple[tuple[str, ...], Features]]:
    """The interfaces, classes and their members: ``("Array", "at")``, ``("URL", "canParse")``."""
    data = load_data()
    for path, feature in (*_walk(data["api"]), *_walk(data["javascript"]["builtins"])):
        yield (*path[:-1], path[-1].removesuffix("_static")), feature


def missing_features() -> list[tuple[str, ...]]:
    """The script features that one of the oldest browsers lacks."""
    return [path for path, feature in _script_features() if not is_supported(feature)]


def missing_names(names: Iterable[str]) -> list[str]:
    """Those of `names` that belong to features, of which the oldest browsers have none.

    A name such as ``merge`` that no feature has is the page's own. So this cannot tell apart
    ``.at`` of an array from that of another object: of both, all must be new to be found.
    """
    features = defaultdict(list)
    for path, feature in _script_features():
        features[path[-1]].append(feature)
    return [
        name
        for name in names
        if features[name] and not any(is_supported(each) for each in features[name])
    ]


def read_names(paths: Iterable[Path]) -> dict[str, Any]:
    """The names that scripts use: ``members`` and ``globals`` of each file.

    :raises AssertionError: if the syntax of one is too new.
    """
    if not (_FOLDER / "node_modules" / "acorn").exists():
        skip_or_fail("acorn is missing: npm ci --prefix tests/browser")
    command = ["node", str(_FOLDER / "syntax.mjs"), *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    names: dict[str, Any] = json.loads(run.stdout)
    return names


# --- style sheets -------------------------------------------------------------------------------

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE: Final = re.compile(r"([^{};]+)\{([^{}]*)\}")
_AT_RULE: Final = re.compile(r"@([a-z-]+)([^{;]*)[{;]")
_STRING_OR_NUMBER: Final = re.compile(r"\"[^\"]*\"|#[0-9a-f]{3,8}\b")


def missing_styles(text: str) -> set[str]:
    """What a style sheet has that one of the oldest browsers ignores, as paths below ``css``.

    A declaration after another one of the same property is an improvement, and not missed.
    """
    css = load_data()["css"]
    text = _STRING_OR_NUMBER.sub('""', _COMMENT.sub("", text))
    paths: set[str] = set()
    for name, condition in _AT_RULE.findall(text):
        paths.add(f"at-rules.{name}")
        paths |= {f"at-rules.{name}.range_syntax" for sign in "<>" if sign in condition}
        paths |= {f"at-rules.{name}.{each}" for each in re.findall(r"\(([a-z-]+)\s*:", condition)}
    for selector, block in _RULE.findall(text):
        paths |= {f"selectors.{name}" for name in re.findall(r"::?([a-z-]+)", selector)}
        seen: set[str] = set()
        for declaration in filter(None, map(str.strip, block.split(";"))):
            prop, _, value = (part.strip() for part in declaration.partition(":"))
            if prop not in seen:
                paths |= set(_declaration_paths(prop, value))
            seen.add(prop)
    return {path for path in paths if (found := find(css, path)) and not is_supported(found)}


def _declaration_paths(prop: str, value: str) -> Iterator[str]:
    yield f"properties.{prop}"
    for word in re.findall(r"(?<![\w-])[a-z][a-z-]*", value):
        yield f"properties.{prop}.{word}"
    for name in re.findall(r"([a-z-]+)\(", value):
        yield f"types.{name}"
        yield f"types.color.{name}"
    for unit in re.findall(r"\d([a-z]+)", value):
        kind = {"d": "dynamic", "l": "large", "s": "small"}.get(unit[:1], "")
        is_viewport = kind and re.fullmatch(r"[dls]v(h|w|i|b|min|max)", unit)
        yield f"types.length.{f'viewport_percentage_units_{kind}' if is_viewport else unit}"
