"""Inputs, outputs, variables, branches and loops."""

import numpy as np
import openvino as ov
from case import BOOL, F32, I32, I64, U8, array, booleans, const, dynamic, graph, integers, make, normal, scalar
from openvino import Model, PartialShape, Type
from openvino import opset16 as ops

for kind, value in (("f32", normal(2, 3)), ("i32", integers(2, 3)), ("u8", integers(4, low=0, high=9, dtype=U8)), ("boolean", booleans(5)), ("scalar", scalar(2.5))):
    graph("Parameter", 1, kind, lambda x: x, value)
    graph("Result", 1, kind, lambda x: x, value)
graph("Parameter", 1, "dynamic", lambda x: ops.add(x, x), dynamic(normal(2, 3)))
graph("Parameter", 1, "bounds", lambda x: ops.add(x, x), dynamic(normal(2, 3), "1..4,3"))
graph("Parameter", 1, "two", lambda a, b: [ops.subtract(b, a).output(0), ops.subtract(a, b).output(0)], normal(2, 3), normal(3))
graph("Result", 1, "many", lambda x: [x.output(0), ops.relu(x).output(0), x.output(0)], normal(2, 3))
graph("Result", 1, "of_constant", lambda x, c: [c.output(0), ops.add(x, c).output(0)], normal(2, 3), const(normal(2, 3)))


def variable(name, shape, version, build, initial=None):
    """A variable that `build` gives its next value: the sum and the sink."""
    if version == 3:
        read = make("ReadValue", 3, initial, variable_id=name)
    else:
        inputs = [] if initial is None else [initial]
        read = make("ReadValue", 6, *inputs, variable_id=name, variable_type="f32", variable_shape=PartialShape(shape))
    value = build(read)
    return value, make("Assign", version, value, variable_id=name)


def accumulate(version, shape="2,3", initial=None):
    def build(x, *more):
        start = more[0] if more else None
        value, sink = variable("sum", shape, version, lambda read: ops.add(read, x), start)
        return [ops.relu(value).output(0)], [sink]
    return build


for operation in ("ReadValue", "Assign"):
    graph(operation, 3, "accumulate", accumulate(3), normal(2, 3), const(normal(2, 3)), steps=3)
    graph(operation, 6, "accumulate", accumulate(6), normal(2, 3), steps=3)
    graph(operation, 6, "initial", accumulate(6), normal(2, 3), const(normal(2, 3)), steps=3)


def growing(x, start):
    value, sink = variable("rows", "?,3", 6, lambda read: ops.concat([read, x], 0), start)
    return [ops.reduce_sum(value, ops.constant(np.array([1], I64))).output(0)], [sink]


def two(x):
    first, first_sink = variable("first", "2,3", 6, lambda read: ops.add(read, x))
    second, second_sink = variable("second", "2,3", 6, lambda read: ops.subtract(read, first))
    return [first.output(0), second.output(0)], [first_sink, second_sink]


graph("ReadValue", 6, "growing", growing, normal(1, 3), const(normal(2, 3)), steps=3)
graph("Assign", 6, "two", two, normal(2, 3), steps=3)


# OpenVINO frees a body that Python no longer holds while the model is in use.
_held = []


def body(results, parameters):
    model = Model([ops.result(value) for value in results], parameters, "body")
    _held.append((model, results, parameters))
    return model


def parameter(shape, kind=Type.f32):
    return ops.parameter(PartialShape(shape), kind)


def branches(then, otherwise, shape="2,3"):
    def build(condition, x):
        node = ops.if_op(condition)
        inner = [parameter(shape), parameter(shape)]
        bodies = [body([f(p)], [p]) for f, p in zip((then, otherwise), inner)]
        node.set_then_body(bodies[0])
        node.set_else_body(bodies[1])
        node.set_input(x.output(0), inner[0], inner[1])
        node.set_output(bodies[0].get_results()[0], bodies[1].get_results()[0])
        return node
    return build


HALF = np.float32(0.5)
for label, value in (("then", True), ("else", False)):
    graph("If", 8, label, branches(lambda p: ops.add(p, HALF), lambda p: ops.multiply(p, HALF)), scalar(value, BOOL), normal(2, 3))
    graph("If", 8, label + "_shapes", branches(lambda p: ops.reduce_sum(p, np.array([0], I64), True), lambda p: p), scalar(value, BOOL), normal(2, 3))
