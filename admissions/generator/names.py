"""Invented names with the frequencies, lengths and rare characters of real ones."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

RARE_SHARE = 0.01  # part of the names with a character outside GBK or of late editions


@cache
def stock() -> dict:
    """The characters and shares in `data/names.toml`."""
    with (Path(__file__).parent / "data" / "names.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _shares(key: str) -> tuple[list[str], np.ndarray]:
    pairs = stock()[key]
    weights = np.array([w for _, w in pairs], float)
    return [name for name, _ in pairs], weights / weights.sum()


def ethnic_codes(rng: np.random.RandomState, count: int) -> list[str]:
    """Codes of GB/T 3304 for `count` candidates, 97.5 % of them 01."""
    codes, shares = _shares("ethnic")
    return [codes[i] for i in rng.choice(len(codes), size=count, p=shares)]


def surnames(rng: np.random.RandomState, count: int) -> list[str]:
    """`count` surnames by frequency, compound ones among them."""
    names, shares = _shares("surnames")
    return [names[i] for i in rng.choice(len(names), size=count, p=shares)]


def full_names(
    rng: np.random.RandomState, families: list[str], ethnic: list[str], sex: np.ndarray
) -> list[str]:
    """A name for each candidate.

    Args:
        rng: source of chance.
        families: surname of each.
        ethnic: code of GB/T 3304 of each; groups with dotted names get one such.
        sex: 1 or 2 of each.
    """
    data = stock()
    n = len(families)
    first, second, single, rare = data["first"], data["second"], data["single"], data["rare"]
    a = rng.randint(0, len(first), n)
    b = rng.randint(0, 10_000, n)
    c = rng.randint(0, 10_000, n)
    women = (sex == 2).astype(int).tolist()
    kind = rng.random_sample(n)
    odd = rng.randint(0, len(rare), n)
    dotted = set(data["dotted_groups"])
    given, father = data["dotted_given"], data["dotted_father"]
    names = []
    for i in range(n):
        if ethnic[i] in dotted:
            names.append(f"{given[a[i] % len(given)]}·{father[b[i] % len(father)]}")
        elif kind[i] < RARE_SHARE / 2:
            names.append(families[i] + rare[odd[i]])
        elif kind[i] < RARE_SHARE:
            names.append(families[i] + first[a[i]] + rare[odd[i]])
        elif kind[i] < 0.16:
            names.append(families[i] + single[women[i]][c[i] % len(single[women[i]])])
        else:
            names.append(families[i] + first[a[i]] + second[women[i]][b[i] % len(second[women[i]])])
    return names
