"""Dense depth of each view. Engines stand behind one interface; `depth_maps` picks one."""

from stitchsketch_kernel.reconstruction.dense.cuda import engine_used
from stitchsketch_kernel.reconstruction.dense.interface import Asked, DenseEngine, DenseSettings
from stitchsketch_kernel.reconstruction.dense.maps import depth_maps, each_depth

__all__ = ["Asked", "DenseEngine", "DenseSettings", "depth_maps", "each_depth", "engine_used"]
