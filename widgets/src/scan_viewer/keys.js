// The 3D view by keyboard: arrows turn the piece; with the ruler they move a cross that Space clicks at.

const STEP_PX = 8;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keys {
  constructor(viewer) {
    this.viewer = viewer;
    const { x, y } = viewer.scene.size;
    this.place(x / 2, y / 2);
    viewer.canvas.addEventListener("keydown", (event) => this.press(event));
    viewer.canvas.addEventListener("pointerup", (event) => this.place(event.offsetX, event.offsetY));
  }

  place(x, y) {
    const { scene, cross } = this.viewer;
    this.x = Math.min(scene.size.x - 1, Math.max(0, x));
    this.y = Math.min(scene.size.y - 1, Math.max(0, y));
    cross.style.left = `${this.x}px`;
    cross.style.top = `${this.y}px`;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.done(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  done(event) {
    const { viewer } = this;
    const arrow = ARROWS[event.key];
    if (arrow && (viewer.tool !== "measure" || event.shiftKey)) viewer.scene.turn(arrow[0], -arrow[1]);
    else if (arrow) this.place(this.x + STEP_PX * arrow[0], this.y + STEP_PX * arrow[1]);
    else if (event.key === "+" || event.key === "=") viewer.scene.nearer(1);
    else if (event.key === "-") viewer.scene.nearer(-1);
    else if ((event.key === " " || event.key === "Enter") && viewer.tool === "measure") viewer.click(this.x, this.y);
    else if (event.key === "Escape" && viewer.get("points").length) viewer.ask({ do: "clear" });
    else return false;
    return true;
  }
}
