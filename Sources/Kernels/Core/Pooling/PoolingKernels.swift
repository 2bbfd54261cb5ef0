/// What a pooling window makes of its elements.
@usableFromInline package enum PoolingOperation: String, CaseIterable, Sendable {
  /// The greatest element; padding does not count.
  case maximum
  /// The sum over the number of elements that are not padding.
  case averageExcludingPad = "average_excluding_pad"
  /// The sum over the number of elements of the window that lie in the padded input.
  case averageIncludingPad = "average_including_pad"
  /// The sum over the size of the kernel, wherever the window lies.
  case averageOfKernel = "average_of_kernel"
}

/// The shape of a two-dimensional pooling of channels-last activations. Strides are in floats; the channel's is 1.
@usableFromInline package struct PoolingGeometry: BitwiseCopyable, Sendable {
  /// What height and width have alike.
  @usableFromInline package struct Axis: BitwiseCopyable, Sendable {
    @usableFromInline package var input: Int
    @usableFromInline package var output: Int
    @usableFromInline package var kernel: Int
    @usableFromInline package var stride: Int
    @usableFromInline package var dilation: Int
    @usableFromInline package var padBegin: Int
    @usableFromInline package var padEnd: Int
    /// From one input position to the next.
    @usableFromInline package var inputStride: Int
    /// From one output position to the next.
    @usableFromInline package var outputStride: Int

    package init(
      input: Int, output: Int, kernel: Int, stride: Int, dilation: Int = 1, padBegin: Int = 0, padEnd: Int = 0, inputStride: Int,
      outputStride: Int
    ) {
      self.input = input
      self.output = output
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padBegin = padBegin
      self.padEnd = padEnd
      self.inputStride = inputStride
      self.outputStride = outputStride
    }

    /// The kernel positions of an output position whose elements are not padding, and how many lie in the padded input.
    @inlinable @inline(__always)
    package func window(_ position: Int) -> (origin: Int, first: Int, last: Int, padded: Int) {
      let origin = position &* stride &- padBegin
      let first = origin < 0 ? (dilation &- 1 &- origin) / dilation : 0
      let last = input > origin ? Swift.min(kernel, (input &- origin &+ dilation &- 1) / dilation) : 0
      let end = input &+ padEnd &- origin
      let padded = end > 0 ? Swift.min(kernel, (end &+ dilation &- 1) / dilation) : 0
      return (origin, first, Swift.max(first, last), padded)
    }
  }

  @usableFromInline package var batch: Int
  @usableFromInline package var channels: Int
  @usableFromInline package var height: Axis
  @usableFromInline package var width: Axis
  /// From one image of the batch to the next.
  @usableFromInline package var inputBatchStride: Int
  @usableFromInline package var outputBatchStride: Int

  package init(batch: Int, channels: Int, height: Axis, width: Axis, inputBatchStride: Int, outputBatchStride: Int) {
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
    self.inputBatchStride = inputBatchStride
    self.outputBatchStride = outputBatchStride
  }
}

/// Pools a worker's share of the output's rows. A window without elements gives the lowest float or 0.
@usableFromInline package typealias PoolingFunction =
  @Sendable (
    _ geometry: UnsafePointer<PoolingGeometry>, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ worker: Int,
    _ workers: Int
  ) -> Void

/// A row of the table of pooling kernels.
package struct PoolingKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: PoolingOperation
  package let run: PoolingFunction

  package init(name: String, requires: CPUFeatures, operation: PoolingOperation, run: @escaping PoolingFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// One pooling: how elements join, and what divides them.
@usableFromInline package protocol PoolingFormula: SendableMetatype {
  static var identity: Float { get }
  static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V
  /// The factor for a window that covers `valid` elements, `padded` cells of the padded input, or the whole `kernel`.
  static func scale(valid: Int, padded: Int, kernel: Int) -> Float
}

extension PoolingFormula {
  @inlinable @inline(__always) package static var identity: Float { 0 }
  @inlinable @inline(__always)
  package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial + x }
}

