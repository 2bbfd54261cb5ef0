"""The table of cases: the values inputs are made of, and how a row becomes a model.

A row names the operation, the opset version its IR carries, the case, its inputs and its attributes:

    add("Gather", 8, "negative_axis", normal(2, 5, 3), const(i64(0, 4)), const(i64(-2)), batch_dims=0)

Inputs are Parameters unless they are wrapped in `const`. Each case draws from a generator seeded by its own name, so a new row
changes no other one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import openvino as ov
from openvino import Model, Node, Output, PartialShape, Type
from openvino import opset16 as ops
from openvino.utils.node_factory import NodeFactory

F16, F32, I8, I32, I64, U8, BOOL = np.float16, np.float32, np.int8, np.int32, np.int64, np.uint8, np.bool_


@dataclass(frozen=True)
class Value:
    """One input: how its array is drawn, and whether it is a Constant or a Parameter of which shape."""

    draw: Callable[[np.random.Generator], np.ndarray]
    constant: bool = False
    shape: str | None = None
    """A Parameter's partial shape; the array's own without one."""

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> Value:
        return replace(self, draw=lambda rng: change(self.draw(rng)))


def array(values, dtype=F32, shape=None) -> Value:
    """Exactly these values."""
    fixed = np.array(values, dtype)
    return Value(lambda _: fixed if shape is None else fixed.reshape(shape))


def f32(*values):
    return array(values, F32)


def i32(*values):
    return array(values, I32)


def i64(*values):
    return array(values, I64)


def scalar(value, dtype=F32):
    return array(value, dtype)


def normal(*shape, dtype=F32, scale=1.0) -> Value:
    return Value(lambda rng: (rng.standard_normal(shape) * scale).astype(dtype))


def uniform(*shape, low=0.0, high=1.0, dtype=F32) -> Value:
    return Value(lambda rng: rng.uniform(low, high, shape).astype(dtype))


def integers(*shape, low=-9, high=10, dtype=I32) -> Value:
    """Whole numbers in low..<high."""
    return Value(lambda rng: rng.integers(low, high, shape).astype(dtype))


def booleans(*shape) -> Value:
    return Value(lambda rng: rng.integers(0, 2, shape).astype(BOOL))


def shuffled(*shape, dtype=F32) -> Value:
    """Distinct values, so that an ordering of them has one answer only."""
    count = int(np.prod(shape))
    return Value(lambda rng: ((rng.permutation(count) - count // 2) / 4 if dtype in (F16, F32) else rng.permutation(count)
                              ).astype(dtype).reshape(shape))


def const(value: Value) -> Value:
    return replace(value, constant=True)


def dynamic(value: Value, shape: str | None = None) -> Value:
    """A Parameter of this partial shape, or of known rank and unknown dimensions."""
    return replace(value, shape=shape or "dynamic")


Build = Callable[..., "Node | Output | Sequence[Output]"]


@dataclass
class Case:
    """One model and the inputs it is run with: one data set, or consecutive inferences of one request."""

    operation: str
    version: int
    name: str
    build: Build
    inputs: Sequence[Value]
    steps: int = 1
    """How many inferences run in a row; more than one for models that keep state."""

    @property
    def folder(self) -> str:
        return f"{self.operation}-{self.version}-{self.name}"

    def realise(self) -> tuple[Model, list[list[np.ndarray]]]:
        """The model, and for each step the arrays of its Parameters."""
        rng = np.random.default_rng(zlib.crc32(self.folder.encode()))
        drawn = [value.draw(rng) for value in self.inputs]
        arguments = [_argument(index, value, array) for index, (value, array) in enumerate(zip(self.inputs, drawn))]
        parameters = [node for node in arguments if node.get_type_name() == "Parameter"]
        steps = [[array for value, array in zip(self.inputs, drawn) if not value.constant]]
        for _ in range(self.steps - 1):
            steps.append([value.draw(rng) for value in self.inputs if not value.constant])

        built = self.build(*arguments)
        sinks = []
        if isinstance(built, tuple):
            built, sinks = built
        outputs = built if isinstance(built, list) else built.outputs() if isinstance(built, Node) else [built]
        results = []
        for index, output in enumerate(outputs):
            output = _readable(output)
            result = ops.result(output, name=f"result_{index}")
            results.append(result)
        model = Model(results, sinks, parameters, self.folder)
        _name_nodes(model)
        return model, steps


_NUMPY_TYPES = {Type.boolean, Type.f16, Type.f32, Type.f64, Type.i8, Type.i16, Type.i32, Type.i64, Type.u8, Type.u16, Type.u32, Type.u64}


def _readable(output: Output) -> Output:
    """`.npy` files know no bf16, no f8 and no 4-bit types: such outputs are widened inside the model."""
    return output if output.get_element_type() in _NUMPY_TYPES else ops.convert(output, "f32").output(0)


def _argument(index: int, value: Value, array: np.ndarray) -> Node:
    if value.constant:
        return ops.constant(array, name=f"constant_{index}")
    shape = PartialShape(list(array.shape))
    if value.shape is not None:
        shape = PartialShape([-1] * array.ndim) if value.shape == "dynamic" else PartialShape(value.shape)
        assert shape.compatible(PartialShape(list(array.shape)))
    return ops.parameter(shape, Type(array.dtype), name=f"input_{index}")


def _name_nodes(model: Model) -> None:
    """Gives names that do not count how many nodes the process made before, in bodies too."""
    for node in model.get_ordered_ops():
        type_name = node.get_type_name()
        if node.get_friendly_name().startswith(type_name + "_"):
            node.set_friendly_name(f"{type_name}.{sum(n.get_friendly_name().startswith(type_name + '.') for n in model.get_ops())}")
        for body in _bodies(node):
            _name_nodes(body)


def _bodies(node: Node) -> list[Model]:
    if node.get_type_name() == "If":
        return [node.get_function(0), node.get_function(1)]
    return [node.get_function()] if node.get_type_name() in ("Loop", "TensorIterator") else []


_factories: dict[int, NodeFactory] = {}


def make(operation: str, version: int, *inputs, **attributes) -> Node:
    """One node of an operation, as of the opset version that brought it."""
    factory = _factories.setdefault(version, NodeFactory(f"opset{version}"))
    return factory.create(operation, [i if isinstance(i, Output) else i.output(0) for i in inputs], attributes)


class Table:
    """All cases, by folder name."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    def append(self, case: Case) -> None:
        assert case.folder not in self.cases, f"{case.folder} stands twice"
        self.cases[case.folder] = case


table = Table()


def add(operation: str, version: int, name: str, /, *inputs: Value, **attributes) -> None:
    """A case of one node: its inputs in order, its attributes by their IR names."""
    table.append(Case(operation, version, name, lambda *nodes: make(operation, version, *nodes, **attributes), inputs))


def graph(operation: str, version: int, name: str, build: Build, /, *inputs: Value, steps: int = 1) -> None:
    """A case that needs more than the node: `build` is given the inputs' nodes and returns a node, a list of outputs,
    or a pair of such a list and the sinks."""
    table.append(Case(operation, version, name, build, inputs, steps))
