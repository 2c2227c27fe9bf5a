// A round mark with a rim, as a picture for points.
import { CanvasTexture } from "three";

export function disk(fill, rim) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  pen.arc(32, 32, 25, 0, 2 * Math.PI);
  pen.fillStyle = fill;
  pen.fill();
  pen.lineWidth = 11;
  pen.strokeStyle = rim;
  pen.stroke();
  return new CanvasTexture(canvas);
}
