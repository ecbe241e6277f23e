"""Batches of tokens: the corpus's shards, read in the order of docs/batch-order.md. T: tokens of a sequence.

Which tokens a step reads is a function of the seed and the step, and of nothing else: there is no state to
save, and after any restart the next step reads what it would have read.
"""

import ctypes
import hashlib
import json
import math
import os
import zlib
from functools import cached_property
from typing import Iterator, NamedTuple

import torch
from torch import Tensor

from spool import Refused

END_OF_TEXT = 256
NOT_COUNTED = -1
"""A target that is not counted: padding, or the end-of-text token, which stands for no bytes."""

SHARE_PARTS = 2**20
ROUNDS = 6
MASK = 0xFFFFFFFF


def mix32(x: int) -> int:
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & MASK
    x = ((x ^ (x >> 15)) * 0x846CA68B) & MASK
    return x ^ (x >> 16)


def hash32(*words: int) -> int:
    h = 0
    for word in words:
        h = mix32(((h ^ word) + 0x9E3779B9) & MASK)
    return h


def permute(index: int, size: int, key: int) -> int:
    """The index-th element of the permutation of 0 .. size - 1 that `key` picks."""
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    keys = [hash32(key, number) for number in range(ROUNDS)]
    value = index
    while True:
        left, right = value >> half, value & ((1 << half) - 1)
        for key_of_round in keys:
            left, right = right, left ^ (mix32(right ^ key_of_round) & ((1 << half) - 1))
        value = (left << half) + right
        if value < size:
            return value


def interleave(shares: list[float], sequence: int) -> tuple[int, int]:
    """The source of a sequence, and how many of that source come before it: down a binary tree."""
    low, high, ordinal = 0, len(shares), sequence
    while high - low > 1:
        middle = (low + high) // 2
        share = math.floor(sum(shares[low:middle]) / sum(shares[low:high]) * SHARE_PARTS + 0.5)
        share = min(max(share, 1), SHARE_PARTS - 1)
        left = (ordinal * share + SHARE_PARTS // 2) // SHARE_PARTS
        goes_left = ((ordinal + 1) * share + SHARE_PARTS // 2) // SHARE_PARTS > left
        low, high, ordinal = (low, middle, left) if goes_left else (middle, high, ordinal - left)
    return low, ordinal


def place_of(
    shares: list[float], lengths: list[int], seed: int, T: int, sequence: int
) -> tuple[int, int, int]:
    """Source, epoch and first token of the `sequence`-th training sequence."""
    source, ordinal = interleave(shares, sequence)
    windows = (lengths[source] - 1) // T
    epoch = ordinal // windows
    return source, epoch, permute(ordinal % windows, windows, hash32(seed, source, epoch)) * T


class Tokens:
    """The tokens of several shards, one after the other, mapped into memory."""

    def __init__(self, shards: list[Tensor]):
        self.shards = shards
        self.length = sum(len(shard) for shard in shards)

    def cut(self, start: int, end: int) -> Tensor:
        parts, offset = [], 0
        for shard in self.shards:
            part = shard[max(start - offset, 0) : max(end - offset, 0)]
            if len(part) > 0:
                parts.append(part.to(torch.int64))
            offset += len(shard)
        return torch.cat(parts)


class Source(NamedTuple):
    name: str
    share: float
    train: Tokens
    held_out: Tokens


class Batch(NamedTuple):
    """Both [B, T]; the targets are the inputs moved on by one."""

    inputs: Tensor
    targets: Tensor

    def checksum(self) -> int:
        """What `longrun record audit` holds against the corpus."""
        crc = 0
        for tokens in self:
            crc = zlib.crc32(view_of(tokens.to(torch.int32)), crc)
        return crc


class Corpus:
    def __init__(self, folder: str, checks: bool):
        """`checks`: whether to read every byte and compare its hash; one rank does it for all."""
        self.folder = folder
        with open(os.path.join(folder, "manifest.json")) as file:
            self.manifest = json.load(file)
        self.sources = [
            Source(
                source["name"],
                source["share"],
                Tokens([self.shard(name, checks) for name in source["train"]["shards"]]),
                Tokens([self.shard(name, checks) for name in source["heldOut"]["shards"]]),
            )
            for source in self.manifest["sources"]
        ]

    def shard(self, name: str, checks: bool) -> Tensor:
        path = os.path.join(self.folder, "tokens", name)
        with open(f"{path}.json") as file:
            header = json.load(file)
        whole = os.path.getsize(f"{path}.bin") == 2 * header["tokens"]
        ours = header["tokenizerHash"] == self.manifest["tokenizer"]["hash"]
        if not whole or not ours or (checks and sha256_of(f"{path}.bin") != header["sha256"]):
            raise Refused(
                f"the shard {path}.bin is damaged, or was made with another tokenizer",
                f"sha256 {header['sha256']}",
                f"delete {path}.bin and prepare the corpus again",
            )
        if header["tokens"] == 0:
            return torch.empty(0, dtype=torch.uint16)
        return torch.from_file(f"{path}.bin", shared=False, size=header["tokens"], dtype=torch.uint16)

    @cached_property
    def token_bytes(self) -> Tensor:
        """Bytes of text behind each token. The tokenizer spells each byte by one character."""
        with open(os.path.join(self.folder, "tokenizer.json")) as file:
            vocabulary = json.load(file)["model"]["vocab"]
        lengths = torch.zeros(self.manifest["tokenizer"]["vocabularySize"], dtype=torch.int64)
        for spelling, token in vocabulary.items():
            lengths[token] = len(spelling)
        return lengths

    def batch(self, seed: int, T: int, sequences: range) -> Batch:
        """These training sequences."""
        shares = [source.share for source in self.sources]
        lengths = [source.train.length for source in self.sources]
        rows = []
        for sequence in sequences:
            source, _, start = place_of(shares, lengths, seed, T, sequence)
            rows.append(self.sources[source].train.cut(start, start + T + 1))
        tokens = torch.stack(rows)
        return Batch(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())

    def held_out(self, T: int, batch: int, most_tokens: int) -> Iterator[tuple[str, Batch]]:
        """The same evenly spread windows of every source, for every run that asks for as many tokens."""
        most_of_source = math.ceil(most_tokens / len(self.sources))
        for source in self.sources:
            length = source.held_out.length
            every = math.ceil((length - 1) / T)
            count = min(every, max(1, most_of_source // T))
            starts = [int((i + 0.5) * every / count) * T for i in range(count)]
            for first in range(0, count, batch):
                inputs = torch.full((batch, T), END_OF_TEXT)
                targets = torch.full((batch, T), NOT_COUNTED)
                for row, start in enumerate(starts[first : first + batch]):
                    tokens = source.held_out.cut(start, min(start + T + 1, length))
                    inputs[row, : len(tokens) - 1] = tokens[:-1]
                    targets[row, : len(tokens) - 1] = tokens[1:].where(tokens[1:] != END_OF_TEXT, NOT_COUNTED)
                yield source.name, Batch(inputs, targets)


def view_of(tensor: Tensor) -> ctypes.Array:
    """Its bytes, not copied; without numpy, which torch does not bring along."""
    assert tensor.is_contiguous()
    view = (ctypes.c_char * tensor.nbytes).from_address(tensor.data_ptr())
    view.owner = tensor
    return view


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**22):
            digest.update(block)
    return digest.hexdigest()
