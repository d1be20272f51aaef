"""A silent trial before lists are used: limits fixed in advance, lists sealed week by week, opened once, and judged.

Nobody at the workspace can read a sealed list: it is encrypted to a key whose private half the sponsor keeps elsewhere.
"""
