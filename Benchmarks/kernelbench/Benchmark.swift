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
  /// Floating-point operations of a run, 0 where they are not what counts.
  var operations: Double
  /// Bytes that a run has to read and write.
  var bytes: Double
  /// What the dispatcher chooses on this machine.
  var isPick: Bool
  /// Operations are of 8-bit integers.
  var isInteger = false
  /// What the pick has to reach ``BoundCheck/share`` of.
  var bound: Bound?
  /// Allocates what a run needs, and returns it.
  var prepare: (Workspace) -> () -> Void

  /// The same benchmark, of which the bandwidth of memory is expected.
  var boundByMemory: Benchmark { bound(by: .memory) }

  func bound(by bound: Bound) -> Benchmark {
    var benchmark = self
    benchmark.bound = bound
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
