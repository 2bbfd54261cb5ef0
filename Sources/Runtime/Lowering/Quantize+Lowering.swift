import KernelCore
import Kernels

extension Quantize: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard let multiplier = try builder.constant(node.inputs[1]), let zeroPoint = try builder.constant(node.inputs[2]) else {
      return false
    }
    return try builder.lowerQuantization(node, multiplier: multiplier, addend: zeroPoint, bounds: (Float(low), Float(high)))
  }
}

extension Dequantize: ElementwiseOperator {
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard shape == nil, let scale = try builder.constant(node.inputs[1]), let zeroPoint = try builder.constant(node.inputs[2]) else {
      return false
    }
    if node.postOperations.isEmpty {
      // Scale and zero point broadcast alike, or one of them is a single number.
      let sizes = [scale, zeroPoint].filter { $0.elementCount > 1 }
      guard sizes.allSatisfy({ $0.shape == sizes[0].shape }) else { return false }
      let count = max(scale.elementCount, zeroPoint.elementCount)
      let (scales, zeros) = (scale.doubles(), zeroPoint.doubles())
      let addends = (0..<count).map { -zeros[zeros.count == 1 ? 0 : $0] * scales[scales.count == 1 ? 0 : $0] }
      guard zeros.count > 1 else {
        return try builder.lowerQuantization(node, subtrahend: Float(zeros[0]), multiplier: scale, addend: nil)
      }
      return try builder.lowerQuantization(
        node, multiplier: scale, addend: Tensor(.f32, shape: sizes[0].shape, doubles: addends))
    }
    guard let fused = try FusedIntegerEpilogue(node, builder, channels: 1, channelAxis: 0), scale.elementCount == 1,
      zeroPoint.elementCount == 1
    else { return false }
    let grid = fused.epilogue.output.grid
    let unit = Double(grid?.scale ?? 1)
    var second: SecondSource?
    if let residual = fused.residual {
      let grid = fused.epilogue.residual?.grid
      second = SecondSource(
        view: residual.view, zeroPoint: Float(grid?.zeroPoint ?? 0), multiplier: Float(Double(grid?.scale ?? 1) / unit))
    }
    return try builder.lowerQuantization(
      node, subtrahend: Float(zeroPoint.doubles()[0]),
      multiplier: Tensor(.f32, shape: [], doubles: [scale.doubles()[0] / unit]),
      addend: Tensor(.f32, shape: [], doubles: [Double(grid?.zeroPoint ?? 0)]),
      bounds: grid.map { (Float($0.lowest), Float($0.highest)) }, second: second)
  }
}

extension FakeQuantize: ElementwiseOperator {
  /// Rounds to integers and back. More levels than 8 bits have are rounded in floats.
  func lower(_ node: Node, _ builder: PlanBuilder) throws -> Bool {
    guard
      let parameters = try FakeQuantizeParameters(node, builder.model, levelLimit: 1 << 24, constant: { try builder.constant($0) }),
      node.outputs[0].type.shape == builder.model.type(of: node.inputs[0]).shape
    else { return false }
    let source = builder.input(0, of: node)
    let isNarrow = levels <= 256
    let integers = builder.temporary(isNarrow ? .u8 : .f32, source.shape, order: source.order)
    // The grid's zero point is minus its least number in units of its scale: q · scale + least.
    let grid = parameters.grid
    guard let least = parameters.bounds.low.elementCount == grid.scale.elementCount ? parameters.bounds.low : parameters.bounds.low.single,
      let quantization = Quantization(source, multiplier: parameters.multiplier, addend: parameters.offset, builder),
      let back = Quantization(source, multiplier: grid.scale, addend: least, builder)
    else { return false }
    builder.emit(quantization, from: source, to: integers, bounds: (0, Float(levels - 1)))
    if !isNarrow {
      builder.emitUnary(ElementwiseFunction(.roundHalfToEven), from: integers, to: integers)
      builder.emitUnary(ElementwiseFunction(.clamp, 0, Float(levels - 1)), from: integers, to: integers)
    }
    let target = builder.target(OutputID(node.id), order: source.order)
    builder.emit(back, from: integers, to: target.computed)
    target.finish(builder)
    return true
  }
}

/// What a quantising kernel adds to its first operand.
struct SecondSource {
  let view: View
  let zeroPoint: Float
  let multiplier: Float
}

extension ActivationType {
  init?(_ type: ElementType) {
    switch type {
    case .f32: self = .f32
    case .u8: self = .u8
    case .i8: self = .i8
    default: return nil
    }
  }
}

/// What a quantising kernel multiplies by and adds: one number for all elements of a value, or one for each index of the axis that
/// is innermost in its memory.
struct Quantization {
  /// Elements that the numbers are given for one by one; all of them where there is one number.
  let columns: Int
  let isPerColumn: Bool
  /// The multipliers, then the addends.
  let constants: View
  let addendOffset: Int

