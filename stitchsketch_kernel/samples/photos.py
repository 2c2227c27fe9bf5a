"""A sample's photos as files: JPEG with the EXIF that a camera writes."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.samples.sample import Sample

JPEG_QUALITY = 92
#: The sensor that EXIF speaks of: 6.4 mm wide, so 36 mm film is 5.625 times as wide.
SENSOR_WIDTH_MM = 6.4
_MAKE, _MODEL, _SOFTWARE, _EXIF_IFD = 0x010F, 0x0110, 0x0131, 0x8769
_FOCAL, _FOCAL_35 = 0x920A, 0xA405


def render_photos(sample: Sample, folder: Path, progress: Progress = silent) -> None:
    """Write the photo of every view into `folder`, under the view's name.

    A photo that is there already is kept: files are written aside and renamed, so that a file
    under its name is whole.
    """
    from stitchsketch_kernel.samples.render import render_view

    folder.mkdir(parents=True, exist_ok=True)
    for index, view in enumerate(sample.views):
        path = folder / view.name
        progress(index / len(sample.views), f"photo {view.name}")
        if not path.exists():
            aside = path.with_suffix(".part")
            aside.write_bytes(jpeg_bytes(render_view(sample, view), view.camera))
            aside.replace(path)
    progress(1.0, f"{len(sample.views)} photos")


def jpeg_bytes(image: ImageArray, camera: Camera) -> bytes:
    """The image as a JPEG whose EXIF tells the camera's focal length."""
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_SOFTWARE] = "StitchSketch", "Sample camera", "stitchsketch"
    details = exif.get_ifd(_EXIF_IFD)
    details[_FOCAL] = IFDRational(round(1000 * camera.fx * SENSOR_WIDTH_MM / camera.width_px), 1000)
    details[_FOCAL_35] = round(camera.fx * 36.0 / camera.width_px)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, exif=exif)
    return buffer.getvalue()
