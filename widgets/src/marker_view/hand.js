// Pieces moved by hand and by keys: tried while they are dragged, asked for when they are let go.
import { path } from "../shared/plane.js";
import { svg } from "../shared/dom.js";

const FINE_MM = 1;
const COARSE_MM = 10;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Hand {
  constructor(board) {
    this.board = board;
    this.dragged = null;
    this.wanted = null;
    this.trying = 0;
  }

  /** How far a copy is drawn from where it lies. */
  shift(key) {
    if (this.dragged?.key === key) return this.dragged.by;
    if (this.wanted?.key === key) return this.wanted.by;
    return [0, 0];
  }

  /** Why what is dragged can't lie where it is now. */
  get why() {
    return this.dragged?.why ?? "";
  }

  /** Whether a copy is dragged where it can't lie. */
  isRefused(key) {
    return this.dragged?.key === key && Boolean(this.dragged.why);
  }

  grab(target, begun) {
    const node = target.closest("[data-copy]");
    if (!node) return { end: (_, moved) => !moved && this.board.choose("") };
    const key = node.dataset.copy;
    const { board } = this;
    const by = ([x, y]) => [x - begun[0], y - begun[1]];
    return {
      move: (place) => {
        if (board.isPinned(board.copy(key))) return board.tell({ kind: "error", text: board.say("is_pinned") });
        board.chosen = key;
        this.dragged = { key, by: by(place), why: this.dragged?.why ?? "" };
        this.draw();
        this.try();
      },
      end: (place, moved) => {
        const was = this.dragged;
        this.dragged = null;
        if (!moved || !was) return board.choose(key);
        this.ask(key, by(place));
      },
      drop: () => {
        this.dragged = null;
        board.show();
      },
    };
  }

  /** The page asks of the last place alone, and not again before it has heard. */
  try() {
    if (this.trying || !this.dragged) return;
    const { key, by } = this.dragged;
    const copy = this.board.copy(key);
    this.triedAt = by;
    this.trying = this.board.ask({
      do: "try", piece: copy.piece, copy: copy.copy, x_mm: copy.x_mm + by[0], y_mm: copy.y_mm + by[1], on_pattern: this.board.onPattern,
    });
  }

  tried({ number, why }) {
    if (number !== this.trying) return;
    this.trying = 0;
    if (!this.dragged) return;
    this.dragged.why = why;
    this.draw();
    this.board.tell(why ? { kind: "error", text: why } : {});
    if (this.triedAt !== this.dragged.by) this.try();
  }

  /** Ask Python to lay it there; until it has answered it is drawn there. */
  ask(key, by) {
    const { board } = this;
    const copy = board.copy(key);
    board.chosen = key;
    this.wanted = {
      key, by, number: board.ask({
        do: "move", piece: copy.piece, copy: copy.copy, x_mm: copy.x_mm + by[0], y_mm: copy.y_mm + by[1], on_pattern: board.onPattern,
      }),
    };
    board.show();
  }

  turn(key = this.board.chosen) {
    const copy = this.board.copy(key);
    if (!copy) return;
    if (this.board.isPinned(copy)) return this.board.tell({ kind: "error", text: this.board.say("is_pinned") });
    this.board.ask({ do: "turn", piece: copy.piece, copy: copy.copy });
  }

  key(event, key) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = ARROWS[event.key];
    if (way) this.nudge(key, way, event.shiftKey);
    else if (event.key === " " || event.key === "Enter") this.board.choose(key);
    else if (event.key.toLowerCase() === "p") this.board.togglePin(key);
    else if (event.key.toLowerCase() === "t") this.turn(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  nudge(key, [right, up], coarse) {
    const { board } = this;
    if (board.isPinned(board.copy(key))) return board.tell({ kind: "error", text: board.say("is_pinned") });
    const { along_mm: along, over_mm: over } = board.get("fabric");
    const step = coarse ? COARSE_MM : FINE_MM;
    const [x, y] = board.onPattern ? [along || step, over || step] : [step, step];
    const [dx, dy] = this.shift(key);
    this.ask(key, [dx + right * x, dy + up * y]);
  }

  /** After the board was drawn anew: what was asked for and answered is where it lies, or refused. */
  shown() {
    const { board } = this;
    const { wanted } = this;
    if (wanted && board.get("answered") >= wanted.number) {
      this.wanted = null;
      const refused = board.get("message").kind === "error";
      this.refused = refused ? { ...wanted, copy: board.copy(wanted.key) } : null;
      board.pieces.querySelector(`[data-copy="${CSS.escape(wanted.key)}"]`)?.setAttribute("transform", "translate(0 0)");
    } else if (board.get("message").kind !== "error") this.refused = null;
    this.drawRefused();
  }

  draw() {
    const { key, by: [x, y], why } = this.dragged;
    const node = this.board.pieces.querySelector(`[data-copy="${CSS.escape(key)}"]`);
    node?.setAttribute("transform", `translate(${x} ${-y})`);
    node?.classList.toggle("refused", Boolean(why));
    node?.parentNode.append(node);
  }

  /** Where it may not lie, it is seen for as long as the sentence stands. */
  drawRefused() {
    const { refused } = this;
    const nodes = refused?.copy
      ? [svg("path", { d: path(refused.copy.cut, true), class: "no", transform: `translate(${refused.by[0]} ${-refused.by[1]})` })]
      : [];
    this.board.ghost.replaceChildren(...nodes);
  }
}
