#!/usr/bin/env python3
"""Puts numbers of threads side by side: latency of one inference with each, and how many times as fast as with the first.

    python3 Benchmarks/compare_threads.py [--ovrun PROGRAM] [--threads 1,2] [--seconds S] [--rounds N] CASE_DIR ...

A case is a folder with model.xml and 0/input_0.npy and so on. Numbers of threads take turns in each round; the shortest median counts.
Prints a Markdown table.
"""
import argparse
import glob
import json
import os
import subprocess

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ovrun", default=".build/release/ovrun")
parser.add_argument("--threads", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2])
parser.add_argument("--seconds", type=float, default=0.5)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("cases", nargs="+", metavar="CASE_DIR")
options = parser.parse_args()

first, *others = options.threads
print("| model | " + " | ".join([f"ms, {count} thread{'s' * (count > 1)}" for count in options.threads] + [f"× with {count}" for count in others]) + " |")
print("|---" + "|---:" * (len(options.threads) + len(others)) + "|")
for case in options.cases:
    files = glob.glob(os.path.join(glob.escape(case), "0", "input_*.npy"))
    inputs = [word for file in sorted(files, key=lambda f: int(f[:-4].rsplit("_", 1)[1])) for word in ("--input", file)]
    times = {count: [] for count in options.threads}
    for _ in range(options.rounds):
        for count in options.threads:
            words = ["benchmark", os.path.join(case, "model.xml"), "--threads", str(count), "--seconds", str(options.seconds), "--json"]
            result = subprocess.run([options.ovrun, *words, *inputs], check=True, capture_output=True, text=True).stdout
            times[count].append(json.loads(result)["latency_ms"]["median"])
    cells = [os.path.basename(os.path.normpath(case))]
    cells += [f"{min(times[count]):.3f}" for count in options.threads]
    cells += [f"{min(times[first]) / min(times[count]):.2f}" for count in others]
    print("| " + " | ".join(cells) + " |", flush=True)