graph("If", 8, "constant", branches(lambda p: ops.add(p, HALF), lambda p: ops.multiply(p, HALF)), const(scalar(True, BOOL)), normal(2, 3))
graph("If", 8, "dynamic", branches(lambda p: ops.exp(p), lambda p: ops.relu(p), "?,?"), scalar(False, BOOL), dynamic(normal(2, 3)))


def iterator(extent=4, start=0, stride=1, part=1, end=-1, axis=1, concatenated=True):
    """A running sum of slices: the last value, and all of them."""
    def build(x, state):
        shape = list(x.get_output_partial_shape(0).to_shape())
        shape[axis] = part
        piece, total = parameter(shape), parameter(shape)
        following = ops.add(ops.tanh(piece), total)
        node = ops.tensor_iterator()
        inner = body([following, following], [piece, total])
        last, each = inner.get_results()
        node.set_body(inner)
        node.set_sliced_input(piece, x.output(0), start, stride, part, end, axis)
        node.set_merged_input(total, state.output(0), last.output(0))
        outputs = [node.get_iter_value(last.output(0), -1)]
        if concatenated:
            outputs.append(node.get_concatenated_slices(each.output(0), start, stride, part, end, axis))
        return outputs
    return build


graph("TensorIterator", 1, "forward", iterator(), normal(2, 4, 3), normal(2, 1, 3))
graph("TensorIterator", 1, "reverse", iterator(start=-1, stride=-1, end=0), normal(2, 4, 3), normal(2, 1, 3))
graph("TensorIterator", 1, "parts", iterator(stride=2, part=2), normal(2, 6, 3), normal(2, 2, 3))
graph("TensorIterator", 1, "first_axis", iterator(axis=0), normal(5, 2, 3), normal(1, 2, 3))
graph("TensorIterator", 1, "last_only", iterator(concatenated=False), normal(2, 4, 3), normal(2, 1, 3))


def loop(body_condition, with_iteration=False, sliced=False):
    def build(trip_count, condition, x):
        shape = [-1 if d.is_dynamic else d.get_length() for d in x.get_output_partial_shape(0)]
        if sliced:
            shape[0] = 1
        total = parameter([1, shape[1]] if sliced else shape)
        parameters, node = [total], ops.loop(trip_count, condition)
        value = total
        if sliced:
            piece = parameter(shape)
            parameters.append(piece)
            value = ops.add(value, piece)
        if with_iteration:
            number = parameter([], Type.i64)
            parameters.append(number)
            value = ops.add(value, ops.convert(number, "f32"))
        following = ops.add(value, np.float32(1))
        inner = body([body_condition(following), following, following], parameters)
        _, last, each = inner.get_results()
        node.set_function(inner)
        node.set_special_body_ports([parameters.index(number) if with_iteration else -1, 0])
        start = ops.constant(np.zeros([1, shape[1]], F32)) if sliced else x
        if sliced:
            node.set_sliced_input(piece, x.output(0), 0, 1, 1, -1, 0)
        node.set_merged_input(total, start.output(0), last.output(0))
        outputs = [node.get_iter_value(last.output(0), -1)]
        if sliced:
            outputs.append(node.get_concatenated_slices(each.output(0), 0, 1, 1, -1, 0))
        return outputs
    return build


def always(_):
    return ops.constant(np.array(True))


def below(limit):
    return lambda value: ops.squeeze(ops.less(ops.reduce_max(value, np.array([0, 1], I64)), np.float32(limit)))


# The plugin unrolls loops of a known length, and fails on those without a sliced input.
for label, trips, start in (("three", 3, True), ("one", 1, True)):
    graph("Loop", 5, label, loop(always), scalar(trips, I64), scalar(start, BOOL), normal(2, 3))
graph("Loop", 5, "iteration", loop(always, with_iteration=True), scalar(4, I64), const(scalar(True, BOOL)), normal(2, 3))
graph("Loop", 5, "sliced", loop(always, sliced=True), const(scalar(4, I64)), const(scalar(True, BOOL)), normal(4, 3))
graph("Loop", 5, "until", loop(below(4)), const(scalar(20, I64)), const(scalar(True, BOOL)), normal(2, 3))
graph("Loop", 5, "unbounded", loop(below(3)), const(scalar(-1, I64)), const(scalar(True, BOOL)), normal(2, 3))
graph("Loop", 5, "dynamic", loop(always), scalar(3, I64), scalar(True, BOOL), dynamic(normal(2, 3), "?,3"))
