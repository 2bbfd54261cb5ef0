import KernelCore
import Kernels

/// An operator that computes each element of its output from the elements at the same place.
protocol ElementwiseOperator: LowerableOperator {}

extension ElementwiseOperator {
  /// The order of the first operand that is neither constant nor broadcast along its rank.
  func preferredOrder(_ node: Node, _ operands: [AxisOrder?], rank: Int) -> AxisOrder? { operands.lazy.compactMap { $0 }.first }
}

extension Unary: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if node.type == "LogicalNot" { return try builder.lowerComparisonWithZero(.equal, node) }
    return try builder.lowerUnary(node) || builder.lowerIntegerUnary(node)
  }
}

extension ParameterisedActivation: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool { try builder.lowerUnary(node) }
}

extension PRelu: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if try builder.lowerUnary(node) { return true }
    let data = builder.input(0, of: node)
    var slopes = builder.denseInput(1, of: node)
    guard data.elementType == .f32 else { return false }
    slopes.strides = try slopeStrides(slopes.shape, data: data.shape)
    slopes.shape = data.shape
    return builder.emitBinary(.prelu, data, slopes, node, canOverwrite: [0])
  }
}

extension BinaryArithmetic: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    if try builder.lowerUnary(node) { return true }
    guard case .numpy = broadcast, let operation = BinaryArithmetic.kernels[node.type] else { return false }
    let (a, b) = (builder.input(0, of: node), builder.input(1, of: node))
    let isDivision = ["Divide", "Mod", "FloorMod"].contains(node.type) && b.elementType != .f32
    // Looked for zeros before they may be overwritten.
    if isDivision { guard try builder.emitDivisorCheck(1, of: node) else { return false } }
    return builder.emitBinary(operation, a, b, node, canOverwrite: [0, 1])
  }

  private static let kernels: [String: BinaryOperation] = [
    "Add": .add, "Subtract": .subtract, "Multiply": .multiply, "Divide": .divide, "Maximum": .maximum, "Minimum": .minimum,
    "SquaredDifference": .squaredDifference, "Power": .power, "Mod": .mod, "FloorMod": .floorMod, "LogicalAnd": .logicalAnd,
    "LogicalOr": .logicalOr,
    "LogicalXor": .logicalXor, "Xor": .logicalXor,
  ]
}

extension Comparison: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard case .numpy = broadcast, let operation = Comparison.kernels[node.type] else { return false }
    return builder.emitBinary(operation, builder.input(0, of: node), builder.input(1, of: node), node, canOverwrite: [])
  }

  private static let kernels: [String: BinaryOperation] = [
    "Equal": .equal, "NotEqual": .notEqual, "Less": .less, "LessEqual": .lessEqual, "Greater": .greater, "GreaterEqual": .greaterEqual,
  ]
}

extension KernelElement {
  /// The kernels' name of an element type; `nil` for types they do not have.
  init?(_ type: ElementType) {
    switch type {
    case .f32: self = .f32
    case .i32: self = .i32
    case .i64: self = .i64
    case .u8, .boolean: self = .u8
    default: return nil
    }
  }
}

extension PlanBuilder {
  /// Lowers a node that is a function of its first operand's elements.
  func lowerUnary(_ node: Node) throws -> Bool {
    if node.type == "Clamp", QuantizedGrid.ofIntegers(model.type(of: node.inputs[0]).elementType) != nil {
      let bounds = (Float(try node.attributes.double("min")), Float(try node.attributes.double("max")))
      let range = ActivationType(model.type(of: node.inputs[0]).elementType)!.range
      // Bounds between integers are moved inwards.
      let (low, high) = (max(bounds.0.rounded(.up), Float(range.lowerBound)), min(bounds.1.rounded(.down), Float(range.upperBound)))
      let one = Tensor(.f32, shape: [], doubles: [1])
      return low <= high ? try lowerQuantization(node, multiplier: one, addend: nil, bounds: (low, high)) : false
    }
    guard model.type(of: node.inputs[0]).elementType == .f32,
      let function = try ElementwiseFunction(
        type: node.type, opset: node.opset, attributes: node.attributes, operandCount: node.inputs.count,
        constant: { try constant(node.inputs[$0]) })
    else { return false }
    let source = input(0, of: node)
    guard source.shape == node.outputs[0].type.shape.shape else { return false }
    let output = OutputID(node.id)
    let target: View
    if canOverwrite(0, of: node) && !isPlaced(output) {
      target = source
      bind(output, to: target)
    } else {
      target = allocate(output)
    }
    emitUnary(function, from: source, to: target)
    return true
  }

  /// Lowers a node that is a function of integers by what there is of functions of two.
  fileprivate func lowerIntegerUnary(_ node: Node) throws -> Bool {
    let source = input(0, of: node)
    let type = source.elementType
    guard type == .i32 || type == .i64 else { return false }
    func scalar(_ value: Int) -> View { constantView(Tensor(type, shape: [], ints: [value])) }
    /// The least of a number and the greatest of another and the source.
    func between(_ low: Int, _ high: Int) -> Bool {
      let raised = temporary(type, source.shape, order: source.order)
      emitBinary(.maximum, source, scalar(low), to: raised)
      return emitBinary(.minimum, raised, scalar(high), node, canOverwrite: [])
    }
    switch node.type {
    case "Negative": return emitBinary(.subtract, scalar(0), source, node, canOverwrite: [])
    case "Relu": return emitBinary(.maximum, source, scalar(0), node, canOverwrite: [0])
    case "Sign": return between(-1, 1)
    case "Abs":
      let negative = temporary(type, source.shape, order: source.order)
      emitBinary(.subtract, scalar(0), source, to: negative)
      return emitBinary(.maximum, source, negative, node, canOverwrite: [])
    default: return false
    }
  }

