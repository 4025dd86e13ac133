"""The shape of a transformer: its weights, and the FLOPs a token costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Architecture"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Architecture:
    """A transformer's mean layer and its ends; every field broadcasts.

    Attributes
    ----------
    layers, hidden, heads, vocabulary, sequence : ndarray
        Layers, width of the residual stream, attention heads, tokens known, tokens a sequence [1].
    attention_params : ndarray
        Weights of the projections around attention in a layer [1].
    attention_width : ndarray
        Heads times the mean of the key's and the value's width [1].
    key_width : ndarray
        Width of the keys kept a token [1].
    attention_share : ndarray
        Share of layers that attend over the sequence (1 but for hybrids) [1].
    dense_params, dense_matrices : ndarray
        Weights every token passes in a layer's feed-forward part, shared experts and dense layers
        averaged in, and the number of matrices they come in [1].
    experts, top_k, expert_width : ndarray
        Routed experts a layer, experts a token, both averaged over layers, and the width of one; 0
        for a dense model [1].
    expert_share : ndarray
        Share of layers that route to experts [1].
    tables : ndarray
        1 where input and output share the vocabulary's table, else 2 [1].
    """

    layers: Array
    hidden: Array
    heads: Array
    vocabulary: Array
    sequence: Array
    attention_params: Array
    attention_width: Array
    key_width: Array
    attention_share: Array
    dense_params: Array
    dense_matrices: Array
    experts: Array
    top_k: Array
    expert_width: Array
    expert_share: Array
    tables: Array

    @property
    def router_params(self) -> Array:
        """Weights of the router in a layer [1]."""
        return self.hidden * self.experts

    @property
    def active_params(self) -> Array:
        """Weights a token is multiplied with, the output table included, the input's not [1]."""
        routed = 3.0 * self.hidden * self.expert_width * self.top_k
        layer = self.attention_params + self.dense_params + self.router_params + routed
        return np.asarray(self.layers * layer + self.hidden * self.vocabulary)

    @property
    def params(self) -> Array:
        """All weights [1]."""
        routed = 3.0 * self.hidden * self.expert_width * self.experts
        layer = self.attention_params + self.dense_params + self.router_params + routed
        return np.asarray(self.layers * layer + self.tables * self.hidden * self.vocabulary)

    @property
    def layer_flops_per_token(self) -> Array:
        """FLOPs of all layers a token, forward and backward, full attention counted [FLOP]."""
        weights = self.active_params - self.hidden * self.vocabulary
        scores = self.layers * self.attention_share * self.attention_width * self.sequence
        return np.asarray(6.0 * weights + 12.0 * scores)

    @property
    def model_flops_per_token(self) -> Array:
        """FLOPs a token, forward and backward: ``6 N + 12 L h s`` [FLOP].

        References
        ----------
        .. [1] Chowdhery et al., "PaLM", JMLR 24 (2023), appendix B.
        """
        return np.asarray(self.layer_flops_per_token + 6.0 * self.hidden * self.vocabulary)
