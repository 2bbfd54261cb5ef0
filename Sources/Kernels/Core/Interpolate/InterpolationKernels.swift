/// Where an output position lies between two input positions of an axis.
@usableFromInline package struct InterpolationTap: BitwiseCopyable, Sendable {
  /// The input positions on either side; equal where there is only one.
  @usableFromInline package var low: Int32
  @usableFromInline package var high: Int32
  /// What each counts; they need not add up to 1.
  @usableFromInline package var lowWeight: Float
  @usableFromInline package var highWeight: Float

  package init(low: Int32, high: Int32, lowWeight: Float, highWeight: Float) {
    self.low = low
    self.high = high
    self.lowWeight = lowWeight
    self.highWeight = highWeight
  }
}

/// The shape of an interpolation of channels-last images. Strides are in floats; the channel's is 1.
@usableFromInline package struct InterpolationGeometry: BitwiseCopyable, Sendable {
  @usableFromInline package var batch: Int
  @usableFromInline package var channels: Int
  @usableFromInline package var outputHeight: Int
  @usableFromInline package var outputWidth: Int
  @usableFromInline package var inputBatchStride: Int
  @usableFromInline package var inputRowStride: Int
  @usableFromInline package var inputPixelStride: Int
  @usableFromInline package var outputBatchStride: Int
  @usableFromInline package var outputRowStride: Int
  @usableFromInline package var outputPixelStride: Int

  package init(
    batch: Int, channels: Int, outputHeight: Int, outputWidth: Int, inputBatchStride: Int, inputRowStride: Int, inputPixelStride: Int,
    outputBatchStride: Int, outputRowStride: Int, outputPixelStride: Int
  ) {
    self.batch = batch
    self.channels = channels
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.inputBatchStride = inputBatchStride
    self.inputRowStride = inputRowStride
    self.inputPixelStride = inputPixelStride
    self.outputBatchStride = outputBatchStride
    self.outputRowStride = outputRowStride
    self.outputPixelStride = outputPixelStride
  }
}

/// The interpolations that have kernels.
@usableFromInline package enum InterpolationOperation: String, CaseIterable, Sendable {
  /// The low tap of each axis alone.
  case nearest
  /// The four taps of both axes, weighted.
  case bilinear
}

/// Interpolates a worker's share of the output's rows, from a tap for every output row and one for every output column.
@usableFromInline package typealias InterpolationFunction =
  @Sendable (
    _ geometry: UnsafePointer<InterpolationGeometry>, _ rows: UnsafePointer<InterpolationTap>,
    _ columns: UnsafePointer<InterpolationTap>, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ worker: Int,
    _ workers: Int
  ) -> Void

/// A row of the table of interpolation kernels.
package struct InterpolationKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: InterpolationOperation
  package let run: InterpolationFunction

  package init(name: String, requires: CPUFeatures, operation: InterpolationOperation, run: @escaping InterpolationFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// What becomes of the channels of the four pixels around an output pixel: two of the upper row, two of the lower.
@usableFromInline package protocol InterpolationFormula: SendableMetatype {
  static func apply<V: FloatVector>(
    _: V.Type, _ upper: (UnsafePointer<Float>, UnsafePointer<Float>), _ lower: (UnsafePointer<Float>, UnsafePointer<Float>),
    _ row: InterpolationTap, _ column: InterpolationTap, _ output: UnsafeMutablePointer<Float>, channels: Int)
}

/// The formulas of ``InterpolationOperation``.
@usableFromInline package enum InterpolationFormulas {
  @usableFromInline package enum Nearest: InterpolationFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ upper: (UnsafePointer<Float>, UnsafePointer<Float>), _ lower: (UnsafePointer<Float>, UnsafePointer<Float>),
      _ row: InterpolationTap, _ column: InterpolationTap, _ output: UnsafeMutablePointer<Float>, channels: Int
    ) {
      mapRow(V.self, upper.0, output, count: channels) { $0 }
    }
  }

  @usableFromInline package enum Bilinear: InterpolationFormula {
    @inlinable @inline(__always)
    package static func apply<V: FloatVector>(
      _: V.Type, _ upper: (UnsafePointer<Float>, UnsafePointer<Float>), _ lower: (UnsafePointer<Float>, UnsafePointer<Float>),
      _ row: InterpolationTap, _ column: InterpolationTap, _ output: UnsafeMutablePointer<Float>, channels: Int
    ) {
      let top = V.splat(row.lowWeight)
      let bottom = V.splat(row.highWeight)
      let left = V.splat(column.lowWeight)
      let right = V.splat(column.highWeight)
      var c = 0
      while c < channels {
        let step = Swift.min(V.lanes, channels &- c)
        @inline(__always) func along(_ pixels: (UnsafePointer<Float>, UnsafePointer<Float>)) -> V {
          (V.load(pixels.0 + c, count: step) * left).fma(V.load(pixels.1 + c, count: step), right)
        }
        (along(upper) * top).fma(along(lower), bottom).store(output + c, count: step)
        c &+= step
      }
    }
  }
}

/// The kernel of an interpolation for a vector type.
@inlinable @inline(__always)
package func interpolationFunction<V: FloatVector>(_: V.Type, _ operation: InterpolationOperation) -> InterpolationFunction {
  switch operation {
  case .nearest: interpolationFunction(V.self, InterpolationFormulas.Nearest.self)
  case .bilinear: interpolationFunction(V.self, InterpolationFormulas.Bilinear.self)
  }
}

@inlinable @inline(__always)
package func interpolationFunction<V: FloatVector, F: InterpolationFormula>(_: V.Type, _: F.Type) -> InterpolationFunction {
  { geometry, rows, columns, input, output, worker, workers in
    let g = geometry.pointee
    let (start, end) = share(of: g.batch &* g.outputHeight, worker: worker, workers: workers)
    for unit in start..<end {
      let image = unit / g.outputHeight
      let y = unit &- image &* g.outputHeight
      let row = rows[y]
      let source = input + image &* g.inputBatchStride
      let upper = source + Int(row.low) &* g.inputRowStride
      let lower = source + Int(row.high) &* g.inputRowStride
      var target = output + image &* g.outputBatchStride + y &* g.outputRowStride
      for x in 0..<g.outputWidth {
        let column = columns[x]
        let low = Int(column.low) &* g.inputPixelStride
        let high = Int(column.high) &* g.inputPixelStride
        F.apply(V.self, (upper + low, upper + high), (lower + low, lower + high), row, column, target, channels: g.channels)
        target += g.outputPixelStride
      }
    }
  }
}
