"""Step time of vision and diffusion models: convolutions and attention as matrix products.

A convolution is a product with a row for every place of its output, as wide inside as its kernel
sees channels. Models are small beside their activations, so they are trained data parallel: each
chip passes its samples through all layers, writing and reading activations between them, and the
gradients are reduced behind the backward pass as far as that is long enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.laws.collectives import Network, collective_time_s
from simulator.laws.matmul import WORD_B, matmul_s

__all__ = ["VisionModel", "VisionSoftware", "vision_step_s"]

Array = NDArray[np.float64]

#: How sharply the longer of two overlapping activities hides the other (p-norm exponent).
_OVERLAP_NORM = 4.0


@dataclass(frozen=True)
class VisionModel:
    """Layers of a model as products, a sample.

    Attributes
    ----------
    products : sequence of (places, inner, outer, copies)
        Places of the output [1/sample], width inside (kernel times channels) and channels out, and
        how many there are of each [1].
    shared : float
        Layers' weights beyond those of the products, as of an embedding [1].
    """

    products: Sequence[tuple[float, float, float, float]]
    shared: float = 0.0

    @property
    def params(self) -> float:
        """Weights [1]."""
        return self.shared + float(sum(i * o * n for _, i, o, n in self.products))

    @property
    def flops(self) -> float:
        """FLOPs of a sample, forward and backward [FLOP]."""
        return 6.0 * float(sum(p * i * o * n for p, i, o, n in self.products))

    @property
    def activations(self) -> float:
        """Numbers the layers put out, a sample [1]."""
        return float(sum(p * o * n for p, _, o, n in self.products))

    @property
    def layers(self) -> float:
        """Products [1]."""
        return float(sum(n for _, _, _, n in self.products))


@dataclass(frozen=True)
class VisionSoftware:
    """Constants of software; every field broadcasts.

    Attributes
    ----------
    matmul_fraction : array_like
        Share of peak large products reach [1], in (0, 1].
    half_rows, half_width : array_like
        Rows and width at which they reach half of it, as in `matmul_s` [1].
    memory_fraction : array_like
        Share of memory bandwidth passes over activations reach [1], in (0, 1].
    activation_passes : array_like
        Times a forward pass writes or reads what a layer puts out (normalise, activate, add) [1].
    layer_s : array_like
        Least time of one layer's pass, however little it has to do [s].
    step_s : array_like
        Fixed time of a step [s].
    straggle : array_like
        Loss per doubling of hosts: the slowest of many [1].
    """

    matmul_fraction: ArrayLike
    half_rows: ArrayLike
    half_width: ArrayLike
    memory_fraction: ArrayLike
    activation_passes: ArrayLike
    layer_s: ArrayLike
    step_s: ArrayLike
    straggle: ArrayLike


def vision_step_s(
    model: VisionModel,
    software: VisionSoftware,
    network: Network,
    *,
    batch: ArrayLike,
    chips: ArrayLike,
    peak_flops_per_s: ArrayLike,
    memory_b_per_s: ArrayLike,
    domain: ArrayLike,
) -> Array:
    """Time of a step over the global batch [s].

    Parameters
    ----------
    model, software, network
        See their classes.
    batch, chips : array_like
        Samples a step over all chips, and chips [1], >= 1. Fewer samples than chips split each.
    peak_flops_per_s, memory_b_per_s, domain : array_like
        Of a chip: peak [FLOP/s], memory bandwidth [B/s], chips in a scale-up domain [1].

    Returns
    -------
    ndarray
        Seconds; never more with more of a resource.

    Examples
    --------
    One product of 1e6 places, a thousand wide both ways, on 8 samples: 48 TFLOP over 8 chips.

    >>> step = vision_step_s(
    ...     VisionModel([(1e6, 1e3, 1e3, 1)]),
    ...     VisionSoftware(1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0),
    ...     Network(1e12, 1e11, up_latency_s=0.0), batch=8, chips=8,
    ...     peak_flops_per_s=1e15, memory_b_per_s=1e13, domain=8)
    >>> round(1e3 * float(step), 2)
    6.0
    """
    n = np.maximum(np.asarray(chips, np.float64), 1.0)
    each = np.asarray(batch, np.float64) / n
    memory = np.asarray(memory_b_per_s, np.float64) * np.asarray(software.memory_fraction)
    forward: Array = np.zeros(np.broadcast(each, memory).shape)
    for places, inner, outer, copies in model.products:
        product = matmul_s(
            each * places,
            inner,
            outer,
            peak_flops_per_s=peak_flops_per_s,
            fraction=software.matmul_fraction,
            memory_b_per_s=memory,
            half_rows=software.half_rows,
            half_width=software.half_width,
        )
        passes = WORD_B * np.asarray(software.activation_passes) * each * places * outer / memory
        forward = forward + copies * _longer(product + passes, software.layer_s)
    # Backward meets every weight and every activation twice.
    backward = 2.0 * forward
    gradients = collective_time_s("all_reduce", WORD_B * model.params, n, domain, network)
    hosts = np.maximum(n / 8.0, 1.0)
    slow = 1.0 + np.asarray(software.straggle) * np.log2(hosts)
    return np.asarray(
        (forward + _longer(backward, gradients)) * slow + np.asarray(software.step_s), np.float64
    )


def _longer(first: ArrayLike, second: ArrayLike) -> Array:
    """Length of two overlapping stretches: the longer, a little more where they are alike."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    big = np.maximum(np.maximum(a, b), 1e-30)
    return np.asarray(big * (1.0 + (np.minimum(a, b) / big) ** _OVERLAP_NORM) ** 0.25)
