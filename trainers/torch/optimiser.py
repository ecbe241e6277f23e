"""AdamW as longrun's engine has it: rates by role (mu-P), clipped by the global norm, linear schedule."""

import math

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

WARM_UP_SHARE = 0.05


def learning_rate_at(step: int, num_steps: int, peak: float) -> float:
    """Of a step, counted from 1 (arXiv 2502.15938)."""
    warm_up = max(1, math.floor(WARM_UP_SHARE * num_steps + 0.5))
    if step <= warm_up:
        return peak * step / warm_up
    return peak * (num_steps + 1 - step) / (num_steps + 1 - warm_up)


def is_gain(name: str) -> bool:
    return name.endswith("Norm")


def optimiser_of(model: nn.Module, spec: dict) -> torch.optim.AdamW:
    """Matrices learn slower by 1 / width (arXiv 2203.03466, table 8); gains are not decayed."""
    settings, shape = spec["optimiser"], spec["shape"]
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        is_looked_up = name == "embedding" and not shape["tiedEmbeddings"]
        scale = 1.0 if is_gain(name) or is_looked_up else settings["baseWidth"] / shape["width"]
        decay = 0.0 if is_gain(name) else settings["weightDecay"]
        groups.setdefault((scale, decay), []).append(parameter)
    optimiser = torch.optim.AdamW(
        [
            {"params": parameters, "scale": scale, "weight_decay": decay}
            for (scale, decay), parameters in groups.items()
        ],
        lr=0.0,
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
    )
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            optimiser.state[parameter] = {
                "step": torch.tensor(0.0),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
    return optimiser


def gradient_norm(model: nn.Module) -> Tensor:
    """Of all gradients together, over all ranks."""
    norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()])
    return norm.full_tensor() if isinstance(norm, DTensor) else norm


def update(optimiser: torch.optim.AdamW, norm: float, clip: float, learning_rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate * group["scale"]
        if norm > clip:
            torch._foreach_mul_([parameter.grad for parameter in group["params"]], clip / norm)
    optimiser.step()
    optimiser.zero_grad()
