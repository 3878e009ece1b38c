"""``make fuzz``: one target, for so many minutes. A finding ends it, and stays in a file."""

import argparse
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["chatd", "h11", "wsproto"]):
    from fuzz.targets import TARGETS

from twisted.logger import globalLogBeginner

from fuzz import seeds
from fuzz.mutate import mutated


def main() -> None:
    """Fuzz what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--place", type=Path, default=Path(".fuzz"), help="what is found is kept")
    options = parser.parse_args()
    target = TARGETS[options.target]
    place = options.place / options.target
    corpus = place / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = place / "words"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in seeds.words(target.seeds)))
    # Unless it begins, Twisted's log keeps everything for when it does.
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-dict={words}",
            f"-artifact_prefix={place}/",
            f"-max_total_time={round(60 * options.minutes)}",
            "-max_len=4096",
            "-timeout=20",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ],
        lambda data: _kept(target.check, data, place),
        custom_mutator=_mutated,
    )
    atheris.Fuzz()


def _kept(check: Callable[[bytes], None], data: bytes, place: Path) -> None:
    """Keep what `check` fails on, whatever becomes of this process."""
    try:
        check(data)
    except BaseException:
        name = hashlib.sha256(data).hexdigest()[:16]
        (place / f"found-{name}").write_bytes(data)
        raise


def _mutated(data: bytes, most: int, seed: int) -> bytes:
    """As libFuzzer would, or as JSON, or both."""
    if seed % 3:
        data = mutated(data, seed)[:most]
    return atheris.Mutate(data, most) if seed % 3 != 1 or not data else data


def _quoted(word: bytes) -> str:
    """`word` as libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
