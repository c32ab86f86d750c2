"""A province as files: invented candidates, schools, plans, choices and results, in the platform's formats.

Everything is made from a seed: the same pack, number and seed give the same bytes on any machine. No real
person is in it: names are put together at random; identity numbers are made up from region, birth date and
counter with a right check digit, so that one may by chance equal a real one but never stands for a person.
"""

from .province import Manifest, generate

__all__ = ["Manifest", "generate"]
