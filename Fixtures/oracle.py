"""What every fixture script needs of OpenVINO: write a model as IR, run it at full precision, record what it answers."""

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import properties

VERSION = "2026.4.1"
assert ov.__version__.startswith(VERSION), f"the fixtures were recorded with OpenVINO {VERSION}, this is {ov.__version__}"

_core = ov.Core()

# One thread, so that the order of every sum is the same each time; otherwise the plugin may choose bf16 and quantise activations.
_PROPERTIES = {
    properties.inference_num_threads(): 1,
    properties.hint.inference_precision(): ov.Type.f32,
    properties.hint.dynamic_quantization_group_size(): 0,
}


def write_model(model: ov.Model, folder: Path) -> Path:
    """Writes `model.xml` and `model.bin` into `folder`, weights as they are, and returns the XML's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.xml"
    ov.save_model(model, path, compress_to_fp16=False)
    return path


def compile_file(path: Path) -> ov.CompiledModel:
    """Compiles what was written rather than what was built, so that the file itself is what the recorded outputs belong to."""
    return _core.compile_model(_core.read_model(path), "CPU", _PROPERTIES)


def infer(request: ov.InferRequest, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The outputs of one inference in Result order; `inputs` in Parameter order."""
    for index, value in enumerate(inputs):
        request.set_input_tensor(index, ov.Tensor(np.asarray(value, order="C")))
    request.infer()
    return [request.get_output_tensor(index).data.copy() for index in range(len(request.model_outputs))]


def write_arrays(folder: Path, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> None:
    """Writes `input_<k>.npy` and `output_<k>.npy`."""
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, arrays in (("input", inputs), ("output", outputs)):
        for index, array in enumerate(arrays):
            np.save(folder / f"{prefix}_{index}.npy", array)


DIGITS = Path(__file__).resolve().parent / "digits"


def record_digits(model: ov.Model, folder: Path, count: int = 64) -> None:
    """Writes another form of the digit classifier, prints its accuracy, and records `count` images at once and a single one."""
    request = compile_file(write_model(model, folder)).create_infer_request()
    images = np.load(DIGITS / "0/input_0.npy")
    (probabilities,) = infer(request, [images])
    right = int((probabilities.argmax(1) == np.load(DIGITS / "labels.npy")).sum())
    print(f"test accuracy {right / len(images):.2%} ({right} of {len(images)})")
    write_arrays(folder / "0", [images[:count]], [probabilities[:count]])
    write_arrays(folder / "1", [images[:1]], infer(request, [images[:1]]))