  /// Emits the step that fails where an integer operand holds a zero.
  ///
  /// - Returns: `false`, before anything was emitted, where no kernel divides by it.
  fileprivate func emitDivisorCheck(_ index: Int, of node: Node) throws -> Bool {
    let type = model.type(of: node.inputs[index]).elementType
    guard type == .i32 || type == .i64 else { return false }
    if let known = try constant(node.inputs[index]) { return !known.int64s().contains(0) }
    let divisor = denseInput(index, of: node)
    let (place, count, location) = (Place(divisor), divisor.elementCount, node.location)
    emit(kernel: "divisor_check", precision: type, reads: [divisor], writes: []) { memory, _, _ in
      let base = memory.address(place)
      func hasZero<T: FixedWidthInteger>(_: T.Type) -> Bool {
        UnsafeBufferPointer(start: base.assumingMemoryBound(to: T.self), count: count).contains(0)
      }
      if type == .i32 ? hasZero(Int32.self) : hasZero(Int64.self) {
        memory.failure.record(OVError(.invalidData, "an integer is divided by zero", at: location))
      }
    }
    return true
  }

  /// Applies a unary kernel between two layouts of one shape.
  func emitUnary(_ function: ElementwiseFunction, from source: View, to target: View) {
    let kernel = UnaryKernels.function(for: function.operation, features: environment.features)
    let (from, to) = (Place(source), Place(target))
    let (run, alpha, beta) = (kernel.run, function.alpha, function.beta)
    let loops = ElementLoops(shape: source.shape, [source, target])
    let count = source.elementCount
    emit(kernel: kernel.name, isParallel: count >= ElementLoops.parallelThreshold, operations: count, reads: [source], writes: [target]) {
      memory, worker, workers in
      let input = memory.floats(from)
      let output = memory.floats(to)
      loops.forEachRun(worker: worker, workers: workers) { offsets, count in
        run(input + offsets[0], output + offsets[1], count, alpha, beta)
      }
    }
  }

  /// Applies a binary kernel to operands that broadcast to the node's output, and binds the output.
  ///
  /// `overwritable`: which of the node's inputs the output may overwrite when they die here.
  func emitBinary(_ operation: BinaryOperation, _ a: View, _ b: View, _ node: Node, canOverwrite overwritable: [Int]) -> Bool {
    guard let element = KernelElement(a.elementType), a.elementType == b.elementType,
      BinaryKernels.function(for: operation, element: element, features: environment.features) != nil
    else { return false }
    let output = OutputID(node.id)
    let type = node.outputs[0].type
    let sources = [a, b]
    let operand = overwritable.first {
      !isPlaced(output) && sources[$0].shape == type.shape.shape && sources[$0].elementType == type.elementType
        && canOverwrite($0, of: node)
    }
    let target: View
    if let operand {
      target = sources[operand]
      bind(output, to: target)
    } else {
      target = allocate(output)
    }
    emitBinary(operation, a, b, to: target)
    return true
  }

  /// Applies a binary kernel to operands that broadcast to `target`.
  ///
  /// - Precondition: the operation has a kernel for the operands' type.
  func emitBinary(_ operation: BinaryOperation, _ a: View, _ b: View, to target: View) {
    let element = KernelElement(a.elementType)!
    let kernel = BinaryKernels.function(for: operation, element: element, features: environment.features)!
    // In the order of the target's memory, so that neighbours are walked as neighbours.
    let axes = target.order.axes
    let (aStrides, bStrides) = (a.broadcastStrides(to: target.shape), b.broadcastStrides(to: target.shape))
    guard
      let plan = BinaryPlan(
        shape: axes.map { target.shape[$0] }, aStrides: axes.map { aStrides[$0] }, bStrides: axes.map { bStrides[$0] },
        outputStrides: axes.map { target.strides[$0] }, operation: operation, element: element)
    else { preconditionFailure("the rank of a lowered node is limited") }
    let (x, y, z) = (Place(a), Place(b), Place(target))
    let functions = kernel.functions
    let count = target.elementCount
    emit(
      kernel: kernel.name, precision: a.elementType, isParallel: count >= ElementLoops.parallelThreshold, operations: count, reads: [a, b],
      writes: [target]
    ) { memory, worker, workers in
      plan.run(functions, a: memory.address(x), b: memory.address(y), output: memory.address(z), worker: worker, workers: workers)
    }
  }
}

extension View {
  /// The strides with which the view is read over `shape`: 0 along axes that it broadcasts along.
  func broadcastStrides(to target: Shape) -> [Int] {
    let missing = target.count - shape.count
    return target.indices.map { axis in axis < missing || (shape[axis - missing] == 1 && target[axis] != 1) ? 0 : strides[axis - missing] }
  }
}
