#!/usr/bin/env python3
"""What compressing the weights of a model saves and costs.

usage: compare_compressed.py [--ovrun .build/release/ovrun] [--seconds S] [--markdown] CASE_DIR...
needs: pip install numpy

A case is a folder with model.xml, model.bin, 0/input_<k>.npy, 0/output_<k>.npy, 1/... For the model as it is and for each way of storing
its weights: bytes of the file with weights, bytes of the kernels' weights, the least cosine to the expected outputs over data sets and
rows, and the median latency of data set 0 on two threads. No calibration data are used.
"""
import argparse, glob, json, os, subprocess, tempfile
import numpy

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ovrun", default=".build/release/ovrun")
parser.add_argument("--seconds", type=float, default=2)
parser.add_argument("--markdown", action="store_true")
parser.add_argument("cases", nargs="+")
options = parser.parse_args()
WAYS = [None, "f16", "int8", "int8 --symmetric", "int4", "int4 --spacing even", "int4 --symmetric"]


def run(*words):
    return subprocess.run([options.ovrun, *words], check=True, capture_output=True, text=True).stdout


def cosine(a, b):
    a, b = (x.astype("f8").reshape(-1, x.shape[-1]) for x in (a, b))
    return (numpy.sum(a * b, 1) / numpy.sqrt(numpy.sum(a * a, 1) * numpy.sum(b * b, 1))).min()


if options.markdown:
    print("| model | weights | file | of f32 | in memory | cosine | ms |\n|---|---|---:|---:|---:|---:|---:|")
for case in options.cases:
    sets = sorted((f for f in os.listdir(case) if f.isdigit()), key=int)
    with tempfile.TemporaryDirectory() as folder:
        single = None
        for way in WAYS:
            path = f"{case}/model.xml"
            if way:
                path = f"{folder}/model.xml"
                report = json.loads(run("compress", f"{case}/model.xml", "--output", path, "--json", "--weights", *way.split()))
                single = report["f32_bytes"]
            cosines = []
            for data in sets:
                run("run", path, "--output", folder, "--input", *sorted(glob.glob(f"{case}/{data}/input_*.npy")))
                for expected in glob.glob(f"{case}/{data}/output_*.npy"):
                    cosines.append(cosine(numpy.load(expected), numpy.load(f"{folder}/{os.path.basename(expected)}")))
            inputs = sorted(glob.glob(f"{case}/{sets[0]}/input_*.npy"))
            timing = json.loads(run("benchmark", path, "--threads", "2", "--seconds", str(options.seconds), "--json", "--input", *inputs))
            size = os.path.getsize(path[:-3] + "bin")
            row = (os.path.basename(os.path.normpath(case)), way or "as they are", size / 1e6, 100 * size / single if single else float("nan"),
                   timing["packed_weights_bytes"] / 1e6, min(cosines), timing["latency_ms"]["median"])
            form = "| {} | {} | {:.1f} MB | {:.1f} % | {:.1f} MB | {:.4f} | {:.3f} |" if options.markdown else "{:20} {:18} file {:6.1f} MB ({:5.1f} % of f32)  packed {:6.1f} MB  cosine {:.4f}  {:8.3f} ms"
            print(form.format(*row), flush=True)
