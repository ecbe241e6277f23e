"""How long a rank works by itself in a step. All wait for the slowest, so that their whole steps are alike.

DDP: from the step's begin to the rank's last gradient; whoever waits does so after it. FSDP2: its forward pass,
less the waits for each layer's parameters; its backward pass is one of waits. GPUs measure by events in their
stream.
"""

import time

import torch
from torch import nn


class OwnWork:
    def __init__(self, decoder: nn.Module, parallel: str, device: torch.device):
        self.is_on_gpu = device.type == "cuda"
        self.began = self.ended = None
        self.waits = []
        if parallel == "ddp":
            # It is the first to be used, and gets its gradient last.
            decoder.embedding.register_post_accumulate_grad_hook(self.end)
            return
        for module in (decoder, *decoder.layers):
            # Around FSDP's own hook, which waits.
            module.register_forward_pre_hook(self.wait, prepend=True)
            module.register_forward_pre_hook(self.wait)
        decoder.register_forward_hook(self.end)

    def now(self):
        if not self.is_on_gpu:
            return time.monotonic()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def begin(self) -> None:
        self.began, self.waits = self.now(), []

    @torch.compiler.disable
    def wait(self, *_) -> None:
        self.waits.append(self.now())

    @torch.compiler.disable
    def end(self, *_) -> None:
        self.ended = self.now()

    def seconds(self) -> float:
        """Of the step since `begin`, once its work is done, the GPU's too."""
        waited = sum(self.between(*pair) for pair in zip(self.waits[::2], self.waits[1::2]))
        return self.between(self.began, self.ended) - waited

    def between(self, earlier, later) -> float:
        return earlier.elapsed_time(later) / 1000 if self.is_on_gpu else later - earlier
