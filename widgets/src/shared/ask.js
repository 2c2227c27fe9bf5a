// Questions to Python that have answers: a promise each, which fails when none comes.

const PATIENCE_MS = 30_000;

/** No answer came: the line or the kernel is away. */
export class Silent extends Error {}

/** What Python says is wrong; `forGood`: asking again would not help. */
export class Wrong extends Error {
  constructor(text, forGood) {
    super(text);
    this.forGood = forGood;
  }
}

/** Ask by messages of the widget; `other` hears what is no answer. */
export class Asking {
  constructor(model, other = () => {}) {
    this.model = model;
    this.open = new Map();
    this.number = 0;
    this.hear = (content, buffers) => {
      if (content?.is !== "answer") return other(content, buffers);
      const waiting = this.open.get(content.number);
      if (!waiting) return;
      this.open.delete(content.number);
      clearTimeout(waiting.timer);
      if (content.wrong) waiting.fail(new Wrong(content.wrong, content.for_good));
      else waiting.done({ ...content, buffers });
    };
    model.on("msg:custom", this.hear);
  }

  ask(what, buffers = [], patience = PATIENCE_MS) {
    const number = ++this.number;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.open.delete(number);
        fail(new Silent());
      }, patience);
      this.open.set(number, { done, fail, timer });
      this.model.send({ ...what, number }, undefined, buffers);
    });
  }

  dispose() {
    this.model.off("msg:custom", this.hear);
    for (const { timer, fail } of this.open.values()) {
      clearTimeout(timer);
      fail(new Silent());
    }
    this.open.clear();
  }
}
