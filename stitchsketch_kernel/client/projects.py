"""Projects over the gateway."""

from __future__ import annotations

from stitchsketch_kernel.client.connection import GatewayClient
from stitchsketch_kernel.client.records import record_of, told
from stitchsketch_kernel.projects.interface import NotKeptError
from stitchsketch_kernel.projects.records import Artefact, Project, Run, Scan, StageRun, Status


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
        body, params = told(project, "shop"), {"shop": project.shop}
        return record_of(
            Project, self._client.ask("POST", "/projects", json=body, params=params).json()
        )

    def projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        try:
            return [record_of(Project, one) for one in self._client.items("/projects", shop=shop)]
        except NotKeptError:  # another shop's: none exist for whoever asks
            return []

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

    def start_run(self, shop: str, run: Run) -> Run:
        """See `ProjectStore`."""
        answer = self._client.ask("POST", "/runs", json=told(run), params={"shop": shop})
        return record_of(Run, answer.json())

    def record_stage(self, shop: str, stage: StageRun) -> None:
        """See `ProjectStore`."""
        path, body = f"/runs/{stage.run_id}/stages/{stage.stage}", told(stage, "run_id", "stage")
        self._client.ask("PUT", path, json=body, params={"shop": shop})

    def finish_run(self, shop: str, run_id: str, status: Status, error: str = "") -> Run:
        """See `ProjectStore`."""
        path, body = f"/runs/{run_id}/finish", {"status": status, "error": error}
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
        path, body = f"/runs/{artefact.run_id}/artefacts", told(artefact, "run_id")
        self._client.ask("POST", path, json=body, params={"shop": shop})

    def artefacts(self, shop: str, run_id: str) -> list[Artefact]:
        """See `ProjectStore`."""
        found = self._client.items(f"/runs/{run_id}/artefacts", shop=shop)
        return [record_of(Artefact, one) for one in found]
