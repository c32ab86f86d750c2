"""Everybody at once: random deeds from many connections, then a look at every row.

    ZHONGZHAO_STRESS_SECONDS=300 ZHONGZHAO_STRESS_SEED=7 pytest -s tests/stress -k storm

The dice of each connection are seeded, so that the same deeds are tried again; who meets whom is not repeated.
"""

import os
import random
import time
import traceback
from collections import Counter
from threading import Lock

import pytest
from django.db import connections

from accounts.refusals import Refusal
from tests.concurrency import in_threads

from .deeds import DEEDS, Nothing
from .faults import faults
from .world import World, world_make

CONNECTIONS = 12


class Storm:
    """Deeds by chance from several connections, counted.

    Args:
        world: whom they are about.
        seconds: how long.
        seed: of the dice.
    """

    def __init__(self, world: World, seconds: float, seed: int):
        self.world, self.seconds, self.seed = world, seconds, seed
        self.came_to: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()
        self.broken: dict[str, str] = {}
        self._lock = Lock()

    def blow(self) -> None:
        """Do it; what is neither done nor refused is in ``broken``."""
        self.until = time.monotonic() + self.seconds
        in_threads(CONNECTIONS, self._one)

    def _one(self, index: int) -> None:
        rng = random.Random(self.seed * 1000 + index)
        deeds, weights = zip(*DEEDS, strict=True)
        while time.monotonic() < self.until:
            deed = rng.choices(deeds, weights)[0]
            result, words = "done", ""
            try:
                deed(self.world, rng)
            except Nothing:
                result = "nothing"
            except Refusal as refusal:
                result, words = "refused", f"{deed.__name__}: {str(refusal)[:60]}"
            except Exception:
                result, words = "broken", traceback.format_exc()
            with self._lock:
                self.came_to[deed.__name__, result] += 1
                if result == "refused":
                    self.refused[words] += 1
                elif result == "broken":
                    self.broken.setdefault(f"{deed.__name__}: {words.splitlines()[-1]}", words)

    def told(self) -> str:
        """One line for each kind of deed."""
        lines = [f"\n{'seed ' + str(self.seed):<32}{'done':>8}{'refused':>9}{'nothing':>9}{'broken':>8}"]
        for deed, _ in DEEDS:
            numbers = [
                self.came_to[deed.__name__, result] for result in ("done", "refused", "nothing", "broken")
            ]
            lines.append(f"{deed.__name__:<32}{numbers[0]:>8}{numbers[1]:>9}{numbers[2]:>9}{numbers[3]:>8}")
        total = sum(count for (_, result), count in self.came_to.items() if result == "done")
        return "\n".join(
            [*lines, f"{total} deeds done in {self.seconds:.0f} s from {CONNECTIONS} connections"]
        )


@pytest.fixture
def world(transactional_db, media) -> World:
    return world_make()


@pytest.mark.slow
def test_storm(world):
    seconds = float(os.environ.get("ZHONGZHAO_STRESS_SECONDS", 25))
    storm = Storm(world, seconds, int(os.environ.get("ZHONGZHAO_STRESS_SEED", 1)))
    storm.blow()
    print(storm.told())  # noqa: T201
    if os.environ.get("ZHONGZHAO_STRESS_WORDS"):
        print(*(f"{count:>6} {words}" for words, count in storm.refused.most_common(80)), sep="\n")  # noqa: T201
    wrong = faults()
    connections.close_all()
    wrong = [*storm.broken.values(), *storm.broken, *wrong]
    assert not wrong, "\n".join(wrong)
    done = {deed for (deed, result), count in storm.came_to.items() if result == "done" and count}
    assert len(done) >= len(DEEDS) - 2, {deed.__name__ for deed, _ in DEEDS} - done
