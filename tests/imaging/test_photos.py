"""A folder of photos: what is taken in, what is said, and what is left untouched."""

import errno
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stitchsketch_kernel.domain.errors import PhotoError, SettingsError, StorageError
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.imaging import photos as photos_module
from stitchsketch_kernel.imaging.names import by_number, safe_names
from stitchsketch_kernel.imaging.photos import PhotoSettings, load_image, read_photos


def left_behind(work):
    return [path for path in work.rglob("*") if path.is_file()] if work.exists() else []


def test_good_photos_are_copied_as_they_are(folder, tmp_path):
    photos = read_photos(folder, tmp_path / "work").photos
    assert [p.name for p in photos] == [f"IMG_{k}.jpg" for k in range(10)]
    assert {(p.width_px, p.height_px) for p in photos} == {(720, 540)}
    assert all(p.path.read_bytes() == (folder / p.name).read_bytes() for p in photos)


def test_every_broken_photo_is_named(folder, tmp_path):
    (folder / "note.jpg").write_text("not a photo")
    whole = (folder / "IMG_3.jpg").read_bytes()
    (folder / "IMG_3.jpg").write_bytes(whole[:2000])
    with pytest.raises(PhotoError, match=r"IMG_3.jpg is damaged.*note.jpg is not a photo"):
        read_photos(folder, tmp_path / "work")
    assert not left_behind(tmp_path / "work")


def test_broken_photos_can_be_left_out(folder, tmp_path):
    (folder / "note.jpg").write_text("not a photo")
    result = read_photos(folder, tmp_path / "work", settings=PhotoSettings(skip_broken=True))
    assert len(result.photos) == 10
    assert [(n.photo, n.severity) for n in result.notes if n.kind == "unreadable"] == [
        ("note.jpg", "refuse")
    ]


@pytest.mark.parametrize("when", ["before it is read", "before it is copied"])
def test_a_photo_that_is_deleted_meanwhile_is_named(folder, tmp_path, monkeypatch, when):
    gone = folder / "IMG_5.jpg"

    def deleted(content):
        if when == "before it is copied":
            gone.unlink(missing_ok=True)
        return content

    def tell(share, note):
        if when == "before it is read":
            gone.unlink(missing_ok=True)

    read = photos_module.sha256_of
    monkeypatch.setattr(
        photos_module,
        "sha256_of",
        lambda path: deleted(read(path)) if path == gone else read(path),
    )
    with pytest.raises(PhotoError, match=r"IMG_5.jpg (can't be opened|was deleted)"):
        read_photos(folder, tmp_path / "work", tell)
    assert not left_behind(tmp_path / "work")


def test_too_few_left_names_the_broken(folder, tmp_path):
    for k in range(3):
        (folder / f"IMG_{k}.jpg").write_text("not a photo")
    with pytest.raises(PhotoError, match=r"only 7 photos.*IMG_0.jpg.*IMG_2.jpg"):
        read_photos(folder, tmp_path / "work", settings=PhotoSettings(skip_broken=True))
    assert not left_behind(tmp_path / "work")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "is empty"),
        (["readme.txt", "film.mov"], "has no photos"),
        (["._IMG_1.jpg"], "is empty"),
        (["a.jpg", "b.jpg", "c.jpg"], "only 3 photos; 8 are the least"),
    ],
)
def test_a_folder_without_enough_photos_is_refused(tmp_path, ten_jpegs, files, words):
    folder = tmp_path / "shoot"
    folder.mkdir()
    for name, data in zip(files, ten_jpegs, strict=False):
        (folder / name).write_bytes(data)
    with pytest.raises(PhotoError, match=words):
        read_photos(folder, tmp_path / "work")


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(PhotoError, match=r"no folder .*nowhere"):
        read_photos(tmp_path / "nowhere", tmp_path / "work")


