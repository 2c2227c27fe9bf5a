// The 3D view by keyboard: a cross that the arrows move, and the usual keys.

const STEP_PX = 8;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keys {
  constructor(editor) {
    this.editor = editor;
    const { x, y } = editor.scene.size;
    this.place(x / 2, y / 2);
    this.held = null;
    editor.canvas.addEventListener("keydown", (event) => this.press(event));
    editor.root.addEventListener("keydown", (event) => this.pressAnywhere(event));
    editor.canvas.addEventListener("pointerup", (event) => this.place(event.offsetX, event.offsetY));
  }

  place(x, y) {
    const size = this.editor.scene.size;
    this.x = Math.min(size.x - 1, Math.max(0, x));
    this.y = Math.min(size.y - 1, Math.max(0, y));
    this.editor.cross.style.left = `${this.x}px`;
    this.editor.cross.style.top = `${this.y}px`;
  }

  /** Undo and redo, wherever the focus is (but in a field that has its own). */
  pressAnywhere(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.tagName === "INPUT") return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    const again = key === "y" || event.shiftKey;
    const button = again ? this.editor.redo : this.editor.undo;
    if (!button.disabled) button.click();
    event.preventDefault();
    event.stopPropagation();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!this.done(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  done(event) {
    const { editor } = this;
    const arrow = ARROWS[event.key];
    if (arrow) this.arrow(arrow, event.shiftKey);
    else if (event.key === "+" || event.key === "=") editor.scene.nearer(1);
    else if (event.key === "-") editor.scene.nearer(-1);
    else if (event.key === " ") this.click();
    else if (event.key === "Enter") this.enter();
    else if (event.key === "Escape") this.escape();
    else if (event.key === "Backspace" && editor.draft.length) editor.dropPoint();
    else return false;
    return true;
  }

  arrow([right, down], shift) {
    const { editor } = this;
    if (editor.tool === "look" || shift) return editor.scene.turn(right, -down);
    this.place(this.x + STEP_PX * right, this.y + STEP_PX * down);
    if (this.held) editor.drag(this.x, this.y);
  }

  /** A click at the cross; in the seam tool the first takes a point, the second puts it down. */
  click() {
    const { editor } = this;
    if (editor.tool === "look") return this.place(editor.scene.size.x / 2, editor.scene.size.y / 2), editor.click(this.x, this.y);
    if (this.held) {
      this.held = null;
      return editor.put();
    }
    const free = editor.tool === "seam" && !editor.draft.length;
    const handle = free && editor.lines.handleAt(this.x, this.y, editor.get("drawn"), editor.mesh.object);
    if (!handle) return editor.click(this.x, this.y);
    this.held = handle;
    editor.grabbed = { ...handle, place: null };
  }

  enter() {
    if (this.editor.tool === "seam" && this.editor.draft.length > 1) this.editor.finishSeam();
    else this.click();
  }

  escape() {
    if (this.held) {
      this.held = null;
      this.editor.grabbed = null;
      this.editor.show3d();
    } else this.editor.dropDraft();
  }
}
