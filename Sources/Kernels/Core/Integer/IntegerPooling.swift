/// The pooling of 8-bit integers: geometry in elements, and what becomes of a window.
///
/// A maximum is the greatest integer, stored as it is. An average has s, the int32 sum of the window's elements that are not padding,
/// less `zeroPoint` for each, and d, what ``PoolingOperation`` divides by:
///
///     y = s · (multiplier / d) + addend      0 · … where d is 0
///     q = min(max(y, lowest), highest) rounded to nearest, ties to even
///
/// each operation rounded to single precision by itself; y is stored as it is where `outputType` is `f32`. So an average has
/// multiplier = input scale / output scale and addend = the output's zero point.
@frozen @usableFromInline package struct IntegerPooling {
  @usableFromInline package var geometry: PoolingGeometry
  /// `u8` or `i8`.
  @usableFromInline package var inputType: ActivationType
  /// The input's type for a maximum.
  @usableFromInline package var outputType: ActivationType
  @usableFromInline package var zeroPoint: Int32 = 0
  @usableFromInline package var multiplier: Float = 1
  @usableFromInline package var addend: Float = 0
  @usableFromInline package var lowest: Float
  @usableFromInline package var highest: Float

  /// From one grid to another; a maximum needs the same.
  package init(_ geometry: PoolingGeometry, input: QuantizedGrid, output: ActivationFormat) {
    self.geometry = geometry
    inputType = input.type
    outputType = output.type
    zeroPoint = input.zeroPoint
    multiplier = Float(Double(input.scale) / Double(output.grid?.scale ?? 1))
    addend = Float(output.grid?.zeroPoint ?? 0)
    lowest = Float(output.grid?.lowest ?? 0)
    highest = Float(output.grid?.highest ?? 0)
  }
}

/// Pools a worker's share of the output's rows. A window without elements gives the type's least integer, or the addend.
package typealias IntegerPoolingFunction =
  @Sendable (
    _ pooling: UnsafePointer<IntegerPooling>, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer, _ worker: Int, _ workers: Int
  ) -> Void

/// A row of the table of integer pooling kernels.
package struct IntegerPoolingKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let operation: PoolingOperation
  package let run: IntegerPoolingFunction

  package init(name: String, requires: CPUFeatures, operation: PoolingOperation, run: @escaping IntegerPoolingFunction) {
    self.name = name
    self.requires = requires
    self.operation = operation
    self.run = run
  }
}

/// An ``IntegerPooling`` as its definition reads.
package func referenceIntegerPooling(
  _ operation: PoolingOperation, _ p: UnsafePointer<IntegerPooling>, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer,
  _ worker: Int, _ workers: Int
) {
  let pooling = p.pointee
  let g = pooling.geometry
  let (start, end) = share(of: g.batch * g.height.output, worker: worker, workers: workers)
  for row in start..<end {
    let image = row / g.height.output
    let y = row % g.height.output
    let rows = g.height.window(y)
    for x in 0..<g.width.output {
      let columns = g.width.window(x)
      for c in 0..<g.channels {
        var sum: Int32 = 0
        var greatest = pooling.inputType.range.lowerBound
        for i in rows.first..<rows.last {
          for j in columns.first..<columns.last {
            let index =
              image * g.inputBatchStride + (rows.origin + i * g.height.dilation) * g.height.inputStride
              + (columns.origin + j * g.width.dilation) * g.width.inputStride + c
            let value = pooling.inputType.integer(input, index)
            sum += value - pooling.zeroPoint
            greatest = max(greatest, value)
          }
        }
        let index = image * g.outputBatchStride + y * g.height.outputStride + x * g.width.outputStride + c
        let divisor: Int
        switch operation {
        case .maximum:
          output.storeBytes(of: UInt8(truncatingIfNeeded: greatest), toByteOffset: index, as: UInt8.self)
          continue
        case .averageExcludingPad: divisor = (rows.last - rows.first) * (columns.last - columns.first)
        case .averageIncludingPad: divisor = rows.padded * columns.padded
        case .averageOfKernel: divisor = g.height.kernel * g.width.kernel
        }
        let result = Float(sum) * (divisor == 0 ? 0 : pooling.multiplier / Float(divisor)) + pooling.addend
        if pooling.outputType == .f32 {
          output.storeBytes(of: result, toByteOffset: 4 * index, as: Float.self)
        } else {
          let bounded = result > pooling.lowest ? (result < pooling.highest ? result : pooling.highest) : pooling.lowest
          let q = Int32(bounded.rounded(.toNearestOrEven))
          output.storeBytes(of: UInt8(truncatingIfNeeded: q), toByteOffset: index, as: UInt8.self)
        }
      }
    }
  }
}
