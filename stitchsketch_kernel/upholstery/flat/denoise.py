"""A panel's surface without the scan's noise, its seams held.

Flattening a noisy surface lays the noise flat too: 0.5 mm of it makes a panel 15 % larger. The
interior is smoothed by an implicit bi-Laplacian, ``(M + h^4 L M^-1 L) x = M v``, which leaves
planes, cylinders and everything longer than about 6 h alone.
"""

from __future__ import annotations

import igl
import numpy as np
from scipy.sparse import csc_array, diags_array

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.upholstery.flat.assembled import factored

#: What smoothing took off is smoothed so often again and given back: bends that it flattened (most
#: beside a seam) come back, noise does not (Tukey's twicing).
_AGAIN = 2


def denoise(
    vertices: FloatArray, faces: IntArray, held: IntArray, reach: float, rounds: int = 2
) -> FloatArray:
    """Smooth a surface, its held vertices staying.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    held : ndarray of int
        Vertices that stay: the seams.
    reach : float
        h, in the vertices' unit: bumps much shorter than this go.
    rounds : int
        The weights of the Laplacian are those of the surface smoothed so far.

    Returns
    -------
    ndarray, shape (n, 3)

    Raises
    ------
    FlattenError
        Triangles without area leave the solver without an answer.
    """
    free = np.setdiff1d(np.arange(len(vertices)), held)
    if not len(free):
        return vertices
    smooth = vertices
    for _ in range(rounds):
        smooth = _solve(vertices, smooth, faces, free, held, reach)
    return smooth


def _solve(
    target: FloatArray,
    shape: FloatArray,
    faces: IntArray,
    free: IntArray,
    held: IntArray,
    reach: float,
) -> FloatArray:
    V = np.ascontiguousarray(shape, dtype=np.float64)
    F = np.ascontiguousarray(faces, dtype=np.int64)
    L = csc_array(igl.cotmatrix(V, F))
    mass = np.asarray(igl.massmatrix(V, F, igl.MASSMATRIX_TYPE_VORONOI).diagonal())
    mass = np.maximum(mass, 1e-3 * float(np.median(mass)))
    # a border's Laplacian points along the surface even on a plane: it must not bend the inside
    inverse = 1 / mass
    inverse[held] = 0.0
    A = csc_array(diags_array(mass) + reach**4 * (L @ diags_array(inverse) @ L))
    right = mass[:, None] * target - A[:, held] @ target[held]
    try:
        solver = factored(csc_array(A[free][:, free]))
    except RuntimeError as error:
        raise FlattenError(
            "A panel could not be smoothed: its mesh has triangles without area.",
            "Scan that side again.",
        ) from error
    out = target.copy()
    out[free] = solver.solve(np.ascontiguousarray(right[free]))
    for _ in range(_AGAIN):
        left = mass[free, None] * (target[free] - out[free])
        out[free] += solver.solve(np.ascontiguousarray(left))
    return out
