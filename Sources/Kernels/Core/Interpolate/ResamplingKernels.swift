/// Weighted positions along an axis: those of an output position are numbers `starts[i]..<starts[i + 1]`.
@usableFromInline package struct ResamplingAxis {
  @usableFromInline let starts: UnsafePointer<Int32>
  @usableFromInline let indices: UnsafePointer<Int32>
  @usableFromInline let weights: UnsafePointer<Float>
  /// Where rows are kept: their indices modulo ``ResamplingGeometry/keptRows``.
  @usableFromInline let places: UnsafePointer<Int32>
  /// How many every position has; 0 where they have different numbers.
  @usableFromInline let uniformCount: Int

  @inlinable @inline(__always)
  package init(
    starts: UnsafePointer<Int32>, indices: UnsafePointer<Int32>, weights: UnsafePointer<Float>, places: UnsafePointer<Int32>,
    uniformCount: Int = 0
  ) {
    self.starts = starts
    self.indices = indices
    self.places = places
    self.weights = weights
    self.uniformCount = uniformCount
  }
}

/// The shape of a resampling of channels-last images. Strides are in floats; the channel's is 1.
@usableFromInline package struct ResamplingGeometry: BitwiseCopyable, Sendable {
  @usableFromInline package var batch: Int
  @usableFromInline package var channels: Int
  @usableFromInline package var inputWidth: Int
  @usableFromInline package var outputHeight: Int
  @usableFromInline package var outputWidth: Int
  @usableFromInline package var inputBatchStride: Int
  @usableFromInline package var inputRowStride: Int
  @usableFromInline package var inputPixelStride: Int
  @usableFromInline package var outputBatchStride: Int
  @usableFromInline package var outputRowStride: Int
  @usableFromInline package var outputPixelStride: Int
  /// Where rows are first resampled along their width, as pays where images grow: how many of these are kept, as many as one row of
  /// the output is made of. 0: rows are added up first.
  @usableFromInline package var keptRows = 0

  package init(
    batch: Int, channels: Int, inputWidth: Int, outputHeight: Int, outputWidth: Int, inputBatchStride: Int, inputRowStride: Int,
    inputPixelStride: Int, outputBatchStride: Int, outputRowStride: Int, outputPixelStride: Int
  ) {
    self.batch = batch
    self.channels = channels
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.inputBatchStride = inputBatchStride
    self.inputRowStride = inputRowStride
    self.inputPixelStride = inputPixelStride
    self.outputBatchStride = outputBatchStride
    self.outputRowStride = outputRowStride
    self.outputPixelStride = outputPixelStride
  }

  /// Whether a pixel's channels fit a register that every machine has.
  @inlinable package var isNarrow: Bool { channels <= 4 }
  /// The floats of an input row.
  @inlinable package var rowCount: Int { (inputWidth &- 1) &* inputPixelStride &+ channels }
  /// The floats of a worker's scratch row: four channels may be read at once.
  @inlinable package var lineStride: Int { (rowCount &+ 4 &+ 15) / 16 &* 16 }
  /// The floats of a row that is kept: four channels may be written at once.
  @inlinable package var keptStride: Int { (outputWidth &* channels &+ 4 &+ 15) / 16 &* 16 }
  /// The floats from a worker's scratch memory to the next one's; which rows are kept comes last.
  @inlinable package var scratchCount: Int { scratchStride(4 &* (lineStride &+ keptRows &* keptStride &+ 2 &* keptRows)) / 4 }
}

/// Computes a worker's share of the output's rows: each is a weighted sum of input rows, in which each pixel is a weighted sum of
/// pixels.
@usableFromInline package typealias ResizeFunction =
  @Sendable (
    _ geometry: UnsafePointer<ResamplingGeometry>, _ rows: ResamplingAxis, _ columns: ResamplingAxis, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>, _ worker: Int, _ workers: Int
  ) -> Void

