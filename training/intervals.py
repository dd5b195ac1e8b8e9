"""The interval of a share, for all folders here. Needs the standard library only."""


def wilson(hits, n, z=1.96):
    """95 % interval of a share; of nothing nothing is known."""
    if n == 0:
        return 0.0, 1.0
    p = hits / n
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))
