#!/usr/bin/env python3
"""ovrun beside OpenVINO on the same models, in turn, in one run: median latencies, or throughputs, and their ratio.

usage: compare_openvino.py [--ovrun .build/release/ovrun] [--threads N] [--requests N] [--precision f32|f16] [--seconds S] [--rounds N]
                           [--markdown] CASE_DIR...
needs: pip install openvino==2026.4.1 numpy

A case is a folder with model.xml, model.bin and 0/input_<k>.npy. OpenVINO runs at f32 with the latency hint, with one thread and with
--threads threads, and gets the better of the two; its inputs are set once, as ovrun's are. With --requests above 1 it runs with the
throughput hint on --threads threads, that many requests in flight, and milliseconds are those of the clock for each inference. Each
side gets its best of --rounds rounds.
"""
import argparse, glob, json, math, os, statistics, subprocess, sys, time
import numpy, openvino

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ovrun", default=".build/release/ovrun")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--requests", type=int, default=1)
parser.add_argument("--precision", default="f32")
parser.add_argument("--seconds", type=float, default=1)
parser.add_argument("--rounds", type=int, default=1)
parser.add_argument("--markdown", action="store_true", help="print a table for README.md")
parser.add_argument("cases", nargs="+")
options = parser.parse_args()


def openvino_median(case, files, threads):
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(f"{case}/model.xml", "CPU", settings).create_infer_request()
    for index, file in enumerate(files):
        request.set_input_tensor(index, openvino.Tensor(numpy.load(file)))
    for _ in range(3):
        request.infer()
    times, end = [], time.perf_counter() + options.seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        request.infer()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def openvino_throughput(case, files):
    settings = {"INFERENCE_NUM_THREADS": options.threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(f"{case}/model.xml", "CPU", settings), options.requests)
    for request in queue:
        for index, file in enumerate(files):
            request.set_input_tensor(index, openvino.Tensor(numpy.load(file)))
    for _ in range(3 * options.requests):
        queue.start_async()
    queue.wait_all()
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + options.seconds:
        queue.start_async()
        count += 1
    queue.wait_all()
    return 1e3 * (time.perf_counter() - start) / count


def theirs_once(case, files):
    if options.requests > 1:
        return openvino_throughput(case, files)
    return min(openvino_median(case, files, threads) for threads in sorted({1, options.threads}))


def ours_once(case, files):
    command = [options.ovrun, "benchmark", f"{case}/model.xml", "--threads", str(options.threads), "--requests", str(options.requests)]
    command += ["--precision", options.precision, "--seconds", str(options.seconds), "--json"]
    for file in files:
        command += ["--input", file]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(output)
    return 1e3 / result["throughput_per_s"] if options.requests > 1 else result["latency_ms"]["median"]


ratios = []
if options.markdown:
    print("| model | OpenVINO ms | ovrun ms | ratio |\n|---|---:|---:|---:|")
for case in options.cases:
    name = os.path.basename(os.path.normpath(case))
    files = sorted(glob.glob(f"{case}/0/input_*.npy"))
    rounds = [(theirs_once(case, files), ours_once(case, files)) for _ in range(options.rounds)]
    theirs, ours = min(r[0] for r in rounds), min(r[1] for r in rounds)
    ratios.append(theirs / ours)
    row = (name, theirs, ours, theirs / ours)
    print("| {} | {:.3f} | {:.3f} | {:.2f} |".format(*row) if options.markdown else "{:28} OpenVINO {:9.3f} ms   ovrun {:9.3f} ms   ratio {:6.3f}".format(*row), flush=True)
mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
print(f"| geometric mean | | | {mean:.2f} |" if options.markdown else f"geometric mean of {len(ratios)}: {mean:.3f} ({options.threads} threads)")