  /// `nil` when the numbers vary along another axis, or `view` has gaps.
  ///
  /// `addend`: `nil` for zero.
  init?(_ view: View, multiplier: Tensor, addend: Tensor?, _ builder: PlanBuilder) {
    guard view.elementCount > 0, view.isContiguous(view.order) else { return nil }
    let innermost = view.order.axes.last { view.shape[$0] != 1 } ?? 0
    isPerColumn = multiplier.elementCount > 1 || (addend?.elementCount ?? 1) > 1
    columns = isPerColumn ? view.shape[innermost] : view.elementCount
    func numbers(_ parameter: Tensor, _ isPerColumn: Bool, _ columns: Int) -> [Double]? {
      isPerColumn ? parameter.perChannel(columns, axis: innermost, rank: view.shape.count) : [parameter.doubles()[0]]
    }
    guard let multipliers = numbers(multiplier, isPerColumn, columns) else { return nil }
    var addends = multipliers.map { _ in 0.0 }
    if let addend {
      guard let numbers = numbers(addend, isPerColumn, columns) else { return nil }
      addends = numbers
    }
    constants = builder.constantView(Tensor(.f32, shape: [2, multipliers.count], doubles: multipliers + addends))
    addendOffset = 4 * multipliers.count
  }
}

extension PlanBuilder {
  /// Lowers a node that maps its first operand's elements affinely, to another grid, or between one and real numbers.
  ///
  /// `addend`: `nil` for zero.
  func lowerQuantization(
    _ node: Node, subtrahend: Float = 0, multiplier: Tensor, addend: Tensor?,
    bounds: (low: Float, high: Float)? = nil, second: SecondSource? = nil
  ) throws -> Bool {
    let view = input(0, of: node)
    guard ActivationType(view.elementType) != nil, ActivationType(node.outputs[0].type.elementType) != nil,
      second == nil || second!.view.shape == view.shape,
      let quantization = Quantization(view, multiplier: multiplier, addend: addend, self)
    else { return false }
    let target = target(OutputID(node.id), order: view.order)
    emit(quantization, from: view, to: target.computed, subtrahend: subtrahend, bounds: bounds, second: second)
    target.finish(self)
    return true
  }

  /// Emits a quantising kernel between values that lie alike.
  ///
  /// - Precondition: the element types are those of activations, and `target` lies as `source` does.
  func emit(
    _ quantization: Quantization, from source: View, to target: View, subtrahend: Float = 0, bounds: (low: Float, high: Float)? = nil,
    second: SecondSource? = nil
  ) {
    let (from, to) = (ActivationType(source.elementType)!, ActivationType(target.elementType)!)
    var other: View?
    if let second { other = second.view.isContiguous(source.order) ? second.view : copy(second.view, order: source.order) }
    let kernel = QuantizeKernels.function(features: environment.features)
    let places = (
      from: Place(source), constants: Place(quantization.constants), second: other.map { Place($0) }, to: Place(target)
    )
    let (count, columns, perColumn, addendOffset) = (
      source.elementCount, quantization.columns, quantization.isPerColumn, quantization.addendOffset
    )
    let secondType = other.flatMap { ActivationType($0.elementType) } ?? .f32
    let (secondZeroPoint, secondMultiplier) = (second?.zeroPoint ?? 0, second?.multiplier ?? 1)
    emit(
      kernel: kernel.name, precision: to == .f32 ? .f32 : target.elementType, isParallel: count >= ElementLoops.parallelThreshold,
      operations: 2 * count, reads: [source, quantization.constants] + [other].compactMap { $0 }, writes: [target]
    ) { memory, worker, workers in
      // Whole rows where columns differ, otherwise any run of elements.
      let (start, end) =
        perColumn
        ? share(of: count / columns, worker: worker, workers: workers) : share(of: count, worker: worker, workers: workers, granule: 64)
      guard end > start else { return }
      let offset = perColumn ? start * columns : start
      let parameters = memory.address(places.constants)
      var work = QuantizeRows(
        source: memory.address(places.from) + offset * from.byteCount, from, target: memory.address(places.to) + offset * to.byteCount,
        to, multipliers: UnsafePointer(parameters.assumingMemoryBound(to: Float.self)),
        addends: UnsafePointer((parameters + addendOffset).assumingMemoryBound(to: Float.self)), rows: perColumn ? end - start : 1,
        columns: perColumn ? columns : end - start)
      work.perColumn = perColumn
      work.zeroPoint = subtrahend
      if let second = places.second {
        work.second = UnsafeRawPointer(memory.address(second) + offset * secondType.byteCount)
        work.secondType = secondType
        work.secondZeroPoint = secondZeroPoint
        work.secondMultiplier = secondMultiplier
        work.secondRowStride = work.columns
      }
      if let bounds { (work.lowest, work.highest) = bounds }
      withUnsafePointer(to: work) { kernel.run($0) }
    }
  }

  /// A copy of a value in an order of axes without gaps.
  private func copy(_ view: View, order: AxisOrder) -> View {
    let copy = temporary(view.elementType, view.shape, order: order)
    emitCopy(from: view, to: copy)
    return copy
  }
}

extension Tensor {
  /// The number that all elements are, as a scalar; `nil` when they differ.
  fileprivate var single: Tensor? {
    let numbers = doubles()
    return Set(numbers).count == 1 ? Tensor(elementType, shape: [], doubles: [numbers[0]]) : nil
  }
}
