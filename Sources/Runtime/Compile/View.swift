/// Where a value lies in a plan's memory: a buffer, and a stride in elements for each axis of the logical shape.
///
/// Layout is strides alone: a Transpose, a Split or a Concat along channels is another view of the same bytes, and
/// channels-last activations are views whose channel axis has stride 1.
struct View: Hashable, Sendable {
  /// The index of the buffer in its plan.
  var buffer: Int
  /// From the buffer's start to the element with index zero.
  var byteOffset: Int
  var elementType: ElementType
  var shape: Shape
  /// Elements from one index to the next, an axis.
  var strides: [Int]

  /// A view of a buffer in an order of axes, without gaps.
  init(buffer: Int, byteOffset: Int = 0, _ elementType: ElementType, _ shape: Shape, order: AxisOrder? = nil) {
    self.buffer = buffer
    self.byteOffset = byteOffset
    self.elementType = elementType
    self.shape = shape
    strides = order?.strides(shape) ?? shape.rowMajorStrides
  }

  var elementCount: Int { shape.elementCount }
  var elementSize: Int { elementType.bitWidth / 8 }

  /// Whether the elements lie in row-major order without gaps.
  var isDense: Bool { isContiguous(.rowMajor(rank: shape.count)) }

  /// Whether the elements lie without gaps when the axes are walked in `order`, the last fastest.
  func isContiguous(_ order: AxisOrder) -> Bool {
    var expected = 1
    for axis in order.axes.reversed() where shape[axis] != 1 {
      if strides[axis] != expected { return false }
      expected *= shape[axis]
    }
    return true
  }

  /// The axes from the outermost in memory to the innermost; axes of extent 1 stand where row-major order has them.
  var order: AxisOrder {
    let large = shape.indices.filter { shape[$0] != 1 }
    let sorted = large.sorted { (strides[$0], $1) > (strides[$1], $0) }
    var axes = Array(shape.indices)
    for (place, axis) in zip(large, sorted) { axes[place] = axis }
    return AxisOrder(axes: axes)
  }

  /// The same elements with permuted axes: axis `i` of the result is axis `axes[i]` of this view.
  func permuted(_ axes: [Int]) -> View {
    var view = self
    view.shape = axes.map { shape[$0] }
    view.strides = axes.map { strides[$0] }
    return view
  }

  /// The part that starts at `start` along `axis` and is `count` long; every `step`-th element.
  func sliced(axis: Int, start: Int, count: Int, step: Int = 1) -> View {
    var view = self
    view.byteOffset += start * strides[axis] * elementSize
    view.shape[axis] = count
    view.strides[axis] *= step
    return view
  }

  /// The same elements under another shape, when strides can express it; `nil` when a copy is needed.
  ///
  /// Runs of axes that are contiguous among themselves are matched with runs of target axes of equal product.
  func reshaped(to target: Shape) -> View? {
    guard target.elementCount == elementCount else { return nil }
    var view = self
    view.shape = target
    view.strides = target.rowMajorStrides
    if elementCount == 0 { return view }
    let source = shape.indices.filter { shape[$0] != 1 }
    var next = 0
    var axis = 0
    while axis < target.count {
      if target[axis] == 1 {
        axis += 1
        continue
      }
      // Grow both runs until their products meet.
      let first = axis
      var wanted = target[axis]
      axis += 1
      var last = next
      var product = shape[source[last]]
      while product != wanted {
        if product < wanted {
          guard strides[source[last]] == strides[source[last + 1]] * shape[source[last + 1]] else { return nil }
          last += 1
          product *= shape[source[last]]
        } else {
          wanted *= target[axis]
          axis += 1
        }
      }
      var stride = strides[source[last]]
      for k in (first..<axis).reversed() {
        view.strides[k] = stride
        stride *= target[k]
      }
      next = last + 1
    }
    return view
  }
}

/// The axes of a tensor from the outermost in memory to the innermost.
struct AxisOrder: Hashable, Sendable {
  var axes: [Int]

  static func rowMajor(rank: Int) -> AxisOrder { AxisOrder(axes: Array(0..<rank)) }

  /// Batch, spatial axes, channels: what the image kernels work on.
  static func channelsLast(rank: Int) -> AxisOrder {
    rank < 3 ? rowMajor(rank: rank) : AxisOrder(axes: [0] + Array(2..<rank) + [1])
  }

  var isRowMajor: Bool { axes == Array(axes.indices) }

  /// The strides of a tensor of `shape` laid out in this order without gaps.
  func strides(_ shape: Shape) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = 1
    for axis in axes.reversed() {
      strides[axis] = step
      step &*= Swift.max(1, shape[axis])
    }
    return strides
  }

  /// The order of a tensor whose axis `i` was axis `permutation[i]` of one in this order.
  func permuted(_ permutation: [Int]) -> AxisOrder {
    AxisOrder(axes: axes.map { axis in permutation.firstIndex(of: axis)! })
  }
}
