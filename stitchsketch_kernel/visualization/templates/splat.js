// Splats in the browser: unpacked into textures, sorted far to near, drawn as blended ellipses.
// No library, no request. The same formulas as stitchsketch_kernel/visualization/splat/project.py.
"use strict";
(() => {
  const canvas = document.getElementById("canvas");
  const told = document.getElementById("told");
  const data = JSON.parse(document.getElementById("splats").textContent);
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, powerPreference: "high-performance" });
  const done = (state) => { document.documentElement.dataset.ready = state; };
  if (!gl) {
    told.textContent = "This browser shows no 3D: a picture instead.";
    done("still");
    return;
  }
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const count = data.count;
  const points = new Uint16Array(bytes(data.points).buffer);
  const scales = bytes(data.scales), turns = new Int8Array(bytes(data.turns).buffer);
  const colors = bytes(data.colors), bands = bytes(data.bands);
  const middles = new Float32Array(count * 3);
  for (let i = 0; i < count * 3; i++) {
    middles[i] = data.low[i % 3] + (points[i] / 65535) * data.size[i % 3];
  }

  // four texels a splat: middle and colour, covariance (two texels), bands of colour
  const WIDE = 1024, rows = Math.max(1, Math.ceil((4 * count) / WIDE));
  const texels = new Uint32Array(WIDE * rows * 4), floats = new Float32Array(texels.buffer);
  const packed = new Uint8Array(texels.buffer);
  for (let i = 0; i < count; i++) {
    const at = 16 * i;
    floats.set(middles.subarray(3 * i, 3 * i + 3), at);
    packed.set(colors.subarray(4 * i, 4 * i + 4), 4 * (at + 3));
    const q = [0, 1, 2, 3].map((k) => turns[4 * i + k]);
    const n = Math.hypot(...q) || 1;
    const [w, x, y, z] = q.map((v) => v / n);
    const R = [
      1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
      2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
      2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ];
    const s = [0, 1, 2].map((k) => Math.exp(scales[3 * i + k] / 16 - 10) ** 2);
    let k = at + 4;
    for (const [a, b] of [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]]) {
      floats[k++] = R[3 * a] * R[3 * b] * s[0] + R[3 * a + 1] * R[3 * b + 1] * s[1] + R[3 * a + 2] * R[3 * b + 2] * s[2];
    }
    packed.set(bands.subarray(12 * i, 12 * i + 12), 4 * (at + 12));
  }

  const VERTEX = `#version 300 es
precision highp float; precision highp int; precision highp usampler2D;
uniform usampler2D splats; uniform mat3 turn; uniform vec3 eye; uniform vec2 focal, view; uniform float pixel;
in vec2 corner; in uint which; out vec2 off; out vec4 tint; flat out vec3 shape;
uvec4 part(uint k) { uint t = 4u * which + k; return texelFetch(splats, ivec2(int(t % ${WIDE}u), int(t / ${WIDE}u)), 0); }
vec4 bytes(uint w) { return vec4(w & 255u, (w >> 8) & 255u, (w >> 16) & 255u, w >> 24); }
void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  uvec4 a = part(0u);
  vec3 m = uintBitsToFloat(a.xyz), p = turn * (m - eye);
  if (p.z < 0.05) return;
  vec4 c1 = uintBitsToFloat(part(1u)), c2 = uintBitsToFloat(part(2u));
  mat3 V = mat3(c1.x, c1.y, c1.z, c1.y, c1.w, c2.x, c1.z, c2.x, c2.y);
  vec3 jx = vec3(focal.x / p.z, 0.0, -focal.x * p.x / (p.z * p.z)) * turn;
  vec3 jy = vec3(0.0, focal.y / p.z, -focal.y * p.y / (p.z * p.z)) * turn;
  // nearer than the photos stood, the pixel that each splat was trained to fill has grown, too
  float grown = max(1.0, focal.x / p.z * pixel), wide = 0.3 * grown * grown;
  float A = dot(jx, V * jx) + wide, B = dot(jx, V * jy), C = dot(jy, V * jy) + wide;
  vec4 rgba = bytes(a.w) / 255.0;
  float det = A * C - B * B, q = 2.0 * log(rgba.a * 255.0);
  if (det <= 0.0 || q <= 0.0) return;
  vec2 reach = sqrt(q * vec2(A, C));
  vec2 at = view * 0.5 + focal * p.xy / p.z;
  off = corner * reach;
  shape = vec3(C, -B, A) / det;
  uvec4 b = part(3u);
  vec3 r = (bytes(b.x).xyz - 128.0) / 128.0, s = (vec3(bytes(b.x).w, bytes(b.y).xy) - 128.0) / 128.0;
  vec3 t = (vec3(bytes(b.y).zw, bytes(b.z).x) - 128.0) / 128.0, d = normalize(m - eye);
  vec3 color = rgba.rgb * 2.0 - 0.5 + 0.4886025119029199 * (-d.y * r + d.z * s - d.x * t);
  tint = vec4(clamp(color, 0.0, 1.0), rgba.a);
  vec2 ndc = (at + off) / view * 2.0 - 1.0;
  gl_Position = vec4(ndc.x, -ndc.y, 0.0, 1.0);
}`;
  const FRAGMENT = `#version 300 es
precision highp float;
in vec2 off; in vec4 tint; flat in vec3 shape; out vec4 color;
void main() {
  float q = shape.x * off.x * off.x + 2.0 * shape.y * off.x * off.y + shape.z * off.y * off.y;
  float alpha = min(0.995, tint.a * exp(-0.5 * q));
  if (alpha < 1.0 / 255.0) discard;
  color = vec4(tint.rgb * alpha, alpha);
}`;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  const place = (name) => gl.getUniformLocation(program, name);
  const uniforms = { turn: place("turn"), eye: place("eye"), focal: place("focal"), view: place("view") };
  gl.uniform1f(place("pixel"), data.pixel_m);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32UI, WIDE, rows, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, texels);
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
  const attribute = (name, values, size, whole) => {
    const at = gl.getAttribLocation(program, name), buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(at);
    if (whole) { gl.vertexAttribIPointer(at, 1, gl.UNSIGNED_INT, 0, 0); gl.vertexAttribDivisor(at, 1); }
    else gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
    return buffer;
  };
  attribute("corner", new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), 2, false);
  const order = new Uint32Array(count), orderBuffer = attribute("which", order, 1, true);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.clearColor(1, 1, 1, 1);

  // far to near, by counting depths in 65,536 steps
  const steps = new Uint16Array(count), many = new Uint32Array(65537), depths = new Float32Array(count);
  const sort = (axis) => {
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < count; i++) {
      const d = -(axis[0] * middles[3 * i] + axis[1] * middles[3 * i + 1] + axis[2] * middles[3 * i + 2]);
      depths[i] = d;
      if (d < low) low = d;
      if (d > high) high = d;
    }
    const scale = 65535 / (high - low || 1);
    many.fill(0);
    for (let i = 0; i < count; i++) { steps[i] = (depths[i] - low) * scale; many[steps[i] + 1]++; }
    for (let k = 0; k < 65536; k++) many[k + 1] += many[k];
    for (let i = 0; i < count; i++) order[many[steps[i]]++] = i;
    gl.bindBuffer(gl.ARRAY_BUFFER, orderBuffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, order);
  };

  const middle = data.low.map((v, k) => v + data.size[k] / 2);
  const first = { around: data.around, up: 0.35, far: 1.35 * Math.hypot(...data.size) };
  let eye = { ...first }, sorted = null, waiting = false;
  const draw = () => {
    waiting = false;
    const dense = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * dense)), height = Math.max(1, Math.round(canvas.clientHeight * dense));
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const c = Math.cos(eye.up), out = [Math.cos(eye.around) * c, Math.sin(eye.around) * c, Math.sin(eye.up)];
    const at = middle.map((v, k) => v + eye.far * out[k]), z = out.map((v) => -v);
    const x = [-Math.sin(eye.around), Math.cos(eye.around), 0];
    const y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]];
    if (!sorted || z.some((v, k) => Math.abs(v - sorted[k]) > 0.004)) { sort(z); sorted = z; }
    const focal = 1.2 * Math.min(width, height * 1.2);
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniformMatrix3fv(uniforms.turn, false, [x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]);
    gl.uniform3fv(uniforms.eye, at);
    gl.uniform2f(uniforms.focal, focal, focal);
    gl.uniform2f(uniforms.view, width, height);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    done("3d");
  };
  const redraw = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  const turn = (dx, dy) => {
    eye.around -= dx;
    eye.up = Math.min(1.5, Math.max(-1.2, eye.up + dy));
    redraw();
  };
  const nearer = (share) => {
    eye.far = Math.min(4 * first.far, Math.max(0.15 * first.far, eye.far * share));
    redraw();
  };
  const touching = new Map();
  canvas.addEventListener("pointerdown", (e) => { canvas.setPointerCapture(e.pointerId); touching.set(e.pointerId, [e.clientX, e.clientY]); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (e) => touching.delete(e.pointerId));
  canvas.addEventListener("pointermove", (e) => {
    const before = touching.get(e.pointerId);
    if (!before) return;
    const others = [...touching.entries()].filter(([id]) => id !== e.pointerId).map(([, place]) => place);
    if (others.length) {
      const apart = (p) => Math.hypot(p[0] - others[0][0], p[1] - others[0][1]) || 1;
      nearer(apart(before) / apart([e.clientX, e.clientY]));
    } else turn((e.clientX - before[0]) * 0.008, (e.clientY - before[1]) * 0.008);
    touching.set(e.pointerId, [e.clientX, e.clientY]);
  });
  canvas.addEventListener("wheel", (e) => { e.preventDefault(); nearer(Math.exp(e.deltaY * 0.001)); }, { passive: false });
  const keys = {
    ArrowLeft: () => turn(-0.1, 0), ArrowRight: () => turn(0.1, 0), ArrowUp: () => turn(0, 0.1), ArrowDown: () => turn(0, -0.1),
    "+": () => nearer(0.9), "-": () => nearer(1 / 0.9), 0: () => { eye = { ...first }; redraw(); },
  };
  canvas.addEventListener("keydown", (e) => { if (keys[e.key]) { e.preventDefault(); keys[e.key](); } });
  canvas.addEventListener("webglcontextlost", () => { told.textContent = "The picture was lost: open the page again."; });
  new ResizeObserver(redraw).observe(canvas);
  document.getElementById("still").hidden = true;
  canvas.hidden = false;
  redraw();
})();
