"""How far a picture is from a photo, with gradients: absolute difference and SSIM."""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray

#: Wang et al., *Image quality assessment* (2004), for values of 0 to 1.
_C1, _C2 = 0.01**2, 0.03**2
_WINDOW, _SIGMA = 11, 1.5
#: Share of SSIM in the loss, as Kerbl et al. (2023) have it.
SSIM_SHARE = 0.2


def ssim_map(image: AnyArray, photo: AnyArray) -> AnyArray:
    """SSIM at each pixel and channel, shape (h, w, 3)."""
    A1, A2, B1, B2, *_ = _ssim_parts(image, photo)
    return np.asarray(A1 * A2 / (B1 * B2))


def loss(image: AnyArray, photo: AnyArray, share: float = SSIM_SHARE) -> tuple[float, AnyArray]:
    """``(1 - share) * mean |difference| + share * (1 - mean SSIM)`` and its gradient.

    Parameters
    ----------
    image, photo : ndarray, shape (h, w, 3)
        0 to 1.

    Returns
    -------
    value : float
    gradient : ndarray, shape (h, w, 3)
        With respect to `image`.
    """
    count = image.size
    apart = image - photo
    A1, A2, B1, B2, mu_x, mu_y = _ssim_parts(image, photo)
    over = 1 / (B1 * B2)
    ssim = A1 * A2 * over
    of_cross = 2 * A1 * over
    of_square = -ssim / B2
    of_mean = 2 * mu_y * A2 * over - 2 * mu_x * ssim / B1 - 2 * mu_x * of_square - mu_y * of_cross
    of_ssim = _blurred(of_mean) + 2 * image * _blurred(of_square) + photo * _blurred(of_cross)
    value = (1 - share) * float(np.abs(apart).mean()) + share * (1 - float(ssim.mean()))
    gradient = ((1 - share) * np.sign(apart) - share * of_ssim) / count
    return value, gradient.astype(image.dtype)


def psnr(image: AnyArray, photo: AnyArray, where: BoolArray) -> float:
    """Peak signal to noise in dB over some pixels."""
    error = float(np.mean((image[where] - photo[where]) ** 2))
    return float(-10 * np.log10(max(error, 1e-12)))


def ssim(image: AnyArray, photo: AnyArray, where: BoolArray) -> float:
    """Mean SSIM over some pixels."""
    return float(ssim_map(image, photo)[where].mean())


def _ssim_parts(x: AnyArray, y: AnyArray) -> tuple[AnyArray, ...]:
    mu_x, mu_y = _blurred(x), _blurred(y)
    var_x = _blurred(x * x) - mu_x * mu_x
    var_y = _blurred(y * y) - mu_y * mu_y
    cross = _blurred(x * y) - mu_x * mu_y
    return (
        2 * mu_x * mu_y + _C1, 2 * cross + _C2, mu_x * mu_x + mu_y * mu_y + _C1,
        var_x + var_y + _C2, mu_x, mu_y,
    )  # fmt: skip


def _blurred(image: AnyArray) -> AnyArray:
    """By the window, zero beyond the edges: then blurring is its own transpose."""
    return cv2.GaussianBlur(
        image, (_WINDOW, _WINDOW), _SIGMA, sigmaY=_SIGMA, borderType=cv2.BORDER_CONSTANT
    )
