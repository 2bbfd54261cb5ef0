/// What each position along an output axis is made of: weighted positions along the input's.
package struct ResamplingTaps: Sendable {
  private var starts: [Int32] = [0]
  private var indices: [Int32] = []
  private var weights: [Float] = []

  private var uniformCount = 0

  /// `positions`: for each output position the input positions and their weights.
  package init(_ positions: [[(index: Int, weight: Float)]]) {
    let most = positions.lazy.map(\.count).max() ?? 0
    for taps in positions {
      // One of two alone counts half twice, so that all have two.
      let isHalved = taps.count == 1 && most == 2
      for (index, weight) in isHalved ? taps + taps : taps {
        indices.append(Int32(index))
        weights.append(isHalved ? weight / 2 : weight)
      }
      starts.append(Int32(indices.count))
    }
    if positions.count * most == indices.count { uniformCount = most }
  }

  fileprivate var count: Int { indices.count }
  /// How many different positions are used.
  fileprivate var distinctCount: Int { Set(indices).count }
  /// How far the positions that make up one reach.
  fileprivate var span: Int {
    zip(starts, starts.dropFirst()).lazy.map { first, last in
      let taps = indices[Int(first)..<Int(last)]
      return Int((taps.max() ?? -1) - (taps.min() ?? 0)) + 1
    }.max() ?? 0
  }
  /// Where each position is when `count` are kept.
  private var places: [Int32] = []
  fileprivate mutating func keep(_ count: Int) { places = indices.map { $0 % Int32(count) } }

  fileprivate func withAxis(_ body: (ResamplingAxis) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      indices.withUnsafeBufferPointer { indices in
        places.withUnsafeBufferPointer { places in
          weights.withUnsafeBufferPointer { weights in
            // Without any taps nothing is read.
            let start = starts.baseAddress.unsafelyUnwrapped
            let weight = weights.baseAddress ?? UnsafeRawPointer(start).assumingMemoryBound(to: Float.self)
            body(
              ResamplingAxis(
                starts: start, indices: indices.baseAddress ?? start, weights: weight, places: places.baseAddress ?? start,
                uniformCount: uniformCount))
          }
        }
      }
    }
  }
}

/// Images resized along height and width.
package struct ResizePlan: Sendable {
  private var geometry: ResamplingGeometry
  private var rows: ResamplingTaps
  private let columns: ResamplingTaps

  package init(_ geometry: ResamplingGeometry, rows: ResamplingTaps, columns: ResamplingTaps) {
    self.geometry = geometry
    self.rows = rows
    self.columns = columns
    // Rows go by registers, pixels of few channels one by one.
    let pixelCost = geometry.isNarrow ? 4 : 1
    let isCopied = !geometry.isNarrow && rows.count == geometry.outputHeight
    let rowsFirst = (isCopied ? 0 : rows.count * geometry.rowCount) + pixelCost * pixels(geometry.outputHeight)
    let columnsFirst = pixelCost * pixels(rows.distinctCount) + rows.count * geometry.outputWidth * geometry.channels
    let kept = rows.span
    if columnsFirst < rowsFirst, geometry.outputPixelStride == geometry.channels, kept > 0, kept * geometry.keptStride <= 1 << 15 {
      self.geometry.keptRows = kept
      self.rows.keep(kept)
    }
  }

  /// Whether rows are resampled along their width before they are added up.
  package var isColumnsFirst: Bool { geometry.keptRows > 0 }

  /// Bytes of scratch memory for each worker.
  package var scratchByteCount: Int { 4 * geometry.scratchCount }

  /// Multiplications for so many rows along their width.
  private func pixels(_ rows: Int) -> Int { rows * columns.count * geometry.channels }

  /// Multiplications and additions.
  package var operations: Int {
    2 * geometry.batch
      * (isColumnsFirst
        ? pixels(rows.distinctCount) + rows.count * geometry.outputWidth * geometry.channels
        : rows.count * geometry.rowCount + pixels(geometry.outputHeight))
  }

  /// Runs a worker's share.
  package func run(
    _ kernel: ResamplingKernel, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer,
    worker: Int = 0, workers: Int = 1
  ) {
    let scratch = scratch.assumingMemoryBound(to: Float.self)
    withUnsafePointer(to: geometry) { geometry in
      rows.withAxis { rows in
        columns.withAxis { columns in kernel.resize(geometry, rows, columns, input, output, scratch, worker, workers) }
      }
    }
  }
}