/// Writes the weighted sum of `count` pixels' channels.
@usableFromInline package typealias SampleFunction =
  @Sendable (
    _ image: UnsafePointer<Float>, _ pixelStride: Int, _ indices: UnsafePointer<Int32>, _ weights: UnsafePointer<Float>, _ count: Int,
    _ output: UnsafeMutablePointer<Float>, _ channels: Int
  ) -> Void

/// A row of the table of resampling kernels.
package struct ResamplingKernel: KernelDescriptor {
  package let name: String
  package let requires: CPUFeatures
  package let resize: ResizeFunction
  package let sample: SampleFunction

  package init(name: String, requires: CPUFeatures, functions: (resize: ResizeFunction, sample: SampleFunction)) {
    self.name = name
    self.requires = requires
    (resize, sample) = functions
  }
}

/// Writes `count` floats, each the weighted sum of those at the indices `first..<last`.
@inlinable @inline(never)
func weightedSum<V: FloatVector>(
  _: V.Type, _ base: UnsafePointer<Float>, _ indices: UnsafePointer<Int32>, _ weights: UnsafePointer<Float>, _ first: Int, _ last: Int,
  _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  @inline(__always) func tap(_ k: Int) -> UnsafePointer<Float> { base + Int(indices[k]) &* stride }
  var i = 0
  if first == last {
    while i < count {
      output[i] = 0
      i &+= 1
    }
    return
  }
  let (p, v) = (tap(first), V.splat(weights[first]))
  if last &- first == 2 {
    let (q, w) = (tap(first &+ 1), V.splat(weights[first &+ 1]))
    while i &+ 2 &* V.lanes <= count {
      (V.load(p + i) * v).fma(V.load(q + i), w).store(output + i)
      (V.load(p + i + V.lanes) * v).fma(V.load(q + i + V.lanes), w).store(output + i + V.lanes)
      i &+= 2 &* V.lanes
    }
  }
  while i &+ 2 &* V.lanes <= count {
    var a = V.load(p + i) * v
    var b = V.load(p + i + V.lanes) * v
    var k = first &+ 1
    while k < last {
      let w = V.splat(weights[k])
      let q = tap(k) + i
      a = a.fma(V.load(q), w)
      b = b.fma(V.load(q + V.lanes), w)
      k &+= 1
    }
    a.store(output + i)
    b.store(output + i + V.lanes)
    i &+= 2 &* V.lanes
  }
  while i < count {
    let step = Swift.min(V.lanes, count &- i)
    var a = V.load(p + i, count: step) * v
    var k = first &+ 1
    while k < last {
      a = a.fma(V.load(tap(k) + i, count: step), V.splat(weights[k]))
      k &+= 1
    }
    a.store(output + i, count: step)
    i &+= step
  }
}