def test_large_photos_shrink_and_their_focal_length_with_them(folder, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 26
    exif[0x0112] = 6
    large = np.kron(load_image(folder / "IMG_0.jpg"), np.ones((2, 2, 1), np.uint8))
    Image.fromarray(large).save(folder / "IMG_0.jpg", exif=exif)
    settings = PhotoSettings(max_side_px=720)
    photo = read_photos(folder, tmp_path / "work", settings=settings).photos[0]
    assert (photo.width_px, photo.height_px) == (540, 720)
    assert photo.focal_px == pytest.approx(26 * 900 / 43.2666, rel=1e-4)
    with Image.open(photo.path) as copy:
        assert copy.size == (540, 720)
        assert copy.getexif().get(0x0112, 1) == 1


def test_heic_and_deep_png_become_jpeg(folder, tmp_path):
    import pillow_heif

    upright = Image.fromarray(load_image(folder / "IMG_0.jpg"))
    pillow_heif.from_pillow(upright).save(folder / "Sofa.HEIC")
    upright.transpose(Image.Transpose.ROTATE_180).convert("RGBA").save(folder / "side.png")
    photos = {p.name: p for p in read_photos(folder, tmp_path / "work").photos}
    for name in ("Sofa.HEIC", "side.png"):
        assert photos[name].path.name == f"{name}.jpg"
        with Image.open(photos[name].path) as copy:
            assert copy.format == "JPEG"


def test_the_same_file_twice_is_used_once(folder, tmp_path):
    shutil.copy(folder / "IMG_4.jpg", folder / "IMG_4 (1).jpg")
    result = read_photos(folder, tmp_path / "work")
    assert len(result.photos) == 10
    assert [n.severity for n in result.notes if n.kind == "duplicate"] == ["refuse"]


def test_hostile_names_stay_in_their_place(folder, tmp_path):
    data = (folder / "IMG_0.jpg").read_bytes()
    for k, name in enumerate([b"a\nb.jpg", b"\xff\xfe.jpg", b"-rf.jpg", b"x" * 240 + b".jpg"]):
        (folder / "IMG_0.jpg").with_name(name.decode("utf-8", "surrogateescape")).write_bytes(
            data + bytes(k + 1)
        )
    photos = read_photos(folder, tmp_path / "work").photos
    assert len(photos) == 14
    for photo in photos:
        assert photo.path.parent == tmp_path / "work" / "upright_photos"
        assert photo.name.isprintable()
        assert photo.name.encode()
        assert len(photo.name) < 120


@given(st.lists(st.text(min_size=1, max_size=150), max_size=12))
def test_safe_names_are_safe_and_unique(names):
    safe = safe_names(names)
    assert len({name.casefold() for name in safe}) == len(names)
    for name in safe:
        assert not set(name) & set("/\\\0\n:*?\"<>|'")
        assert name[0] not in ".- "
        assert name not in {"", ".", ".."}


@given(st.lists(st.text(max_size=12)))
def test_any_names_can_be_put_in_order(names):
    sorted(names, key=by_number)


def test_photos_come_in_the_order_they_were_taken():
    assert sorted(["10.jpg", "9.jpg", "a.jpg", "IMG_2.jpg"], key=by_number) == [
        "9.jpg", "10.jpg", "a.jpg", "IMG_2.jpg",
    ]  # fmt: skip


def test_copies_are_made_anew(folder, tmp_path):
    read_photos(folder, tmp_path / "work")
    (folder / "IMG_9.jpg").unlink()
    read_photos(folder, tmp_path / "work")
    assert not (tmp_path / "work" / "upright_photos" / "IMG_9.jpg").exists()


def test_a_folder_of_somebody_else_is_never_replaced(folder, tmp_path):
    mine = tmp_path / "work" / "upright_photos"
    shutil.copytree(folder, mine)
    for source in (folder, mine):
        with pytest.raises(StorageError, match="not ours"):
            read_photos(source, tmp_path / "work")
    assert len(list(mine.iterdir())) == 10


def test_a_full_disk_leaves_nothing(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match=r"No space left.*Free some space"):
        read_photos(folder, tmp_path / "work")
    assert not left_behind(tmp_path / "work")


def test_stopping_leaves_nothing(folder, tmp_path):
    def stop(share, note=""):
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_photos(folder, tmp_path / "work", stop)
    assert not left_behind(tmp_path / "work")


@pytest.mark.parametrize("wrong", [{"min_photos": 1}, {"max_side_px": 10}])
def test_settings_are_checked(wrong):
    with pytest.raises(SettingsError):
        PhotoSettings(**wrong)