/// How an image is sampled between its pixels.
package enum GridSamplingMode: String, CaseIterable, Sendable { case bilinear, bicubic, nearest }

/// What stands outside of an image that is sampled.
package enum GridPaddingMode: String, CaseIterable, Sendable { case zeros, border, reflection }

/// Channels-last images sampled at points x, y of −1…1 across each.
package struct GridSamplingPlan: Sendable {
  private let mode: GridSamplingMode
  private let padding: GridPaddingMode
  private let alignsCorners: Bool
  private let batch: Int
  private let channels: Int
  private let height: Int
  private let width: Int
  private let points: Int

  /// `alignsCorners`: −1 and 1 mean the centres of the outer pixels instead of their edges.
  /// `points`: the points of an image.
  package init(
    mode: GridSamplingMode, padding: GridPaddingMode, alignsCorners: Bool, batch: Int, channels: Int, height: Int, width: Int, points: Int
  ) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
    self.points = points
  }

  /// Runs a worker's share: dense images [batch, height, width, channels] at [batch, points, 2] give [batch, points, channels].
  package func run(
    _ kernel: ResamplingKernel, input: UnsafePointer<Float>, grid: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    worker: Int = 0, workers: Int = 1
  ) {
    let (start, end) = share(of: batch &* points, worker: worker, workers: workers, granule: 16)
    if start >= end { return }
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 24) { indices in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 24) { weights in
        let (indices, weights) = (indices.baseAddress.unsafelyUnwrapped, weights.baseAddress.unsafelyUnwrapped)
        // Behind the pixels those of either axis.
        let (xs, ys) = (16, 20)
        for point in start..<end {
          let columns = taps(grid[2 &* point], width, indices + xs, weights + xs)
          let rows = taps(grid[2 &* point &+ 1], height, indices + ys, weights + ys)
          var count = 0
          for y in ys..<ys &+ rows {
            for x in xs..<xs &+ columns {
              indices[count] = indices[y] &* Int32(truncatingIfNeeded: width) &+ indices[x]
              weights[count] = weights[y] * weights[x]
              count &+= 1
            }
          }
          let image = input + point / points &* height &* width &* channels
          kernel.sample(image, channels, indices, weights, count, output + point &* channels, channels)
        }
      }
    }
  }

  /// The pixels along one axis that make up the value at a coordinate, and their weights; returns how many they are. Pixels that are
  /// zero are left out.
  @inline(__always)
  private func taps(_ value: Float, _ extent: Int, _ indices: UnsafeMutablePointer<Int32>, _ weights: UnsafeMutablePointer<Float>) -> Int {
    let length = Float(extent)
    let position = alignsCorners ? (value + 1) * (length - 1) / 2 : ((value + 1) * length - 1) / 2
    guard position.magnitude < 0x1p31 else { return 0 }
    let floor = position.rounded(.down)
    let fraction = position - floor
    var count = 0
    @inline(__always) func add(_ index: Int, _ weight: Float) {
      guard let pixel = pixel(index, extent) else { return }
      indices[count] = Int32(truncatingIfNeeded: pixel)
      weights[count] = weight
      count &+= 1
    }
    switch mode {
    case .nearest: add(Int(position.rounded(.toNearestOrEven)), 1)
    case .bilinear:
      add(Int(floor), 1 - fraction)
      add(Int(floor) &+ 1, fraction)
    case .bicubic:
      for i in -1...2 {
        let x = (Float(i) - fraction).magnitude
        let weight = x <= 1 ? ((-0.75 + 2) * x - (-0.75 + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * -0.75
        add(Int(floor) &+ i, x < 2 ? weight : 0)
      }
    }
    return count
  }

  /// The pixel that stands at an index, which may lie outside of the image; nil for zero.
  @inline(__always)
  private func pixel(_ index: Int, _ extent: Int) -> Int? {
    if index >= 0 && index < extent { return index }
    switch padding {
    case .zeros: return nil
    case .border: return Swift.min(Swift.max(index, 0), extent &- 1)
    case .reflection where alignsCorners:
      let period = Swift.max(1, 2 &* (extent &- 1))
      let folded = abs(index) % period
      return folded >= extent ? period &- folded : folded
    case .reflection:
      let period = 2 &* extent
      let folded = (index % period &+ period) % period
      return folded >= extent ? period &- 1 &- folded : folded
    }
  }
}
