#!/usr/bin/env python3
"""Puts --precision f16 beside f32: largest error against a case's expected outputs, bytes of packed weights, latency.

    python3 Benchmarks/compare_precision.py [--ovrun PROGRAM] [--threads N] [--seconds S] [--rounds N] CASE_DIR ...

A case is a folder as `ovrun verify` takes it. Precisions take turns in each round; the shortest median counts. Prints a Markdown table.
"""
import argparse
import glob
import json
import os
import subprocess

PRECISIONS = ["f32", "f16"]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ovrun", default=".build/release/ovrun")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=0.5)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("cases", nargs="+", metavar="CASE_DIR")
options = parser.parse_args()


def ovrun(*arguments):
    return json.loads(subprocess.run([options.ovrun, *arguments, "--json"], capture_output=True, text=True).stdout)


print("| model | error f32 | error f16 | weights f32 | weights f16 | ms f32 | ms f16 |")
print("|---|---:|---:|---:|---:|---:|---:|")
for case in options.cases:
    files = glob.glob(os.path.join(glob.escape(case), "0", "input_*.npy"))
    inputs = [word for file in sorted(files, key=lambda f: int(f[:-4].rsplit("_", 1)[1])) for word in ("--input", file)]
    errors, weights, times = {}, {}, {precision: [] for precision in PRECISIONS}
    for precision in PRECISIONS:
        errors[precision] = ovrun("verify", "--precision", precision, "--tolerance", "1", case)["cases"][0]["error"]
    for _ in range(options.rounds):
        for precision in PRECISIONS:
            result = ovrun(
                "benchmark", os.path.join(case, "model.xml"), "--precision", precision, "--threads", str(options.threads),
                "--seconds", str(options.seconds), *inputs)
            weights[precision] = result["packed_weights_bytes"]
            times[precision].append(result["latency_ms"]["median"])
    cells = [os.path.basename(os.path.normpath(case))]
    cells += [f"{errors[precision]:.1e}" for precision in PRECISIONS]
    cells += [f"{weights[precision] / 1e6:.2f} MB" for precision in PRECISIONS]
    cells += [f"{min(times[precision]):.3f}" for precision in PRECISIONS]
    print("| " + " | ".join(cells) + " |", flush=True)
