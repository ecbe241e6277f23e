"""The decoder that longrun's own engine trains: RMS norm, rotary positions, grouped-query attention.

Parameters have the names of its checkpoints (camel case), so that either trainer reads what the other wrote.
B sequences of T tokens, C width, H query heads, G key/value heads, D numbers a head, F features.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NOT_COUNTED = -1


class Block(nn.Module):
    def __init__(self, shape: dict):
        super().__init__()
        C, H, G, D = (shape[name] for name in ("width", "numHeads", "numKeyValueHeads", "headDim"))
        features = shape["feedForwardWidth"]
        self.heads = (H, G, D)
        self.epsilon = shape["normEpsilon"]
        self.is_gated = shape.get("feedForward", "swiglu") == "swiglu"
        self.attentionNorm = parameter(C)
        self.queryKeyValue = parameter((H + 2 * G) * D, C)
        self.queryNorm = parameter(D) if shape.get("queryKeyNorm") else None
        self.keyNorm = parameter(D) if shape.get("queryKeyNorm") else None
        self.attentionOutput = parameter(C, H * D)
        self.feedForwardNorm = parameter(C)
        if self.is_gated:
            self.gateUp = parameter(2 * features, C)
        else:
            self.up = parameter(features, C)
        self.down = parameter(C, features)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(rms_norm(x, self.attentionNorm, self.epsilon), cos, sin)
        return x + self.feed_forward(rms_norm(x, self.feedForwardNorm, self.epsilon))

    def attention(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        B, T, _ = x.shape
        H, G, D = self.heads
        heads = F.linear(x, self.queryKeyValue).view(B, T, H + 2 * G, D).transpose(1, 2)
        query, key, value = heads.split([H, G, G], dim=1)
        if self.queryNorm is not None:
            query = rms_norm(query, self.queryNorm, self.epsilon)
            key = rms_norm(key, self.keyNorm, self.epsilon)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=H != G)
        return F.linear(mixed.transpose(1, 2).reshape(B, T, H * D), self.attentionOutput)

    def feed_forward(self, x: Tensor) -> Tensor:
        if not self.is_gated:
            return F.linear(F.gelu(F.linear(x, self.up), approximate="tanh"), self.down)
        gate, up = F.linear(x, self.gateUp).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, self.down)


class Decoder(nn.Module):
    def __init__(self, shape: dict, sequence_length: int):
        super().__init__()
        self.epsilon = shape["normEpsilon"]
        self.embedding = parameter(shape["vocabularySize"], shape["width"])
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape["numLayers"]))
        self.finalNorm = parameter(shape["width"])
        self.head = None if shape["tiedEmbeddings"] else parameter(shape["vocabularySize"], shape["width"])
        angles = rotary_angles(sequence_length, shape["headDim"], shape["ropeBase"])
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Nats of each target, [B, T]; 0 where a target is not counted."""
        x = F.embedding(tokens, self.embedding)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        x = rms_norm(x, self.finalNorm, self.epsilon)
        logits = F.linear(x, self.embedding if self.head is None else self.head).float()
        return F.cross_entropy(
            logits.transpose(1, 2), targets, ignore_index=NOT_COUNTED, reduction="none"
        )


def parameter(*shape: int) -> nn.Parameter:
    """Its values come from a file: the initial ones are the engine's own, a function of seed and name."""
    return nn.Parameter(torch.empty(shape))


def rms_norm(x: Tensor, gain: Tensor, epsilon: float) -> Tensor:
    return F.rms_norm(x, gain.shape, gain, epsilon)


def rotary_angles(sequence_length: int, head_dim: int, base: float) -> Tensor:
    """[T, D / 2]: how far each pair of numbers is turned at each position."""
    exponents = -2 * torch.arange(head_dim // 2, dtype=torch.float64) / head_dim
    return torch.outer(torch.arange(sequence_length, dtype=torch.float64), base**exponents)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Number i of a head turns with number i + D / 2, as in Llama."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)