/// The formulas of ``PoolingOperation``.
@usableFromInline package enum PoolingFormulas {
  @usableFromInline package enum Maximum: PoolingFormula {
    @inlinable @inline(__always) package static var identity: Float { -.greatestFiniteMagnitude }
    @inlinable @inline(__always)
    package static func accumulate<V: FloatVector>(_ partial: V, _ x: V) -> V { partial.max(x) }
    @inlinable @inline(__always)
    package static func scale(valid: Int, padded: Int, kernel: Int) -> Float { 1 }
  }

  @usableFromInline package enum AverageExcludingPad: PoolingFormula {
    @inlinable @inline(__always)
    package static func scale(valid: Int, padded: Int, kernel: Int) -> Float { valid == 0 ? 0 : 1 / Float(valid) }
  }

  @usableFromInline package enum AverageIncludingPad: PoolingFormula {
    @inlinable @inline(__always)
    package static func scale(valid: Int, padded: Int, kernel: Int) -> Float { padded == 0 ? 0 : 1 / Float(padded) }
  }

  @usableFromInline package enum AverageOfKernel: PoolingFormula {
    @inlinable @inline(__always)
    package static func scale(valid: Int, padded: Int, kernel: Int) -> Float { 1 / Float(kernel) }
  }
}

/// The kernel of a pooling for a vector type.
@inlinable @inline(__always)
package func poolingFunction<V: FloatVector>(_: V.Type, _ operation: PoolingOperation) -> PoolingFunction {
  switch operation {
  case .maximum: poolingFunction(V.self, PoolingFormulas.Maximum.self)
  case .averageExcludingPad: poolingFunction(V.self, PoolingFormulas.AverageExcludingPad.self)
  case .averageIncludingPad: poolingFunction(V.self, PoolingFormulas.AverageIncludingPad.self)
  case .averageOfKernel: poolingFunction(V.self, PoolingFormulas.AverageOfKernel.self)
  }
}

@inlinable @inline(__always)
package func poolingFunction<V: FloatVector, F: PoolingFormula>(_: V.Type, _: F.Type) -> PoolingFunction {
  { geometry, input, output, worker, workers in
    let g = geometry.pointee
    let (start, end) = share(of: g.batch &* g.height.output, worker: worker, workers: workers)
    for row in start..<end {
      let image = row / g.height.output
      let y = row &- image &* g.height.output
      let rows = g.height.window(y)
      let source = input + image &* g.inputBatchStride + rows.origin &* g.height.inputStride
      let target = output + image &* g.outputBatchStride + y &* g.height.outputStride
      for x in 0..<g.width.output {
        let columns = g.width.window(x)
        let scale = F.scale(
          valid: (rows.last &- rows.first) &* (columns.last &- columns.first), padded: rows.padded &* columns.padded,
          kernel: g.height.kernel &* g.width.kernel)
        poolWindow(
          V.self, F.self, source + columns.origin &* g.width.inputStride, target + x &* g.width.outputStride, channels: g.channels,
          rows: (rows.first, rows.last), rowStride: g.height.dilation &* g.height.inputStride, columns: (columns.first, columns.last),
          columnStride: g.width.dilation &* g.width.inputStride, scale: scale)
      }
    }
  }
}

/// Pools all channels of one window: of four registers of channels at a time, then of one.
@inlinable @inline(__always)
package func poolWindow<V: FloatVector, F: PoolingFormula>(
  _: V.Type, _: F.Type, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, channels: Int,
  rows: (first: Int, last: Int), rowStride: Int, columns: (first: Int, last: Int), columnStride: Int, scale: Float
) {
  let lanes = V.lanes
  let factor = V.splat(scale)
  /// The window's elements of the registers from `c` on, joined.
  @inline(__always) func join<let Count: Int>(
    _: InlineArray<Count, Void>.Type, _ c: Int, _ load: (UnsafePointer<Float>) -> V
  ) -> InlineArray<Count, V> {
    var partials = InlineArray<Count, V>(repeating: V.splat(F.identity))
    for i in rows.first..<rows.last {
      for j in columns.first..<columns.last {
        let p = input + (i &* rowStride &+ j &* columnStride &+ c)
        for k in 0..<Count { partials[unchecked: k] = F.accumulate(partials[unchecked: k], load(p + k &* lanes)) }
      }
    }
    for k in 0..<Count { partials[unchecked: k] = partials[unchecked: k] * factor }
    return partials
  }
  var c = 0
  while c &+ 4 &* lanes <= channels {
    let results = join(InlineArray<4, Void>.self, c) { V.load($0) }
    for k in 0..<4 { results[unchecked: k].store(output + (c &+ k &* lanes)) }
    c &+= 4 &* lanes
  }
  while c &+ lanes <= channels {
    join(InlineArray<1, Void>.self, c) { V.load($0) }[unchecked: 0].store(output + c)
    c &+= lanes
  }
  if c < channels {
    let rest = channels &- c
    join(InlineArray<1, Void>.self, c) { V.load($0, count: rest) }[unchecked: 0].store(output + c, count: rest)
  }
}
