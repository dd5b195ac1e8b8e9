"""What the tests against reference implementations share: lively random weights, and the log-odds of their answers."""

from pathlib import Path

import numpy as np
import torch

torch.set_num_threads(1)
TOLERANCE = 1e-4


def enliven(model: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Random weights that let every part of a net be heard: as they are first made, biases are 0, norms do nothing, and an error in them would not show."""
    random = torch.Generator().manual_seed(seed)

    def normal(like: torch.Tensor, spread: float) -> torch.Tensor:
        return torch.randn(like.shape, generator=random) * spread

    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.ndim < 2:
                around = 1.0 if name.endswith("weight") else 0.0
                values.copy_(around + normal(values, 0.1))
            elif name.endswith(("original0", "weight_g")):
                values.copy_(values * (1 + normal(values, 0.1)))
            elif values.shape[0] == 1:
                values.copy_(normal(values, 0.5))
            else:
                values.copy_(normal(values, values[0].numel() ** -0.5))
        for name, values in model.named_buffers():
            if name.endswith("running_mean"):
                values.copy_(normal(values, 0.1))
            elif name.endswith("running_var"):
                values.copy_(1 + normal(values, 0.1))
    return model.eval()


class SyncNet(torch.nn.Module):
    """Both towers of syncnet_v2, with the names that its publisher gives the layers: three a convolution, and a fourth where a pool follows."""

    def __init__(self) -> None:
        super().__init__()
        flat, deep = (torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.MaxPool2d), (torch.nn.Conv3d, torch.nn.BatchNorm3d, torch.nn.MaxPool3d)
        self.netcnnaud = _stack(flat, (
            (1, 64, (3, 3), 1, 1, ((1, 1), 1, 0)), (64, 192, (3, 3), 1, 1, ((3, 3), (1, 2), 0)), (192, 384, (3, 3), 1, 1, None), (384, 256, (3, 3), 1, 1, None),
            (256, 256, (3, 3), 1, 1, ((3, 3), 2, 0)), (256, 512, (5, 4), 1, 0, None),
        ))
        wide, even, pooled = (1, 2, 2), (0, 1, 1), (1, 3, 3)
        self.netcnnlip = _stack(deep, (
            (3, 96, (5, 7, 7), wide, 0, (pooled, wide, 0)), (96, 256, (1, 5, 5), wide, even, (pooled, wide, even)), (256, 256, (1, 3, 3), 1, even, None),
            (256, 256, (1, 3, 3), 1, even, None), (256, 256, (1, 3, 3), 1, even, (pooled, wide, 0)), (256, 512, (1, 6, 6), 1, 0, None),
        ))
        self.netfcaud, self.netfclip = (
            torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.BatchNorm1d(512), torch.nn.ReLU(), torch.nn.Linear(512, 1024)) for _ in range(2)
        )

    def voice(self, cepstra: torch.Tensor) -> torch.Tensor:
        return self.netfcaud(self.netcnnaud(cepstra).flatten(1))

    def face(self, frames: torch.Tensor) -> torch.Tensor:
        return self.netfclip(self.netcnnlip(frames).flatten(1))


def _stack(kinds: tuple, layers: tuple) -> torch.nn.Sequential:
    convolution, norm, pool = kinds
    parts: list[torch.nn.Module] = []
    for given, out, kernel, stride, padding, pooling in layers:
        parts += [convolution(given, out, kernel, stride, padding), norm(out), torch.nn.ReLU()]
        if pooling:
            parts.append(pool(*pooling))
    return torch.nn.Sequential(*parts)


def run(model: torch.nn.Module, rows: np.ndarray) -> np.ndarray:
    """The logits, whatever they are wrapped in."""
    with torch.no_grad():
        given = model(torch.from_numpy(rows.astype(np.float32)))
    return (given if isinstance(given, torch.Tensor) else given.logits).numpy()


def log_odds(logits: np.ndarray, fake: int) -> np.ndarray:
    if logits.shape[1] == 1:
        return logits
    rest = np.delete(logits.astype(np.float64), fake, axis=1)
    return (logits[:, fake] - np.log(np.exp(rest).sum(axis=1)))[:, None]


def picture(rows: int, side: int) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.7, (rows, 3, side, side)).astype(np.float32)


def save_published(model, folder: Path, labels: dict[int, str] | None = None) -> Path:
    """As a hub lays it out."""
    if labels:
        model.config.id2label = labels
    model.save_pretrained(folder)
    return folder
