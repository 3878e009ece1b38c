"""``make fuzz``: fuzz one target for some minutes. A finding ends the run and stays in a file."""

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
    """Fuzz the target that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--directory", type=Path, default=Path(".fuzz"), help="for what it finds")
    options = parser.parse_args()
    target = TARGETS[options.target]
    directory = options.directory / options.target
    corpus = directory / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    dictionary = directory / "words"
    words = seeds.words(target.seeds)
    dictionary.write_text("".join(f'"{_dictionary_entry(word)}"\n' for word in words))
    # Until it begins, Twisted's log keeps all events in memory.
    globalLogBeginner.beginLoggingTo([], redirectStandardIO=False)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-dict={dictionary}",
            f"-artifact_prefix={directory}/",
            f"-max_total_time={round(60 * options.minutes)}",
            "-max_len=4096",
            "-timeout=20",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ],
        lambda data: _check(target.check, data, directory),
        custom_mutator=_mutate,
    )
    atheris.Fuzz()


def _check(check: Callable[[bytes], None], data: bytes, directory: Path) -> None:
    """Save an input that fails before libFuzzer ends the process."""
    try:
        check(data)
    except BaseException:
        name = hashlib.sha256(data).hexdigest()[:16]
        (directory / f"found-{name}").write_bytes(data)
        raise


def _mutate(data: bytes, max_bytes: int, seed: int) -> bytes:
    """Mutate the bytes as libFuzzer does, or the JSON in them, or both."""
    if seed % 3:
        data = mutated(data, seed)[:max_bytes]
    return atheris.Mutate(data, max_bytes) if seed % 3 != 1 or not data else data


def _dictionary_entry(word: bytes) -> str:
    """`word` in the syntax of libFuzzer's dictionaries."""
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main()
