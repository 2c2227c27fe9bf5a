"""A person's server in a room of its own on the hub's machine, by the program bubblewrap.

Inside there are the system and the programs, which can only be read; the person's own folder; and
the runs of the person's shop, which can only be read, too. What the stores, the hub and other
people keep is not there, nor is any process of theirs. The network is the machine's: behind each
port stands somebody who asks for a token.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from stitchsketch_kernel.domain.errors import SettingsError

_PROGRAM, _BECOME = "bwrap", "setpriv"
_TREE = Path(__file__).resolve().parents[2]
#: Of our own tree: it may hold a shop's runs beside them.
_OF_TREE = ("stitchsketch_kernel", "hub_config", "widgets", "notebooks")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/sys")
#: Of /etc what programs look at; elsewhere in it passwords of services lie.
_ETC = (
    "alternatives", "ca-certificates", "fonts", "group", "host.conf", "hosts", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "mime.types", "nsswitch.conf",
    "passwd", "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone",
)  # fmt: skip
_GRAPHICS = ("nvidia*", "dri", "kfd")
_TRY_S = 30
_TODO = (
    "{how} Or, where one shop alone is at this hub and its technicians may read all that it keeps, "
    "set STITCHSKETCH_UNSAFE_SERVERS=1."
)


def walled(
    command: Sequence[str],
    folder: Path,
    *,
    uid: int | None = None,
    runs: Path | None = None,
    hidden: Iterable[Path] = (),
) -> list[str]:
    """The command that runs another between walls.

    Parameters
    ----------
    command : sequence of str
        What runs inside; it is the first process there, and all others end with it.
    folder : Path
        The person's own.
    uid : int, optional
        The account that it becomes inside, where the hub is root; else it stays the hub's own,
        without the right to become another.
    runs : Path, optional
        The folder of the shop's runs.
    hidden : iterable of Path
        What is empty inside, should it lie within a folder that is shown.
    """
    shown, own = _programs(), [folder, *([] if runs is None else [runs])]
    parts = [
        _PROGRAM, "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--as-pid-1", "--new-session", *_rights(uid), *_system(),
    ]  # fmt: skip
    parts += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp"]
    parts += ["--dir", "/run", *_ways([*shown, *own])]
    for path in shown:
        parts += ["--ro-bind", str(path), str(path)]
    for name in _GRAPHICS:
        for device in sorted(Path("/dev").glob(name)):
            parts += ["--dev-bind", str(device), str(device)]
    for path in _within(hidden, [*map(Path, _SYSTEM), *shown]):
        parts += ["--perms", "0755", "--tmpfs", str(path)]
        parts += _ways(one for one in own if one.is_relative_to(path))
    if runs is not None:
        parts += ["--ro-bind", str(runs), str(runs)]
    parts += ["--bind", str(folder), str(folder), "--remount-ro", "/", "--"]
    # the folder is closed to whom bubblewrap is until then
    return [*parts, *_becoming(uid), "env", f"--chdir={folder}", *command]


def hindrance(root: bool) -> SettingsError | None:
    """Why walls can't be put up here, in words for who runs the hub; None: they can.

    Parameters
    ----------
    root : bool
        Whether people's servers become accounts of their own inside.
    """
    uid = 65_534 if root else None
    for program in (_PROGRAM, *([_BECOME] if root else [])):
        if shutil.which(program) is None:
            package = "bubblewrap" if program == _PROGRAM else "util-linux"
            return _cannot(
                f"{package} is missing", f"Install it (apt-get install {package}), start again."
            )
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # somebody else goes in to try
        try:
            tried = subprocess.run(
                walled([sys.executable, "-I", "-c", ""], Path(place), uid=uid),
                capture_output=True, text=True, timeout=_TRY_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return _cannot(str(error), "Look into it, start again.")
    if tried.returncode == 0:
        return None
    said = (tried.stderr.strip().splitlines() or [f"code {tried.returncode}"])[-1]
    return _cannot(
        said,
        "Let the hub's account make user namespaces (sysctl kernel.unprivileged_userns_clone=1; on "
        "Ubuntu kernel.apparmor_restrict_unprivileged_userns=0, too), or start the hub as root, "
        "outside of a container; or set STITCHSKETCH_SPAWNER=docker.",
    )  # fmt: skip


def _cannot(why: str, how: str) -> SettingsError:
    return SettingsError(
        f"People's servers can't be kept apart on this machine: {why}.", _TODO.format(how=how)
    )


def _rights(uid: int | None) -> list[str]:
    """Root becomes another account inside, for which it keeps the rights until then."""
    if uid is None:
        return ["--unshare-user", "--cap-drop", "ALL"]
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
    return ["--cap-drop", "ALL", *(word for one in kept for word in ("--cap-add", one))]


def _becoming(uid: int | None) -> list[str]:
    if uid is None:
        return []
    return [
        _BECOME, f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all",
        "--bounding-set=-all", "--no-new-privs", "--",
    ]  # fmt: skip


def _system() -> list[str]:
    found: list[str] = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            found += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            found += ["--ro-bind", name, name]
    found += _ways([Path("/etc/ssl/certs")])
    for name in _ETC:
        path = Path("/etc", name)
        if path.exists():  # often a link to elsewhere, which isn't there inside
            found += ["--ro-bind", str(path.resolve()), str(path)]
    return found


def _ways(shown: Iterable[Path]) -> list[str]:
    """The folders above those that are shown, which lead to them and hold nothing else.

    Bubblewrap would make them for the account that it runs as alone.
    """
    above = {way for path in shown for way in path.parents if way != Path("/")}
    usual = [Path(name) for name in (*_SYSTEM, "/dev", "/proc")]
    return [
        word
        for way in sorted(above)
        if way != Path("/tmp") and not any(way.is_relative_to(one) for one in usual)
        for word in ("--perms", "0755", "--dir", str(way))
    ]


def _programs() -> list[Path]:
    """Python, what is installed for it, and our own tree; none within another."""
    wanted = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    wanted += [Path(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    wanted = [path for path in wanted if path != _TREE]
    wanted += [_TREE / name for name in _OF_TREE]
    there = sorted({path.absolute() for path in wanted if path.is_dir()})
    usual = [Path(name) for name in _SYSTEM]
    return [
        path
        for path in there
        if not any(path.is_relative_to(one) for one in usual)
        and not any(path != one and path.is_relative_to(one) for one in there)
    ]


def _within(hidden: Iterable[Path], shown: Sequence[Path]) -> list[Path]:
    """Of what must not be seen, what would be."""
    found = {path.resolve() for path in hidden if path.is_dir()}
    return sorted(p for p in found if any(p.is_relative_to(one.resolve()) for one in shown))
