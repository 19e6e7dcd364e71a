"""The words of made-up issues, as frequent as words are: the n-th about 1/n as often as the first (Zipf).

Several thousand: what holds sentences together, what engineers write about, identifiers, paths, versions,
error codes, and words in other scripts. Names of people are given names with surnames that nobody bears.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, product
from pathlib import Path
from random import Random


@cache
def section(name: str) -> tuple[str, ...]:
    """The words of a section of vocabulary.txt."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    sections = (part.partition("]\n") for part in text.split("[") if part)
    return {head: tuple(body.split()) for head, _, body in sections}[name]


@cache
def words() -> tuple[str, ...]:
    """All words, the most frequent first."""
    dice = Random("vocabulary")  # noqa: S311 - the same words every time
    verbs, nouns = section("verbs"), section("nouns")
    plain = [*verbs, *nouns, *section("qualities"), *section("named")]
    dice.shuffle(plain)
    pairs = list(product(verbs, nouns))
    things = list(product(nouns, nouns))
    made = [f"{verb}{noun.title()}" for verb, noun in dice.sample(pairs, 700)]
    made += [f"{verb}_{noun}" for verb, noun in dice.sample(pairs, 700)]
    made += [f"{one.title()}{other.title()}" for one, other in dice.sample(things, 300)]
    made += [f"{one.upper()}_{other.upper()}" for one, other in dice.sample(things, 150)]
    made += [f"{one}-{other}" for one, other in dice.sample(things, 200)]
    made += [f"src/{one}/{other}.py" for one, other in dice.sample(things, 250)]
    made += [f"/etc/{one}/{other}.conf" for one, other in dice.sample(things, 80)]
    made += [f"{one}.{other}()" for one, other in dice.sample(things, 200)]
    made += [f"v{dice.randrange(6)}.{dice.randrange(20)}.{dice.randrange(10)}" for _ in range(250)]
    made += [f"E{dice.randrange(1000, 9999)}" for _ in range(200)]
    made += [f"0x{dice.randrange(1 << 32):08x}" for _ in range(100)]
    made += [f"#{dice.randrange(1, 5000)}" for _ in range(100)]
    made += [str(dice.randrange(2, 9000)) for _ in range(200)]
    made += [*section("cyrillic"), *section("cjk"), *section("accented")]
    dice.shuffle(made)
    return tuple(dict.fromkeys([*section("glue"), *plain, *made]))


@cache
def weights() -> Sequence[float]:
    """How often each word comes, summed up: what `Random.choices` takes as `cum_weights`."""
    return list(accumulate(1 / (at + 3) for at in range(len(words()))))


def people(count: int) -> list[tuple[str, str]]:
    """(user name, display name) of made-up people, all different; there are some 10,000."""
    dice = Random("people")  # noqa: S311 - the same people every time
    surnames = [fore + after for fore, after in product(section("fore"), section("after"))]
    chosen = dice.sample(list(product(section("given"), surnames)), count)
    return [
        (f"{surname.lower()}{at}", f"{given} {surname}")
        for at, (given, surname) in enumerate(chosen, start=1)
    ]
