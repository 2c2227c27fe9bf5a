"""Projects over the gateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stitchsketch_kernel.client.connection import GatewayClient
from stitchsketch_kernel.client.records import record_of, told
from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import (
    ERROR_CHARS,
    NOTE_CHARS,
    RENDERED,
    RENDERS,
    Artefact,
    Beat,
    Page,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
    shortened,
)

_MOST_A_PAGE = 500
#: What the gateway and the store say of a run themselves.
_OF_THE_STORE = (
    "started_by", "heartbeat", "stage", "cell", "cells", "share", "note", "from_stage", "queued",
    "worker", "attempts",
)  # fmt: skip


class GatewayProjectStore:
    """Projects, as far as the token's owner may; see `ProjectStore`.

    Parameters
    ----------
    client : GatewayClient
    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def add_project(self, project: Project) -> Project:
        """See `ProjectStore`."""
        body, params = told(project, "shop", "deleted"), {"shop": project.shop}
        return record_of(
            Project, self._client.ask("POST", "/projects", json=body, params=params).json()
        )

    def projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        return self._listed(shop)

    def page(self, shop: str, limit: int = 100, after: str | None = None) -> Page:
        """See `ProjectStore`."""
        params: dict[str, Any] = {"shop": shop, "limit": max(1, min(limit, _MOST_A_PAGE))}
        if after is not None:
            params["cursor"] = after
        try:
            part = self._client.ask("GET", "/projects", params=params).json()
        except NotKeptError:
            if after is not None:
                raise
            return Page([], None)
        return Page([record_of(Project, one) for one in part["items"]], part["next"])

    def project_named(self, shop: str, name: str) -> Project | None:
        """See `ProjectStore`."""
        found = self._listed(shop, name=name)
        return found[0] if found else None

    def change_project(self, shop: str, project: Project) -> Project:
        """See `ProjectStore`."""
        path, body = (
            f"/projects/{project.id}",
            told(project, "shop", "id", "created", "deleted", "kept_to"),
        )
        answer = self._client.ask("PUT", path, json=body, params={"shop": shop})
        return record_of(Project, answer.json())

    def share_project(self, shop: str, project_id: str, kept_to: Iterable[str]) -> Project:
        """See `ProjectStore`."""
        path, body = f"/projects/{project_id}/sharing", {"kept_to": sorted(set(kept_to))}
        answer = self._client.ask("PUT", path, json=body, params={"shop": shop})
        return record_of(Project, answer.json())

    def deleted_projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        return self._listed(shop, deleted="true")

    def restore_project(self, shop: str, project_id: str) -> Project:
        """See `ProjectStore`."""
        path = f"/projects/{project_id}/restore"
        return record_of(Project, self._client.ask("POST", path, params={"shop": shop}).json())

    def _listed(self, shop: str, **which: str) -> list[Project]:
        try:
            found = self._client.items("/projects", shop=shop, **which)
        except NotKeptError:  # another shop's: none exist for whoever asks
            return []
        return [record_of(Project, one) for one in found]

    def project(self, shop: str, project_id: str) -> Project:
        """See `ProjectStore`."""
        answer = self._client.ask("GET", f"/projects/{project_id}", params={"shop": shop})
        return record_of(Project, answer.json())

    def delete_project(self, shop: str, project_id: str) -> None:
        """See `ProjectStore`."""
        self._client.ask("DELETE", f"/projects/{project_id}", params={"shop": shop})

    def add_scan(self, shop: str, scan: Scan) -> Scan:
        """See `ProjectStore`."""
        path, body = f"/projects/{scan.project_id}/scans", told(scan, "project_id")
        return record_of(
            Scan, self._client.ask("POST", path, json=body, params={"shop": shop}).json()
        )

    def scans(self, shop: str, project_id: str) -> list[Scan]:
        """See `ProjectStore`."""
        found = self._client.items(f"/projects/{project_id}/scans", shop=shop)
        return [record_of(Scan, one) for one in found]

    def keep_photo(self, shop: str, photo: Photo) -> None:
        """See `ProjectStore`."""
        path, body = f"/scans/{photo.scan_id}/photos", told(photo, "scan_id")
        self._client.ask("PUT", path, json=body, params={"shop": shop})

    def photos(self, shop: str, scan_id: str, left_out: bool = False) -> list[Photo]:
        """See `ProjectStore`."""
        which = {"left_out": "true"} if left_out else {}
        found = self._client.items(f"/scans/{scan_id}/photos", shop=shop, **which)
        return [record_of(Photo, one) for one in found]

    def start_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`."""
        answer = self._client.ask(
            "POST",
            "/runs",
            json={**told(run, *_OF_THE_STORE), "error": shortened(run.error, ERROR_CHARS)},
            params={"shop": shop},
        )
        return record_of(Run, answer.json())

    def queue_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`; the gateway gives the run its identity, and whose it is."""
        body = {
            "scan_id": run.scan_id,
            "settings": run.settings,
            "from_stage": run.from_stage,
        }
        answer = self._client.ask("POST", "/runs/queue", json=body, params={"shop": shop})
        return record_of(Run, answer.json())

    def cancel_run(self, shop: str, run_id: str, why: str = "") -> Run:
        """See `ProjectStore`."""
        body = {"why": shortened(why, ERROR_CHARS)}
        path = f"/runs/{run_id}/cancel"
        answer = self._client.ask("POST", path, json=body, params={"shop": shop})
        return record_of(Run, answer.json())

    def beat(self, shop: str, run_id: str, beat: Beat) -> Status:
        """See `ProjectStore`."""
        body = {**told(beat), "note": shortened(beat.note, NOTE_CHARS)}
        answer = self._client.ask("PUT", f"/runs/{run_id}/beat", json=body, params={"shop": shop})
        return Status(answer.json()["status"])

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """See `ProjectStore`."""
        path, body = f"/runs/{stage.run_id}/stages/{stage.stage}", told(stage, "run_id", "stage")
        self._client.ask("PUT", path, json=body, params={"shop": shop})

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """See `ProjectStore`."""
        path, body = (
            f"/runs/{run_id}/finish",
            {"status": status, "error": shortened(error, ERROR_CHARS)},
        )
        answer = self._client.ask("POST", path, json=body, params={"shop": shop})
        return record_of(Run, answer.json())

    def run(self, shop: str, run_id: str) -> Run:
        """See `ProjectStore`."""
        answer = self._client.ask("GET", f"/runs/{run_id}", params={"shop": shop})
        return record_of(Run, answer.json())

    def runs(self, shop: str, scan_id: str) -> list[Run]:
        """See `ProjectStore`."""
        found = self._client.items("/runs", shop=shop, scan_id=scan_id)
        return [record_of(Run, one) for one in found]

    def stages(self, shop: str, run_id: str) -> list[StageRun]:
        """See `ProjectStore`."""
        answer = self._client.ask("GET", f"/runs/{run_id}/stages", params={"shop": shop})
        return [record_of(StageRun, one) for one in answer.json()["items"]]

    def add_artefact(self, shop: str, artefact: Artefact) -> None:
        """See `ProjectStore`."""
        path, params = f"/runs/{artefact.run_id}", {"shop": shop}
        if artefact.bucket == RENDERS and artefact.stage in RENDERED:
            # what is shown to a customer, everybody of the shop may keep
            body = told(artefact, "run_id", "bucket")
            self._client.ask("PUT", f"{path}/renders", json=body, params=params)
            return
        body = told(artefact, "run_id")
        self._client.ask("POST", f"{path}/artefacts", json=body, params=params)

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """See `ProjectStore`."""
        found = self._client.items(f"/runs/{run_id}/artefacts", shop=shop)
        return [record_of(Artefact, one) for one in found]

    def keep_quote(self, shop: str, quote: Quote) -> Quote:
        """See `ProjectStore`."""
        path, body = f"/runs/{quote.run_id}/quotes", told(quote, "run_id")
        return record_of(
            Quote, self._client.ask("PUT", path, json=body, params={"shop": shop}).json()
        )

    def quotes(self, shop: str, run_id: str) -> list[Quote]:
        """See `ProjectStore`."""
        found = self._client.items(f"/runs/{run_id}/quotes", shop=shop)
        return [record_of(Quote, one) for one in found]

    def history(self, shop: str) -> list[tuple[Project, Scan, Run, StageRun]]:
        """See `ProjectStore`."""
        try:
            found = self._client.items("/runs/history", shop=shop)
        except NotKeptError:
            return []
        return [
            (
                record_of(Project, one["project"]),
                record_of(Scan, one["scan"]),
                record_of(Run, one["run"]),
                record_of(StageRun, one["stage"]),
            )
            for one in found
        ]