/// Writes the pixels of a row resampled along its width.
///
/// `row` has room for four channels at its last pixel, as `target` has with `isPadded`.
@inlinable @inline(never) func resampleRow<V: FloatVector>(
  _: V.Type, _ g: ResamplingGeometry, _ columns: ResamplingAxis, _ row: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
  _ pixelStride: Int, isPadded: Bool
) {
  if !g.isNarrow {
    for x in 0..<g.outputWidth {
      weightedSum(
        V.self, row, columns.indices, columns.weights, Int(columns.starts[x]), Int(columns.starts[x &+ 1]), g.inputPixelStride,
        target + x &* pixelStride, g.channels)
    }
    return
  }
  @inline(__always) func term(_ k: Int) -> SIMD4<Float> {
    let pixel = UnsafeRawPointer(row + Int(columns.indices[k]) &* g.inputPixelStride).loadUnaligned(as: SIMD4<Float>.self)
    let weight = columns.weights[k]
    return pixel * SIMD4(weight, weight, weight, weight)
  }
  @inline(__always) func sum(_ x: Int) -> SIMD4<Float> {
    let (first, last) = (Int(columns.starts[x]), Int(columns.starts[x &+ 1]))
    if first == last { return SIMD4(0, 0, 0, 0) }
    var sum = term(first)
    var k = first &+ 1
    while k < last {
      sum = sum + term(k)
      k &+= 1
    }
    return sum
  }
  // The four floats of a pixel may cover its successors in the row, which are written later.
  let isDense = pixelStride == g.channels
  let wholes = isPadded ? g.outputWidth : isDense ? Swift.max(0, (g.outputWidth &* g.channels &- 4) / g.channels &+ 1) : 0
  var x = 0
  if columns.uniformCount == 2 {
    while x < Swift.min(wholes, g.outputWidth) {
      let sum = term(2 &* x) + term(2 &* x &+ 1)
      UnsafeMutableRawPointer(target + x &* g.channels).storeBytes(of: sum, as: SIMD4<Float>.self)
      x &+= 1
    }
  } else if columns.uniformCount == 1 {
    while x < Swift.min(wholes, g.outputWidth) {
      UnsafeMutableRawPointer(target + x &* g.channels).storeBytes(of: term(x), as: SIMD4<Float>.self)
      x &+= 1
    }
  }
  while x < Swift.min(wholes, g.outputWidth) {
    UnsafeMutableRawPointer(target + x &* g.channels).storeBytes(of: sum(x), as: SIMD4<Float>.self)
    x &+= 1
  }
  while x < g.outputWidth {
    let pixel = sum(x)
    for c in 0..<g.channels { target[x &* pixelStride &+ c] = pixel[c] }
    x &+= 1
  }
}

/// The resampling kernels for a vector type.
@inlinable @inline(__always)
package func resamplingFunctions<V: FloatVector>(_: V.Type) -> (resize: ResizeFunction, sample: SampleFunction) {
  (
    { geometry, rows, columns, input, output, scratch, worker, workers in
      let g = geometry.pointee
      let (start, end) = share(of: g.batch &* g.outputHeight, worker: worker, workers: workers)
      let line = scratch + worker &* g.scratchCount
      let kept = line + g.lineStride
      let keptNumbers = UnsafeMutableRawPointer(kept + g.keptRows &* g.keptStride).assumingMemoryBound(to: Int.self)
      for i in 0..<g.keptRows { keptNumbers[i] = -1 }
      for unit in start..<Swift.max(start, end) {
        let image = unit / g.outputHeight
        let y = unit &- image &* g.outputHeight
        let source = input + image &* g.inputBatchStride
        let target = output + image &* g.outputBatchStride + y &* g.outputRowStride
        let (first, last) = (Int(rows.starts[y]), Int(rows.starts[y &+ 1]))
        if g.keptRows > 0 {
          for k in first..<last {
            let (index, place) = (Int(rows.indices[k]), Int(rows.places[k]))
            let number = image &<< 32 | index
            if keptNumbers[place] != number {
              keptNumbers[place] = number
              var row = source + index &* g.inputRowStride
              if g.isNarrow {
                line.update(from: row, count: g.rowCount)
                row = UnsafePointer(line)
              }
              resampleRow(V.self, g, columns, row, kept + place &* g.keptStride, g.channels, isPadded: true)
            }
          }
          weightedSum(V.self, kept, rows.places, rows.weights, first, last, g.keptStride, target, g.outputWidth &* g.channels)
          continue
        }
        var row = UnsafePointer(line)
        if !g.isNarrow && last &- first == 1 && rows.weights[first] == 1 {
          row = source + Int(rows.indices[first]) &* g.inputRowStride
        } else {
          weightedSum(V.self, source, rows.indices, rows.weights, first, last, g.inputRowStride, line, g.rowCount)
        }
        resampleRow(V.self, g, columns, row, target, g.outputPixelStride, isPadded: false)
      }
    },
    { image, pixelStride, indices, weights, count, output, channels in
      weightedSum(V.self, image, indices, weights, 0, count, pixelStride, output, channels)
    }
  )
}
