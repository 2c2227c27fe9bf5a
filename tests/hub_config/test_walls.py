"""What keeps people's servers apart on one machine, and what is said where it can't."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from real_servers.fixtures import missing
from traitlets.config import Config

from hub_config import HubSettings, fresh
from hub_config.servers import configure, local, sandbox
from hub_config.servers.local import PersonSpawner, ServersRefusedError, own_accounts
from stitchsketch_kernel.domain.errors import SettingsError

SETTINGS = {
    "public_url": "https://hub.example.com",
    "issuer": "https://id.example.com",
    "client_id": "hub",
    "client_secret": "hush",
}
NOBODY = 65_534
_AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


@pytest.fixture
def place():
    """Folders as an installation has them, which the account `NOBODY` may enter."""
    with TemporaryDirectory(prefix="walls-") as name:
        place = Path(name)
        place.chmod(0o755)
        for folder in ("program/kept", "people/mine", "people/theirs", "runs/ours", "runs/theirs"):
            (place / folder).mkdir(parents=True)
            (place / folder / "file").write_text(f"{folder}\n")
        shutil.chown(place / "people" / "mine", NOBODY)
        shutil.chown(place / "people" / "theirs", NOBODY)
        yield place


@pytest.fixture(params=["root", "an ordinary account"])
def inside(request, place, monkeypatch):
    """What a shell between walls says, put up by root or by somebody else."""
    if os.geteuid() != 0 or not shutil.which("bwrap"):
        missing("root and bubblewrap (apt-get install bubblewrap)")
    monkeypatch.setattr(sandbox, "_programs", lambda: [place / "program"])
    root = request.param == "root"
    alone = [*_AS_NOBODY, "unshare", "--user", "true"]
    if not root and subprocess.run(alone, capture_output=True, check=False).returncode:
        pytest.skip("this kernel lets no ordinary account make a namespace of its own")

    def say(command):
        walled = sandbox.walled(
            ["sh", "-c", command], place / "people" / "mine", uid=NOBODY if root else None,
            runs=place / "runs" / "ours", hidden=[place / "program" / "kept"],
        )  # fmt: skip
        done = subprocess.run(
            [*([] if root else _AS_NOBODY), *walled], capture_output=True, text=True, check=False,
            cwd=place, env={"PATH": os.environ["PATH"], "OURS": "1"},
        )  # fmt: skip
        return done.stdout + done.stderr

    return say


def test_between_walls_there_is_ones_own_folder_and_the_shops_runs(place, inside):
    told = inside(f"cd {place}; id -u; id -G; find . -type f -exec cat '{{}}' +")
    assert told.splitlines()[:2] == [str(NOBODY), str(NOBODY)]
    assert sorted(told.splitlines()[2:]) == ["people/mine", "runs/ours"]


def test_between_walls_one_begins_in_ones_own_folder_and_writes_there_alone(place, inside):
    told = inside(
        f"pwd; echo new > new && cat new; for one in {place}/program {place}/runs/ours /usr /etc; "
        "do echo > $one/new; done"
    )
    assert told.splitlines()[:2] == [str(place / "people" / "mine"), "new"]
    refused = [line for line in told.splitlines() if "cannot create" in line]
    assert len(refused) == 4, told
    assert (place / "people" / "mine" / "new").stat().st_uid == NOBODY


def test_between_walls_nothing_can_become_root(inside):
    told = inside("grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs)' /proc/self/status")
    values = dict(line.split(":") for line in told.splitlines())
    assert int(values.pop("NoNewPrivs")) == 1
    assert {int(one, 16) for one in values.values()} == {0}


def test_between_walls_are_no_other_processes_and_no_passwords(inside):
    told = inside("ls /proc | grep -c '^[0-9]'; cat /etc/shadow; ls /home /root /var; echo $OURS")
    assert int(told.splitlines()[0]) < 6
    assert told.count("No such file") + told.count("cannot access") >= 2, told
    assert "1" in told.splitlines()


def configured(place, **changes):
    config = Config()
    configure(config, HubSettings(**SETTINGS | {"people": place / "people"} | changes))
    return config


def spawner(config):
    return PersonSpawner(config=config, user=SimpleNamespace(name="demo-tom", id=1))


def test_without_bubblewrap_no_server_is_started_and_the_hub_says_what_to_do(place, monkeypatch):
    monkeypatch.setenv("PATH", str(place))
    trouble = local.hindrance()
    assert "bubblewrap is missing" in trouble.what
    for word in ("apt-get install bubblewrap", "STITCHSKETCH_UNSAFE_SERVERS=1"):
        assert word in trouble.todo
    refused = spawner(configured(place))
    with pytest.raises(ServersRefusedError, match="bubblewrap is missing") as told:
        asyncio.run(refused.start())
    assert "apt-get install bubblewrap" in told.value.jupyterhub_message
    assert not refused.folder.exists()


def test_where_walls_cannot_be_put_up_the_systems_own_word_is_told(place, monkeypatch):
    program = place / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    trouble = local.hindrance()
    assert "No permissions to create new namespace" in trouble.what
    assert "user namespaces" in trouble.todo


def test_a_hub_that_may_be_unsafe_starts_servers_without_walls(place, monkeypatch):
    monkeypatch.setenv("PATH", str(place))
    unsafe = spawner(configured(place, unsafe_servers=True))
    assert (unsafe.refusal, unsafe.walls) == ("", False)
    assert unsafe.get_args()[0] == "jupyterhub-singleuser"


@pytest.mark.parametrize(("unsafe", "words"), [(True, "*** UNSAFE"), (False, "JupyterLab is not")])
def test_the_start_says_when_people_are_not_kept_apart(place, monkeypatch, capsys, unsafe, words):
    monkeypatch.setattr(fresh, "hindrance", lambda: SettingsError("Not apart.", "Mend it."))
    fresh._say(HubSettings(**SETTINGS, unsafe_servers=unsafe), demo=False)
    told = capsys.readouterr().out
    assert words in told
    assert "Not apart." in told
    monkeypatch.setattr(fresh, "hindrance", lambda: None)
    fresh._say(HubSettings(**SETTINGS, unsafe_servers=unsafe), demo=False)
    assert "apart" not in capsys.readouterr().out


def test_between_walls_each_person_is_an_account_wherever_the_program_lies(place, monkeypatch):
    monkeypatch.setattr("sys.prefix", str(place / "program"))
    (place / "program").chmod(0o700)
    settings = HubSettings(**SETTINGS, people=place / "people")
    assert own_accounts(settings, walls=False) is False
    assert own_accounts(settings, walls=True) is (os.geteuid() == 0)


def test_a_signal_reaches_the_server_behind_the_walls_and_ends_what_it_began(place):
    if not shutil.which("bwrap"):
        missing("bubblewrap (apt-get install bubblewrap)")
    one = PersonSpawner(people=str(place), walls=True, user=SimpleNamespace(name="tom", id=1))
    one.folder.mkdir()
    # it needs a moment for its end, as a server does that ends its kernels; a child goes with it
    server = "trap 'sleep 0.2; echo ended > word; exit' INT; sleep 60 & echo > ready; wait; wait"
    command = sandbox.walled(["sh", "-c", server], one.folder)
    with subprocess.Popen(command, start_new_session=True) as process:
        one.pid = process.pid
        while not (one.folder / "ready").exists():
            assert process.poll() is None
        [inner] = local._children(process.pid)
        (child, *_) = local._children(inner)
        assert asyncio.run(one._signal(2)) is True
        process.wait(20)
    assert (one.folder / "word").read_text() == "ended\n"
    assert not Path(f"/proc/{child}").exists()
    assert asyncio.run(one._signal(0)) is False
