"""``chatd bundle``: what it asks pip for, what it says, and the wheel of chatd itself."""

import base64
import hashlib
import sys
import zipfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

import chatd
from chatd.background_writer import flush_all
from chatd.taps import bundle, own_wheel
from tests.timeouts import TIMEOUT_SECONDS

PIP_WITHOUT_NETWORK = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
    "'<connection>: Failed to establish a new connection: [Errno 101] Network is unreachable')'\n"
    "ERROR: Could not find a version that satisfies the requirement msgspec>=0.20\n"
    "ERROR: No matching distribution found for msgspec>=0.20\n"
)
PIP_WITHOUT_WHEEL = (
    "ERROR: Could not find a version that satisfies the requirement msgspec>=0.20 (from chatd)\n"
    "ERROR: No matching distribution found for msgspec>=0.20\n"
)


class Pip:
    """A fake of pip: each call is recorded, and gets the next of `answers`, or succeeds."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.calls: list[Sequence[str]] = []
        self._answers = list(answers)

    def __call__(self, arguments: Sequence[str]) -> tuple[int, str]:
        self.calls.append(arguments)
        return self._answers.pop(0) if self._answers else (0, "")

    def values(self, option: str) -> list[list[str]]:
        """For each call, the values of that option."""
        begin = f"{option}="
        return [
            [each.removeprefix(begin) for each in call if each.startswith(begin)]
            for call in self.calls
        ]


def run(*words: str) -> int:
    options = bundle.Options()
    options.parseOptions(words)
    return bundle.run(options)


def errors(capfd: pytest.CaptureFixture[str]) -> list[str]:
    flush_all(TIMEOUT_SECONDS)
    return [line for line in capfd.readouterr().err.splitlines() if "Fetching" not in line]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    fake = Pip()
    monkeypatch.setattr(bundle, "run_pip", fake)
    return fake


def test_each_platform_and_version_of_python_has_its_wheels_fetched(
    pip: Pip, tmp_path: Path
) -> None:
    assert run(str(tmp_path), "--platform", "macos,windows", "--python", "3.12,3.13") == 0
    assert pip.values("--platform") == [
        *[["macosx_14_0_arm64"]] * 2,
        *[["win_amd64"]] * 2,
    ]
    assert pip.values("--python-version") == [["3.12"], ["3.13"]] * 2
    assert pip.values("--dest") == [[str(tmp_path)]] * 4
    # An archive of sources would be compiled, on a computer of another kind.
    assert pip.values("--only-binary") == [[":all:"]] * 4


def test_by_default_it_is_for_most_computers_and_also_for_this_python(
    pip: Pip, tmp_path: Path
) -> None:
    run(str(tmp_path))
    versions = {value for [value] in pip.values("--python-version")}
    assert {"3.11", "3.12", "3.13", f"3.{sys.version_info.minor}"} == versions
    tags = {tag for values in pip.values("--platform") for tag in values}
    assert {"manylinux2014_x86_64", "manylinux_2_28_aarch64", "win_amd64"} <= tags


def test_a_tag_of_pip_is_a_platform_too(pip: Pip, tmp_path: Path) -> None:
    run(str(tmp_path), "--platform", "manylinux_2_28_ppc64le", "--python", "3.12")
    assert pip.values("--platform") == [["manylinux_2_28_ppc64le"]]


def test_it_says_what_there_is_and_what_to_do_next(
    pip: Pip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "for the class"
    run(str(folder), "--platform", "linux", "--python", "3.12")
    said = capsys.readouterr().out
    assert f"chatd    {chatd.__version__}" in said
    assert f"{folder} has 1 package, " in said
    assert f"chatd server --web 8080 --dist '{folder}'" in said
    assert f"pip install --no-index --find-links '{folder}' chatd" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one DIR"),
        (("a", "b"), "name one DIR"),
        (("a", "--platform", "solaris"), "--platform: 'solaris' is none of: linux, linux-arm"),
        (("a", "--platform", "linux,"), "--platform: '' is none of"),
        (("a", "--python", "2.7"), "--python: '2.7' is not a version that chatd runs on"),
        (("a", "--python", "3.10"), "--python: '3.10' is not a version that chatd runs on"),
        (("a", "--python", "latest"), "--python: 'latest' is not a version"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        bundle.Options().parseOptions(words)
    assert str(ended.value.code).startswith(f"chatd bundle: {said}")
    assert "\n" not in str(ended.value.code)


def test_without_the_internet_one_sentence_says_so_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pip = Pip((1, PIP_WITHOUT_NETWORK))
    monkeypatch.setattr(bundle, "run_pip", pip)
    assert run(str(tmp_path)) == 1
    assert len(pip.calls) == 1, "the others would fail, too"
    assert errors(capfd) == [
        "chatd bundle: the package index cannot be reached; run this where there is Internet, and "
        "take DIR along"
    ]


def test_a_wheel_that_there_is_not_does_not_keep_the_others_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pip = Pip((1, PIP_WITHOUT_WHEEL))
    monkeypatch.setattr(bundle, "run_pip", pip)
    assert run(str(tmp_path), "--platform", "windows-arm,windows", "--python", "3.13") == 1
    assert len(pip.calls) == 2
    assert errors(capfd) == [
        "chatd bundle: Windows on ARM, Python 3.13: there is no wheel of msgspec"
    ]


def test_without_pip_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "find_spec", lambda name: None)
    assert run(str(tmp_path)) == 1
    [sentence] = errors(capfd)
    assert "ensurepip" in sentence


def test_a_folder_that_cannot_be_written_is_named(
    pip: Pip, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(str(tmp_path / "file" / "folder")) == 1
    [sentence] = errors(capfd)
    assert sentence.startswith(f"chatd bundle: '{tmp_path}/file/folder' cannot be written: ")


def test_ctrl_c_ends_it_as_any_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "run_pip", Pip((1, "ERROR: Operation cancelled by user\n")))
    with pytest.raises(KeyboardInterrupt):
        run(str(tmp_path))


# --- the wheel ----------------------------------------------------------------------------------


def test_the_wheel_holds_chatd_and_the_sums_of_its_files(tmp_path: Path) -> None:
    path = own_wheel.build_wheel(tmp_path)
    assert path.name == f"chatd-{chatd.__version__}-py3-none-any.whl"
    information = f"chatd-{chatd.__version__}.dist-info"
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        record = wheel.read(f"{information}/RECORD").decode().splitlines()
        contents = {name: wheel.read(name) for name in names}
    assert {
        "chatd/cli.py",
        "chatd/web/static/index.html",
        "twisted/plugins/chatd_plugins.py",
        f"{information}/METADATA",
        f"{information}/WHEEL",
        f"{information}/entry_points.txt",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith("INSTALLER")]
    assert [line.split(",")[0] for line in record] == names
    for line in record[:-1]:
        name, digest, size = line.split(",")
        content = contents[name]
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
        assert (digest, int(size)) == (f"sha256={expected.rstrip('=')}", len(content))


def test_the_wheel_is_the_same_each_time_and_takes_the_place_of_others(tmp_path: Path) -> None:
    (tmp_path / "chatd-99.0-py3-none-any.whl").touch()
    first = own_wheel.build_wheel(tmp_path).read_bytes()
    assert own_wheel.build_wheel(tmp_path).read_bytes() == first
    assert len(list(tmp_path.iterdir())) == 1


def test_the_dependencies_are_those_that_a_checkout_has_now(tmp_path: Path) -> None:
    before = (
        b"Name: chatd\nRequires-Dist: old>=1\nRequires-Dist: hash>=2; extra == 'accounts'\n\n"
        b"Requires-Dist: is no header here\n"
    )
    project = tmp_path / "pyproject.toml"
    assert own_wheel.with_current_dependencies(before, project) == before
    project.write_text('[project]\ndependencies = ["new>=3"]\n')
    assert own_wheel.with_current_dependencies(before, project) == (
        b"Name: chatd\nRequires-Dist: hash>=2; extra == 'accounts'\nRequires-Dist: new>=3\n\n"
        b"Requires-Dist: is no header here\n"
    )


def test_what_is_not_installed_has_no_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chatd, "__version__", "99.0")
    with pytest.raises(own_wheel.NotInstalled, match=r"this is chatd 99\.0, but version"):
        own_wheel.build_wheel(tmp_path)

    def distribution(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    with pytest.raises(own_wheel.NotInstalled, match="chatd is not installed"):
        own_wheel.build_wheel(tmp_path)
