/// Memory of one benchmark, aligned to lines of the cache, filled with small numbers and given back together.
final class Workspace {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  /// Bytes whose floats are between −1 and 1.
  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(64, (count + 63) / 64 * 64), alignment: 64)
    blocks.append(block)
    let floats = block.assumingMemoryBound(to: Float.self)
    var state: UInt32 = 12_345
    for i in 0..<max(64, (count + 63) / 64 * 64) / 4 {
      state = state &* 1_664_525 &+ 1_013_904_223
      floats[i] = Float(Int32(bitPattern: state) >> 8) * 0x1p-23
    }
    return block
  }

  func floats(_ count: Int) -> UnsafeMutablePointer<Float> { bytes(4 * count).assumingMemoryBound(to: Float.self) }
}

/// A kernel at a shape.
struct Benchmark {
  /// The kernel's name in its table.
  var kernel: String
  var shape: String
  /// What a run needs at least; of operations none where they are not what counts.
  var demand: Demand
  /// What the dispatcher chooses on this machine.
  var isPick: Bool
  /// Percent of what the machine can do that the pick has to reach, nil where it is not held to any.
  var share: Double?
  /// Allocates what a run needs, and returns it.
  var prepare: (Workspace) -> () -> Void

  init(
    kernel: String, shape: String, operations: Double, bytes: Double, isPick: Bool, isInteger: Bool = false,
    prepare: @escaping (Workspace) -> () -> Void
  ) {
    self.kernel = kernel
    self.shape = shape
    demand = Demand(bytes: bytes, operations: operations, isInteger: isInteger)
    self.isPick = isPick
    self.prepare = prepare
  }

  /// The same benchmark, whose pick has to reach this percentage of what the machine can do, if any.
  func held(to share: Double?) -> Benchmark {
    var benchmark = self
    benchmark.share = share
    return benchmark
  }

  /// The same benchmark of `elements` elements, each of which takes so many instructions.
  func taking(_ instructions: VectorInstructions, elements: Int) -> Benchmark {
    var benchmark = self
    benchmark.demand.instructions = instructions.total * Double(elements)
    benchmark.demand.divisions = [
      .float: instructions.divisions * Double(elements), .squareRoot: instructions.squareRoots * Double(elements),
    ]
    return benchmark
  }
}

/// Seconds a run of a kernel, of many samples.
struct Timing {
  /// The shortest first.
  private var samples: [Double]
  var shortest: Double { samples[0] }
  var median: Double { samples[samples.count / 2] }

  /// Times `body` for about `seconds`, in samples of at least 100 µs.
  init(seconds: Double, _ body: () -> Void) {
    func time(_ runs: Int) -> Double {
      let start = now()
      for _ in 0..<runs { body() }
      return (now() - start) / Double(runs)
    }
    var runs = 1
    var once = time(1)
    while once * Double(runs) < 1e-4 {
      runs *= 2
      once = time(runs)
    }
    samples = [time(runs)]
    let end = now() + seconds
    while now() < end || samples.count < 3 { samples.append(time(runs)) }
    samples.sort()
  }

  /// Adds the samples of another round.
  mutating func add(_ other: Timing) {
    samples += other.samples
    samples.sort()
  }
}
