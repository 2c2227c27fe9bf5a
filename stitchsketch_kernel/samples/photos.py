"""A sample's photos as files: JPEG with the EXIF that a camera writes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import IFDRational

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.samples.sample import Sample
from stitchsketch_kernel.samples.shooting import STEADY
from stitchsketch_kernel.samples.surroundings import NOTHING_ELSE

#: The sensor that EXIF speaks of: 6.4 mm wide, so 36 mm film is 5.625 times as wide.
SENSOR_WIDTH_MM = 6.4
#: Raised when pictures of the same sample change, so that older ones are made anew.
PICTURE_VERSION = 1
_DESCRIPTION, _MAKE, _MODEL, _SOFTWARE, _EXIF_IFD = 0x010E, 0x010F, 0x0110, 0x0131, 0x8769
_FOCAL, _FOCAL_35 = 0x920A, 0xA405


def render_photos(sample: Sample, folder: Path, progress: Progress = silent) -> None:
    """Write the photo of every view into `folder`, under the view's name.

    A photo that is there already is kept if it shows this sample from this view: its EXIF carries
    a fingerprint of all that it shows. Files are written aside and renamed, so that a file under
    its name is whole.
    """
    from stitchsketch_kernel.samples.render import render_view

    folder.mkdir(parents=True, exist_ok=True)
    scene = _scene_digest(sample)
    for index, view in enumerate(sample.views):
        path = folder / view.name
        progress(index / len(sample.views), f"photo {view.name}")
        fingerprint = _fingerprint(scene, view)
        if _fingerprint_of(path) != fingerprint:
            image, quality = render_view(sample, view), sample.shooting.jpeg_quality
            write_bytes(path, jpeg_bytes(image, view.camera, fingerprint, quality))
    progress(1.0, f"{len(sample.views)} photos")


def jpeg_bytes(
    image: ImageArray,
    camera: Camera,
    description: str = "",
    quality: int = STEADY.jpeg_quality,
) -> bytes:
    """The image as a JPEG whose EXIF tells the camera's focal length."""
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_SOFTWARE] = "StitchSketch", "Sample camera", "stitchsketch"
    if description:
        exif[_DESCRIPTION] = description
    details = exif.get_ifd(_EXIF_IFD)
    details[_FOCAL] = IFDRational(round(1000 * camera.fx * SENSOR_WIDTH_MM / camera.width_px), 1000)
    details[_FOCAL_35] = round(camera.fx * 36.0 / camera.width_px)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=0, exif=exif)
    return buffer.getvalue()


def _scene_digest(sample: Sample) -> bytes:
    digest = hashlib.sha256(f"{PICTURE_VERSION} {sample.seed}".encode())
    if sample.look != "rich":
        digest.update(sample.look.encode())
    if sample.around != NOTHING_ELSE:
        digest.update(repr(sample.around).encode())
    digest.update(sample.shooting.name.encode())
    digest.update(np.round(sample.mesh.vertices, 7).tobytes())
    for mat in sample.mats:
        digest.update(
            f"{mat.board.dictionary} {mat.board.tag_ids} {mat.board.tag_side_mm}".encode()
        )
        digest.update(np.round(mat.centres_m(), 7).tobytes())
    return digest.digest()


def _fingerprint(scene: bytes, view: View) -> str:
    digest = hashlib.sha256(scene)
    digest.update(repr((view.name, view.camera)).encode())
    digest.update(np.round([*view.rotation.ravel(), *view.translation], 7).tobytes())
    return f"sample {digest.hexdigest()[:32]}"


def _fingerprint_of(path: Path) -> str | None:
    try:
        with Image.open(path) as photo:
            return str(photo.getexif().get(_DESCRIPTION))
    except (FileNotFoundError, UnidentifiedImageError):
        return None
