#!/usr/bin/env python3
"""Records a small model for every operation of opsets 1 to 16, in every version, with OpenVINO's CPU plugin as the oracle.

Needs openvino 2026.4.1 and numpy 2.4.6 (../requirements.txt). `python make.py` makes `cases/` and `operations.txt` again,
`python make.py Gather TopK` only the cases of these operations. The tables are in `cases_*.py`, the way they are read in `case.py`.

Where an operation has a reference evaluation inside OpenVINO, it must agree with the plugin: a case on which they differ is
refused rather than recorded.
"""

import importlib
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import openvino as ov

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oracle  # noqa: E402
from case import Case, table  # noqa: E402

LAST_OPSET = 16

# Operations whose reference evaluation brings the process down.
CRASHING = {"Loop", "PriorBox", "PriorBoxClustered"}


def operations() -> dict[str, list[int]]:
    """Each operation type of opsets 1 to 16 with the versions that IR files give it."""
    headers = Path(ov.__file__).parent / "include/openvino"
    registered = {name for opset in range(1, LAST_OPSET + 1)
                  for name in re.findall(r"^_OPENVINO_OP_REG\((\w+),", (headers / f"opsets/opset{opset}_tbl.hpp").read_text(), re.M)}
    versions: dict[str, set[int]] = {name: set() for name in sorted(registered)}
    for header in (headers / "op").rglob("*.hpp"):
        for name, version in re.findall(r'OPENVINO_OP\("(\w+)",\s*"opset(\d+)"', header.read_text()):
            if name in registered and int(version) <= LAST_OPSET:
                versions[name].add(int(version))
    return {name: sorted(found) for name, found in versions.items()}


def reference(model: ov.Model, inputs: list[np.ndarray], expected: list[np.ndarray]) -> list[np.ndarray] | None:
    """The outputs by OpenVINO's own reference evaluation, or nothing where a node has none."""
    # Some evaluations write without giving their output its shape first.
    outputs = [ov.Tensor(ov.Type(array.dtype), ov.Shape(array.shape)) for array in expected]
    try:
        model.reshape({index: list(value.shape) for index, value in enumerate(inputs)})
        if not model.evaluate(outputs, [ov.Tensor(np.asarray(value, order="C")) for value in inputs]):
            return None
    except RuntimeError:
        return None
    return [output.data.copy() for output in outputs]


def disagreement(plugin: list[np.ndarray], evaluated: list[np.ndarray]) -> str | None:
    for index, (a, b) in enumerate(zip(plugin, evaluated)):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"output {index}: {a.dtype}{list(a.shape)}, by reference {b.dtype}{list(b.shape)}"
        if a.dtype.kind != "f":
            same = np.array_equal(a, b)
        else:
            finite = np.isfinite(b)
            span = float(np.abs(b[finite]).max(initial=0))
            share = 2e-3 if a.dtype == np.float16 else 1e-5
            same = np.array_equal(np.isfinite(a), finite) and np.array_equal(a[~finite], b[~finite], equal_nan=True) and np.allclose(
                a[finite], b[finite], rtol=0, atol=share * span)
        if not same:
            return f"output {index}:\n{a}\nby reference\n{b}"
    return None


def number_names_anew(path: Path) -> None:
    """Names that OpenVINO makes up count the nodes that the process has made; here those of the file."""
    numbers: dict[str, int] = {}
    made_up = re.compile(r'(?<=")([A-Z][A-Za-z0-9]*_\d+)(?=")')
    text = path.read_text()
    path.write_text(made_up.sub(lambda m: f"{m[1].split('_')[0]}.auto{numbers.setdefault(m[1], len(numbers))}", text))


def record(case: Case, folder: Path) -> bool:
    """Writes one case; whether a reference evaluation confirmed it."""
    model, steps = case.realise()
    kinds = {(node.get_type_info().name, node.get_type_info().version_id) for node in model.get_ops()}
    assert (case.operation, f"opset{case.version}") in kinds, f"{case.folder} holds {sorted(kinds)}"

    path = oracle.write_model(model, folder)
    number_names_anew(path)
    request = oracle.compile_file(path).create_infer_request()
    recorded = [(inputs, oracle.infer(request, inputs)) for inputs in steps]
    oracle.write_arrays(folder / "0", *recorded[0])
    if len(recorded) > 1:
        for index, (inputs, outputs) in enumerate(recorded):
            oracle.write_arrays(folder / "steps" / str(index), inputs, outputs)
        return False

    evaluated = None if case.operation in CRASHING else reference(model, steps[0], recorded[0][1])
    if evaluated is not None and (difference := disagreement(recorded[0][1], evaluated)):
        raise AssertionError(f"the plugin and the reference differ in {case.folder}, {difference}")
    return evaluated is not None


def main() -> None:
    for module in sorted(HERE.glob("cases_*.py")):
        importlib.import_module(module.stem)
    chosen = set(sys.argv[1:])
    folder = HERE / "cases"
    if not chosen:
        shutil.rmtree(folder, ignore_errors=True)

    failures, confirmed, count = [], 0, 0
    for name, case in sorted(table.cases.items()):
        if chosen and case.operation not in chosen:
            continue
        shutil.rmtree(folder / name, ignore_errors=True)
        count += 1
        try:
            confirmed += record(case, folder / name)
        except (AssertionError, RuntimeError, TypeError, ValueError) as error:
            failures.append(f"{name}: {str(error).strip()}")
            shutil.rmtree(folder / name, ignore_errors=True)
    for failure in failures:
        print(failure)

    expected = operations()
    (HERE / "operations.txt").write_text("".join(f"{name} {' '.join(map(str, versions))}\n" for name, versions in expected.items()))
    missing = [f"{name}-{version}" for name, versions in expected.items() for version in versions
               if not any(case.operation == name and case.version == version for case in table.cases.values())]
    if missing:
        print("no case for", " ".join(missing))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{count - len(failures)} cases recorded, {confirmed} of them confirmed by a reference evaluation; {size / 1e6:.1f} MB in all")
    if failures or missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
