#!/usr/bin/env python3
"""Models quantised by ovrun and by NNCF on the same calibration data, compared with their FP32 originals.

usage: compare_nncf.py [--ovrun .build/release/ovrun] [--markdown] [--transformer] [--options "..."] CASE_DIR...
needs: pip install nncf==3.4.0 openvino==2026.4.1 numpy

A case is a folder with model.xml, model.bin and 0/input_<k>.npy, 1/..., which are calibration data and test data at once. Columns:
cosine and signal over noise (dB) between OpenVINO's output of the FP32 model and of the quantised one, for NNCF and for ovrun, and the
cosine between OpenVINO's and ovrun's outputs of the model that ovrun quantised. Each is the least over outputs and samples.
With --transformer both get the model type TRANSFORMER, and each case two rows more: without SmoothQuant, and with half the range of weights
(overflow fix) in all layers. Fails when ovrun's cosine is more than 0.001 below NNCF's, or the last one below 0.999. In transformers only
the third row's is looked at: where the CPU has no VNNI, OpenVINO saturates sums of 16 bits in the others.
"""
import argparse, glob, os, subprocess, sys, tempfile
import nncf, numpy, openvino

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ovrun", default=".build/release/ovrun")
parser.add_argument("--markdown", action="store_true")
parser.add_argument("--transformer", action="store_true", help="the models are transformers")
parser.add_argument("--options", default="", help="further options of 'ovrun quantize'")
parser.add_argument("cases", nargs="+")
options = parser.parse_args()
nncf.set_log_level("ERROR")


def outputs(path, samples):
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [[numpy.array(v) for v in compiled(sample).values()] for sample in samples]


def own_outputs(path, files, folder):
    results = []
    for sample in files:
        subprocess.run([options.ovrun, "run", path, "--input", *sample, "--output", folder], check=True, capture_output=True)
        results.append([numpy.load(f) for f in sorted(glob.glob(f"{folder}/output_*.npy"))])
    return results


def least(pairs, measure):
    return min(measure(a.astype("f8").ravel(), b.astype("f8").ravel()) for x, y in pairs for a, b in zip(x, y))


def cosine(a, b):
    return a @ b / max(numpy.sqrt((a @ a) * (b @ b)), 1e-30)


def decibels(a, b):
    return 10 * numpy.log10((a @ a) / max((a - b) @ (a - b), 1e-30))


# The name of a way, the further parameters of NNCF, the further options of ovrun, and whether OpenVINO's sums cannot saturate.
WAYS = [("", {}, [], True)]
if options.transformer:
    advanced = nncf.AdvancedQuantizationParameters
    plain = advanced(smooth_quant_alphas=nncf.AdvancedSmoothQuantParameters(matmul=-1))
    narrow = advanced(overflow_fix=nncf.OverflowFix.ENABLE)
    kind = dict(model_type=nncf.ModelType.TRANSFORMER)
    words = ["--model-type", "transformer"]
    WAYS = [
        (" with SmoothQuant", kind, words, False),
        (" without", dict(kind, advanced_parameters=plain), ["--preset", "mixed"], False),
        (" with it and narrow weights", dict(kind, advanced_parameters=narrow), words + ["--overflow-fix", "all"], True),
    ]

failed = False
if options.markdown:
    print("| model | NNCF cosine | dB | ovrun cosine | dB | ovrun in OpenVINO and ovrun |\n|---|---:|---:|---:|---:|---:|")
for case in options.cases:
    folders = sorted((f for f in os.listdir(case) if f.isdigit()), key=int)
    files = [sorted(glob.glob(f"{case}/{f}/input_*.npy")) for f in folders]
    samples = [[numpy.load(f) for f in sample] for sample in files]
    feed = [s[0] if len(s) == 1 else dict(enumerate(s)) for s in samples]
    reference = outputs(f"{case}/model.xml", samples)
    for way, parameters, words, is_exact in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            theirs, ours = f"{folder}/nncf.xml", f"{folder}/ovrun.xml"
            model = openvino.Core().read_model(f"{case}/model.xml")
            openvino.save_model(nncf.quantize(model, nncf.Dataset(feed), **parameters), theirs, compress_to_fp16=False)
            command = [options.ovrun, "quantize", f"{case}/model.xml", "--output", ours, "--calibration", case]
            subprocess.run(command + words + options.options.split(), check=True, stdout=subprocess.DEVNULL)
            nncf_outputs, ovrun_outputs = (outputs(p, samples) for p in (theirs, ours))
            rows = [list(zip(reference, nncf_outputs)), list(zip(reference, ovrun_outputs))]
            agreement = least(zip(ovrun_outputs, own_outputs(ours, files, folder)), cosine)
        a, b = (least(r, cosine) for r in rows)
        failed |= b < a - 0.001 or (is_exact and agreement < 0.999)
        name = os.path.basename(os.path.normpath(case)) + way
        row = (name, a, least(rows[0], decibels), b, least(rows[1], decibels), agreement)
        form = "| {} | {:.5f} | {:.1f} | {:.5f} | {:.1f} | {:.5f} |" if options.markdown else "{:38} NNCF {:.5f} {:5.1f} dB   ovrun {:.5f} {:5.1f} dB   agreement {:.5f}"
        print(form.format(*row), flush=True)
sys.exit(failed)
