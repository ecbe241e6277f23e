"""Whether the replicas of a model are alike to the bit: checksums of what each rank has, compared.

All begin alike and add the same gradients, so that they stay alike as long as no bit of one changes by
itself. Of a model of which each rank keeps a part (FSDP2) there is nothing to compare.
"""

import torch
from torch import Tensor, nn

from checkpoint import state_of

EVERY_STEPS = 32
"""Between two comparisons of the parameters. A save is preceded by one of the moments, too."""

BLOCK = 2**20
"""Numbers that are weighed at once, so that a copy of them stays small."""

MULTIPLIER = 1_000_003
"""Odd, as the weights are: a single flipped bit changes the sum, wherever it stands."""

HALF = 2**32
"""Halves of a checksum are exact in float64, in which the ranks add up what they tell each other."""


class Replicas:
    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, rank: int, size: int):
        """`size`: how many replicas there are. One has nobody to differ from."""
        self.model, self.optimiser, self.rank, self.size = model, optimiser, rank, size
        device = next(model.parameters()).device
        self.weights = torch.arange(1, 2 * BLOCK, 2, device=device) if size > 1 else None
        self.steps_seen = 0

    def tell_step(self) -> list[float]:
        """For the ranks' sum of each step: nothing, or places for all, of which this one fills its own."""
        self.steps_seen += 1
        is_due = self.size > 1 and self.steps_seen % EVERY_STEPS == 1
        return self.told(list(self.model.parameters())) if is_due else []

    def tell_save(self) -> list[float]:
        """The same of all that a checkpoint has."""
        return self.told(list(state_of(self.model, self.optimiser).values())) if self.size > 1 else []

    def told(self, tensors: list[Tensor]) -> list[float]:
        places = [0.0] * (2 * self.size)
        places[2 * self.rank : 2 * self.rank + 2] = divmod(self.checksum(tensors), HALF)
        return places

    @torch.no_grad()
    def checksum(self, tensors: list[Tensor]) -> int:
        """Of every bit and of where it stands; whole numbers that wrap around at 64 bits."""
        bits = [tensor.contiguous().view(torch.int32).flatten() for tensor in tensors]
        blocks = [block for part in bits for block in part.split(BLOCK)]
        sums = torch.stack([(block * self.weights[: len(block)]).sum() for block in blocks])
        total = 0
        for part in sums.tolist():
            total = (total * MULTIPLIER + part) % HALF**2
        return total


def checksums_in(told: list[float]) -> list[str]:
    """By rank, from the sum of what all have told."""
    return [f"{int(high) * HALF + int(low):016x}" for high, low in zip(told[::2], told[1::2])]
