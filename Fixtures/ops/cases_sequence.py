"""Recurrent cells and sequences, connectionist temporal classification."""

from case import F32, I32, I64, add, array, const, dynamic, i32, normal, scalar, uniform

BATCH, INPUT, HIDDEN, STEPS = 2, 3, 4, 5
# How many gates the weights hold, how many states there are.
CELLS = {"RNN": (1, 1), "GRU": (3, 1), "LSTM": (4, 2)}
DEFAULTS = {"RNN": ["tanh"], "GRU": ["sigmoid", "tanh"], "LSTM": ["sigmoid", "tanh", "tanh"]}
ACTIVATIONS = {"RNN": ["relu"], "GRU": ["tanh", "relu"], "LSTM": ["sigmoid", "relu", "tanh"]}


def cell(kind, batch=BATCH, size=INPUT, hidden=HIDDEN, bias=None, shape=lambda value: value):
    gates, states = CELLS[kind]
    rows = gates * hidden
    return [shape(normal(batch, size)), *[shape(normal(batch, hidden)) for _ in range(states)], const(normal(rows, size, scale=0.5)),
            const(normal(rows, hidden, scale=0.5)), const(normal(bias or rows, scale=0.5))]


for kind, versions in (("RNN", (1,)), ("GRU", (3,)), ("LSTM", (1, 4))):
    for version in versions:
        name = kind + "Cell"
        add(name, version, "plain", *cell(kind), hidden_size=HIDDEN)
        add(name, version, "one_row", *cell(kind, 1, 7, 5), hidden_size=5)
        add(name, version, "wide", *cell(kind, 1, 16, 32), hidden_size=32)
        add(name, version, "clip", *cell(kind), hidden_size=HIDDEN, clip=0.3)
        add(name, version, "activations", *cell(kind), hidden_size=HIDDEN, activations=ACTIVATIONS[kind])
        add(name, version, "dynamic", *cell(kind, shape=dynamic), hidden_size=HIDDEN)
add("GRUCell", 3, "linear_before_reset", *cell("GRU", bias=4 * HIDDEN), hidden_size=HIDDEN, linear_before_reset=True)


def sequence(kind, directions=1, lengths=(STEPS, STEPS), bias=None, parameter=False):
    gates, states = CELLS[kind]
    rows = gates * HIDDEN
    ends = i32(*lengths)
    return [normal(BATCH, STEPS, INPUT), *[normal(BATCH, directions, HIDDEN) for _ in range(states)], ends if parameter else const(ends),
            const(normal(directions, rows, INPUT, scale=0.5)), const(normal(directions, rows, HIDDEN, scale=0.5)),
            const(normal(directions, bias or rows, scale=0.5))]


for kind in CELLS:
    name = kind + "Sequence"
    # The plugin does not fill in activations of sequences that the file does not name.
    common = {"hidden_size": HIDDEN, "activations": DEFAULTS[kind]}
    for direction, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2)):
        add(name, 5, direction, *sequence(kind, count), **common, direction=direction)
        add(name, 5, direction + "_lengths", *sequence(kind, count, (3, 5)), **common, direction=direction)
    add(name, 5, "lengths_parameter", *sequence(kind, 1, (2, 4), parameter=True), **common, direction="forward")
    add(name, 5, "clip", *sequence(kind), **common, direction="forward", clip=0.3)
    first, *rest = sequence(kind)
    add(name, 5, "dynamic", dynamic(first, "?,?,3"), *rest, **common, direction="forward")
add("GRUSequence", 5, "linear_before_reset", *sequence("GRU", bias=4 * HIDDEN), hidden_size=HIDDEN, activations=DEFAULTS["GRU"], direction="forward", linear_before_reset=True)

FULL = array([[1, 1], [1, 1], [1, 1], [1, 1], [1, 1], [1, 1]])
RAGGED = array([[1, 1], [1, 1], [1, 1], [1, 1], [1, 0], [1, 0]])
for merge in (True, False):
    label = "merged" if merge else "kept"
    add("CTCGreedyDecoder", 1, label, uniform(6, 2, 4), FULL, ctc_merge_repeated=merge)
    add("CTCGreedyDecoder", 1, label + "_ragged", uniform(6, 2, 4), const(RAGGED), ctc_merge_repeated=merge)
    for kind in ("i32", "i64"):
        add("CTCGreedyDecoderSeqLen", 6, f"{label}_{kind}", uniform(2, 7, 4), i32(7, 5), merge_repeated=merge, classes_index_type=kind, sequence_length_type=kind)
add("CTCGreedyDecoder", 1, "dynamic", dynamic(uniform(6, 1, 4)), dynamic(array([[1]] * 6)), ctc_merge_repeated=True)
add("CTCGreedyDecoderSeqLen", 6, "blank", uniform(2, 7, 4), i32(7, 5), const(i32(0)), merge_repeated=True)
add("CTCGreedyDecoderSeqLen", 6, "dynamic", dynamic(uniform(2, 7, 4)), dynamic(i32(6, 7)), merge_repeated=True)

LABELS = array([[1, 2, 2, 0, 3, 1], [3, 3, 1, 0, 0, 2]], I32)
for label, collapse, merge, unique in (("plain", False, True, False), ("collapsed", True, False, False), ("unmerged", False, False, False), ("unique", False, True, True)):
    add("CTCLoss", 4, label, normal(2, 6, 5), i32(6, 5), LABELS, i32(3, 2), const(scalar(4, I32)), preprocess_collapse_repeated=collapse,
        ctc_merge_repeated=merge, unique=unique)
add("CTCLoss", 4, "i64", normal(2, 6, 5), array([6, 5], I64), LABELS.map(lambda a: a.astype(I64)), array([3, 2], I64), preprocess_collapse_repeated=False,
    ctc_merge_repeated=True, unique=False)
