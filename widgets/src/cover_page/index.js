// The customer's page: the furniture as it is and in its new covers. All its data stands in the page.
import { CoverScene } from "./scene.js";
import { bareMesh, clothMaterial, clothMesh, floorShadow } from "./meshes.js";

const id = (name) => document.getElementById(name);

async function show() {
  const data = JSON.parse(id("cover-data").textContent);
  const viewer = id("viewer");
  viewer.hidden = false;
  let scene;
  try {
    scene = new CoverScene(id("canvas"));
  } catch {
    viewer.hidden = true; // no WebGL: the stills below say it all
    return;
  }
  const cloth = clothMesh(data.mesh);
  const bare = data.mesh.bare ? [bareMesh(data.mesh.bare)] : [];
  const old = data.old ? bareMesh(data.old) : null;
  const shadow = floorShadow(data.mesh);
  const materials = await Promise.all(data.offers.map((offer) => clothMaterial(offer, scene.renderer)));
  for (const object of [cloth.object, ...bare, shadow, ...(old ? [old] : [])]) scene.scene.add(object);
  const state = { chosen: 0, beside: false, split: old ? 0.5 : 0 };

  /** What each part of the picture shows: a place in it, a caption, and how to dress for it. */
  const parts = () => {
    const dressed = (offer) => () => {
      cloth.dress(data.offers[offer], materials[offer]);
      cloth.object.visible = true;
      for (const object of bare) object.visible = true;
      if (old) old.visible = false;
    };
    const asItWas = () => {
      cloth.object.visible = false;
      for (const object of bare) object.visible = false;
      old.visible = true;
    };
    if (state.beside) {
      const count = data.offers.length;
      const columns = count > 2 || scene.aspect > 1 ? Math.min(2, count) : 1;
      const rows = Math.ceil(count / columns);
      return data.offers.map((offer, k) => ({
        box: [(k % columns) / columns, Math.floor(k / columns) / rows, 1 / columns, 1 / rows],
        whole: false, caption: offer.name, dress: dressed(k),
      }));
    }
    const after = { box: [state.split, 0, 1 - state.split, 1], whole: true, caption: data.offers[state.chosen].name, dress: dressed(state.chosen) };
    const before = { box: [0, 0, state.split, 1], whole: true, caption: "As it is now", dress: asItWas };
    return [...(state.split > 0 ? [before] : []), ...(state.split < 1 ? [after] : [])];
  };

  const update = () => {
    scene.parts = parts();
    const captions = id("captions");
    captions.replaceChildren(...scene.parts.map(({ box, caption }, k) => {
      const item = document.createElement("li");
      item.textContent = caption;
      item.style.top = `${100 * box[1]}%`;
      if (!state.beside && k > 0) item.style.right = "0";
      else item.style.left = `${100 * box[0]}%`;
      return item;
    }));
    const divider = id("divider");
    divider.hidden = state.beside || !old || state.split <= 0 || state.split >= 1;
    divider.style.left = `${100 * state.split}%`;
    for (const button of document.querySelectorAll("[data-fabric]")) {
      button.setAttribute("aria-pressed", String(!state.beside && Number(button.dataset.fabric) === state.chosen));
    }
    id("beside")?.setAttribute("aria-pressed", String(state.beside));
    const label = id("slider-label");
    if (label) label.hidden = state.beside;
    scene.draw();
  };

  for (const button of document.querySelectorAll("[data-fabric]")) {
    button.addEventListener("click", () => {
      state.chosen = Number(button.dataset.fabric);
      state.beside = false;
      update();
    });
  }
  id("beside")?.addEventListener("click", () => {
    state.beside = !state.beside;
    update();
  });
  id("slider")?.addEventListener("input", (event) => {
    // to the left: more of the new cover
    state.split = event.target.value / 100;
    update();
  });
  const keys = {
    ArrowLeft: () => scene.turn(-1, 0), ArrowRight: () => scene.turn(1, 0), ArrowUp: () => scene.turn(0, 1),
    ArrowDown: () => scene.turn(0, -1), "+": () => scene.nearer(1), "-": () => scene.nearer(-1),
  };
  id("canvas").addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  scene.onResize = update;
  scene.fit(cloth.object);
  if (scene.aspect > 1) scene.nearer(1.5);
  update();
  document.documentElement.dataset.ready = "yes";
}

show();
