"""Fourier transforms and spectrograms."""

import numpy as np
from case import F32, I32, I64, Value, add, const, dynamic, i64, normal, scalar


def hann(size):
    return Value(lambda _: (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(F32) + F32(0.1))


# The last axis holds real and imaginary parts.
for name in ("DFT", "IDFT"):
    add(name, 7, "row", normal(8, 2), const(i64(0)))
    add(name, 7, "prime", normal(3, 7, 2), const(i64(1)))
    add(name, 7, "two", normal(3, 4, 6, 2), const(i64(1, 2)))
    add(name, 7, "negative_axes", normal(2, 3, 4, 2), const(i64(-2, 0)))
    add(name, 7, "shorter", normal(2, 9, 2), const(i64(1)), const(i64(6)))
    add(name, 7, "longer", normal(2, 5, 2), const(i64(1)), const(i64(8)))
    add(name, 7, "whole", normal(2, 5, 4, 2), const(i64(1, 2)), const(i64(-1, 4)))
    add(name, 7, "dynamic", dynamic(normal(2, 6, 2)), const(i64(1)))
add("RDFT", 9, "row", normal(8), const(i64(0)))
add("RDFT", 9, "odd", normal(3, 7), const(i64(1)))
add("RDFT", 9, "two", normal(2, 4, 6), const(i64(1, 2)))
add("RDFT", 9, "shorter", normal(3, 8), const(i64(1)), const(i64(5)))
add("RDFT", 9, "dynamic", dynamic(normal(2, 6)), const(i64(1)))
add("IRDFT", 9, "row", normal(5, 2), const(i64(0)))
add("IRDFT", 9, "two", normal(2, 4, 4, 2), const(i64(1, 2)))
add("IRDFT", 9, "odd", normal(3, 4, 2), const(i64(1)), const(i64(7)))
add("IRDFT", 9, "shorter", normal(3, 6, 2), const(i64(1)), const(i64(5)))
add("IRDFT", 9, "dynamic", dynamic(normal(2, 4, 2)), const(i64(1)))

for transpose in (False, True):
    label = "transposed" if transpose else "frames"
    add("STFT", 15, label, normal(2, 24), const(hann(8)), const(scalar(8, I64)), const(scalar(4, I64)), transpose_frames=transpose)
    add("STFT", 15, label + "_short_window", normal(1, 29), const(hann(5)), const(scalar(8, I64)), const(scalar(3, I64)), transpose_frames=transpose)
add("STFT", 15, "one_signal", normal(16), const(hann(8)), const(scalar(8, I32)), const(scalar(2, I32)), transpose_frames=False)
add("STFT", 15, "dynamic", dynamic(normal(1, 20)), const(hann(8)), const(scalar(8, I64)), const(scalar(4, I64)), transpose_frames=False)
for center in (False, True):
    label = "centred" if center else "plain"
    add("ISTFT", 16, label, normal(2, 5, 7, 2), const(hann(8)), const(scalar(8, I64)), const(scalar(4, I64)), center=center, normalized=False)
add("ISTFT", 16, "normalised", normal(1, 5, 6, 2), const(hann(8)), const(scalar(8, I64)), const(scalar(3, I64)), center=False, normalized=True)
add("ISTFT", 16, "length", normal(1, 5, 7, 2), const(hann(8)), const(scalar(8, I64)), const(scalar(4, I64)), const(scalar(20, I64)), center=True, normalized=False)
