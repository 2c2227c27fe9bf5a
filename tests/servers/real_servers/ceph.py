"""An S3 server: Ceph's gateway over one monitor and one store in memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass

from real_servers.places import do, free_port, kill, new_place, own, start, wait_until

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
CONFIG = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon}]
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
osd class update on start = false
osd objectstore = memstore
memstore device bytes = 2147483648
run dir = {place}
log file = {place}/$name.log
admin socket = {place}/$name.asok
pid file =
ms bind ipv6 = false
ms mon client mode = crc
[mon.a]
mon data = {place}/mon
host = localhost
mon addr = 127.0.0.1:{mon}
[osd.0]
osd data = {place}/osd
osd uuid = {osd}
host = localhost
[client.rgw]
rgw data = {place}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable usage log = false
rgw gc max objs = 4
rgw enable ops log = false
"""


@dataclass(frozen=True)
class Account:
    """Who may use the server."""

    access_key: str
    secret_key: str


def missing_programs() -> list[str]:
    """What isn't installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class Ceph:
    """An S3 server; `endpoint` is its address."""

    def __init__(self) -> None:
        self._place, self.port, mon = new_place("ceph"), free_port(), free_port()
        self._fsid, self._osd, self._mon_port = str(uuid.uuid4()), str(uuid.uuid4()), mon
        self._config = self._place / "ceph.conf"
        text = CONFIG.format(
            fsid=self._fsid, osd=self._osd, mon=mon, port=self.port, place=self._place
        )
        self._config.write_text(text)
        for name in ("mon", "osd", "rgw"):
            (self._place / name).mkdir()
            own(self._place / name)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._begin()
        except BaseException:
            self.remove()
            raise

    def _begin(self) -> None:
        at, config = self._place, ("-c", self._config)
        address = f"[v2:127.0.0.1:{self._mon_port}]"
        do("monmaptool", "--create", "--addv", "a", address, "--fsid", self._fsid, at / "monmap")
        do("ceph-mon", *config, "--mkfs", "-i", "a", "--monmap", at / "monmap")
        mon = start(at, "ceph-mon", *config, "-f", "-i", "a")
        self._processes.append(mon)
        wait_until(
            lambda: do("ceph", *config, "--connect-timeout", 5, "osd", "new", self._osd), mon
        )
        do("ceph-osd", *config, "-i", 0, "--mkfs", "--osd-uuid", self._osd)
        self._processes.append(self._start_osd())
        gateway = start(at, "radosgw", *config, "-f", "-n", "client.rgw")
        self._processes.append(gateway)
        self.owner = self.new_account("shop")
        wait_until(self._answers, gateway)

    def _start_osd(self) -> subprocess.Popen[bytes]:
        """The store; at times it says "wrong fsid" and wants to be started again."""
        for _ in range(10):
            osd = start(self._place, "ceph-osd", "-c", self._config, "-f", "-i", "0")
            try:
                wait_until(lambda: "1 up" in do("ceph", "-c", self._config, "osd", "stat"), osd, 30)
                return osd
            except RuntimeError:
                kill(osd)
        raise RuntimeError("ceph-osd does not come up")

    def _answers(self) -> bool:
        import urllib3

        answer = urllib3.request("GET", self.endpoint, retries=False, timeout=2)
        return answer.status in {200, 403}

    def new_account(self, name: str, *more: object) -> Account:
        """A new account; `more` are arguments of ``radosgw-admin user create``."""
        account = Account(f"key-of-{name}", os.urandom(20).hex())
        do(
            "radosgw-admin", "-c", self._config, "-n", "client.rgw", "user", "create",
            f"--uid={name}", f"--display-name={name}", f"--access-key={account.access_key}",
            f"--secret-key={account.secret_key}", *more,
        )  # fmt: skip
        return account

    def admin(self, *command: object) -> str:
        """``radosgw-admin``."""
        return do("radosgw-admin", "-c", self._config, "-n", "client.rgw", *command)

    def remove(self) -> None:
        """Stop for good."""
        for process in reversed(self._processes):
            kill(process)
        shutil.rmtree(self._place, ignore_errors=True)
