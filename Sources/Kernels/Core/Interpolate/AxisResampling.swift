/// What becomes of a weighted sum before it is stored; integers take its whole part then, of which they keep the low bits.
package enum ResamplingRounding: Sendable {
  case none
  /// To nearest, ties away from zero.
  case nearest
  /// To nearest, ties away from zero, and into the range of an integer type.
  case saturated(least: Double, greatest: Double)
}

/// Replaces the middle axis of a dense [outer, extent, inner] tensor by weighted sums along it, in double precision and in the order of
/// the weights: for images of integers, volumes, and whatever ``ResizePlan`` does not take.
package struct AxisResampling: Sendable {
  private let outer: Int
  private let extent: Int
  private let inner: Int
  private var starts: [Int32] = [0]
  private var indices: [Int32] = []
  private var weights: [Double] = []

  /// `taps`: for each output position the input positions and their weights.
  package init(outer: Int, extent: Int, inner: Int, taps: [[(index: Int, weight: Double)]]) {
    self.outer = outer
    self.extent = extent
    self.inner = inner
    for position in taps {
      for (index, weight) in position {
        indices.append(Int32(index))
        weights.append(weight)
      }
      starts.append(Int32(indices.count))
    }
  }

  /// Multiplications and additions.
  package var operations: Int { 2 * outer * inner * indices.count }

  /// Runs a worker's share; elements are `f32`, `f16`, `i32`, `u8` or `i8`.
  ///
  /// `isWideInput`, `isWideOutput`: numbers of double precision stand in their place, between two axes.
  package func run(
    _ element: KernelElement, _ input: UnsafeRawPointer, isWideInput: Bool, _ output: UnsafeMutableRawPointer, isWideOutput: Bool,
    _ rounding: ResamplingRounding, worker: Int = 0, workers: Int = 1
  ) {
    @inline(__always) func run<T: ResampledNumber>(_: T.Type) {
      @inline(__always) func read<Source: ResampledNumber>(_: Source.Type) {
        let source = input.assumingMemoryBound(to: Source.self)
        isWideOutput
          ? sum(source, output.assumingMemoryBound(to: Double.self), rounding, worker, workers)
          : sum(source, output.assumingMemoryBound(to: T.self), rounding, worker, workers)
      }
      if isWideInput { read(Double.self) } else { read(T.self) }
    }
    switch element {
    case .f32: run(Float.self)
    case .f16: run(Float16.self)
    case .i32: run(Int32.self)
    case .u8: run(UInt8.self)
    case .i8: run(Int8.self)
    default: preconditionFailure("\(element.rawValue) is not resampled")
    }
  }

  /// Elements that are summed at a time: their sums stay in the nearest cache.
  private static var chunk: Int { 128 }

  @inline(never)
  private func sum<Source: ResampledNumber, Target: ResampledNumber>(
    _ input: UnsafePointer<Source>, _ output: UnsafeMutablePointer<Target>, _ rounding: ResamplingRounding, _ worker: Int, _ workers: Int
  ) {
    let rows = starts.count &- 1
    let (start, end) = share(of: outer &* rows, worker: worker, workers: workers, granule: inner < 8 ? 64 : 1)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: AxisResampling.chunk) { sums in
      starts.withUnsafeBufferPointer { starts in
        indices.withUnsafeBufferPointer { indices in
          weights.withUnsafeBufferPointer { weights in
            for unit in start..<Swift.max(start, end) {
              let plane = unit / rows
              let (first, last) = (Int(starts[unit &- plane &* rows]), Int(starts[unit &- plane &* rows &+ 1]))
              var column = 0
              while column < inner {
                let count = Swift.min(AxisResampling.chunk, inner &- column)
                let target = output + unit &* inner + column
                for i in 0..<count { sums[i] = 0 }
                for k in first..<last {
                  let source = input + (plane &* extent &+ Int(indices[k])) &* inner + column
                  let weight = weights[k]
                  for i in 0..<count { sums[i] += weight * source[i].wide }
                }
                switch rounding {
                case .none: break
                case .nearest: for i in 0..<count { sums[i] = sums[i].rounded(.toNearestOrAwayFromZero) }
                case .saturated(let least, let greatest):
                  for i in 0..<count {
                    let rounded = sums[i].rounded(.toNearestOrAwayFromZero)
                    sums[i] = Swift.min(Swift.max(rounded, least), greatest)
                  }
                }
                for i in 0..<count { target[i] = Target(wide: sums[i]) }
                column &+= count
              }
            }
          }
        }
      }
    }
  }
}

/// A number that is summed in double precision.
private protocol ResampledNumber: BitwiseCopyable {
  var wide: Double { get }
  init(wide: Double)
}

extension Double: ResampledNumber {
  @inline(__always) fileprivate var wide: Double { self }
  @inline(__always) fileprivate init(wide: Double) { self = wide }
}

extension ResampledNumber where Self: BinaryFloatingPoint {
  @inline(__always) fileprivate var wide: Double { Double(self) }
  @inline(__always) fileprivate init(wide: Double) { self.init(wide) }
}

extension ResampledNumber where Self: FixedWidthInteger {
  @inline(__always) fileprivate var wide: Double { Double(self) }
  @inline(__always) fileprivate init(wide: Double) { self.init(truncatingIfNeeded: Int64(wide)) }
}

extension Float: ResampledNumber {}
extension Float16: ResampledNumber {}
extension Int32: ResampledNumber {}
extension UInt8: ResampledNumber {}
extension Int8: ResampledNumber {}
