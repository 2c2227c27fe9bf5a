"""The seam editor: panels in colour on the mesh, corrected by clicks; the flat piece beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.seams.session import EditSession
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.screen import Screen
from stitchsketch_widgets.seam_state import Pieces, drawn_shown, edges_shown, panels_shown
from stitchsketch_widgets.texts import text, texts

#: Keeps a session's edits and says in words where they are.
Save = Callable[[EditSession], str]


class SeamEditor(Screen):
    """A session of corrections on the screen.

    What a person asks comes as messages, ``{"do": "seam", "points": [...]}``; the answer is the
    traitlets below. An edit that can't be made changes nothing and is told in `message`.

    Parameters
    ----------
    session : EditSession
    save : callable, optional
        Called with the session when the person saves.
    units : {"mm", "inch"}
        Lengths are shown in.
    """

    _esm = built("seam_editor.js")
    _css = built("seam_editor.css")

    kinds: traitlets.List[Any] = traitlets.List(help="how an edge may be made").tag(sync=True)
    vertices = traitlets.Bytes(help="float32, metres, x y z").tag(sync=True)
    faces = traitlets.Bytes(help="uint32, three a face").tag(sync=True)
    labels = traitlets.Bytes(help="int16, panel of each face or -1").tag(sync=True)
    panels: traitlets.List[Any] = traitlets.List(help="name and colours, by label").tag(sync=True)
    drawn: traitlets.List[Any] = traitlets.List(help="drawn seams: points and line, metres").tag(
        sync=True
    )
    draft: traitlets.List[Any] = traitlets.List(
        help="how the seam that is being drawn would run"
    ).tag(sync=True)
    pieces = traitlets.Dict(help="flat pieces by panel, mm").tag(sync=True)
    edges: traitlets.List[Any] = traitlets.List(help="seams as placed; empty until they are").tag(
        sync=True
    )
    placed = traitlets.Bool(False, help="whether `edges` is of the last edit").tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)
    can_save = traitlets.Bool(False).tag(sync=True)
    changed = traitlets.Bool(False, help="whether there are edits not saved").tag(sync=True)

    def __init__(
        self, session: EditSession, save: Save | None = None, units: str = "mm", **traits: Any
    ) -> None:
        self.session, self._save, self._pieces = session, save, Pieces()
        mesh = session.mesh
        super().__init__(
            texts=texts("seams"),
            units=units,
            kinds=[[kind.value, text(f"kind.{kind.value}")] for kind in EdgeKind],
            vertices=mesh.vertices.astype("<f4").tobytes(),
            faces=mesh.faces.astype("<u4").tobytes(),
            can_save=save is not None,
            **traits,
        )
        self._show()

    def look(self) -> None:
        """Show the session as it stands: something else has changed it."""
        self._show()

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "draft":
                points = asked["points"]
                enough = len(points) > 1
                self.draft = self.session.preview_seam(points).tolist() if enough else []
                self.message = {}
            case "place":
                self._place()
            case "save":
                self._keep()
            case _:
                before = self.session.edits
                self._edit(asked)
                self.changed = self.changed or self.session.edits is not before
                self._show()

    def _edit(self, asked: dict[str, Any]) -> None:
        """One edit of the session."""
        session = self.session
        match asked["do"]:
            case "seed":
                session.add_seed(str(asked["name"]), asked["place"])
            case "ignore":
                session.add_ignored(asked["place"])
            case "seam":
                session.add_seam_points(asked["points"])
            case "move":
                session.move_seam_point(int(asked["seam"]), int(asked["point"]), asked["place"])
            case "remove":
                session.remove_seam(int(asked["seam"]))
            case "join":
                session.join(str(asked["panel"]), str(asked["into"]))
            case "rename":
                session.rename(str(asked["old"]), str(asked["new"]))
            case "kind":
                session.set_kind_at(asked["place"], EdgeKind(asked["kind"]))
            case "undo":
                session.undo()
            case "redo":
                session.redo()
            case other:
                raise ValueError(other)

    def _show(self) -> None:
        """The panels at once, the flat pieces as soon as they are laid."""
        session = self.session
        with self.hold_sync():
            self.labels = np.asarray(session.labels).astype("<i2").tobytes()
            self.panels = panels_shown(session)
            self.drawn = drawn_shown(session)
            self.draft, self.placed, self.message = [], False, {}
            self.can_undo, self.can_redo = session.can_undo, session.can_redo
        self.pieces = self._pieces.shown(session)

    def _place(self) -> None:
        """Place the seams: some seconds."""
        panels = self.session.panel_map()
        with self.hold_sync():
            self.edges, self.placed = edges_shown(panels), True
            self.message = {"kind": "note", "text": " ".join(panels.doubts)}

    def _keep(self) -> None:
        if self._save is None:
            raise ValueError("nowhere to save")
        said = self._save(self.session)
        self.changed, self.message = False, {"kind": "good", "text": said}
