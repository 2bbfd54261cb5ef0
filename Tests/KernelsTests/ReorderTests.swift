import KernelCore
import Kernels
import Testing

@Suite struct ReorderTests {
  static let copyKernels = CopyKernels.table.supported(by: .current)
  static let conversionKernels = ConversionKernels.table.supported(by: .current)

  /// Every byte of a plane's elements, by indices.
  @Test(arguments: copyKernels) func planes(_ kernel: CopyKernel) {
    let size = kernel.elementSize
    let extents = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 100, 300]
    for rows in extents {
      for columns in extents where rows * columns < 40_000 {
        let rowsAreNeighbours = kernel.pattern == .transpose
        let gap = kernel.pattern == .strided ? 3 : 1
        let sourceRow = size * (rowsAreNeighbours ? 1 : columns * gap + 1)
        let sourceColumn = size * (rowsAreNeighbours ? rows + 1 : gap)
        let destinationColumn = size * (kernel.pattern == .strided ? 2 : 1)
        let destinationRow = destinationColumn * (columns + 2)
        var samples = SeededGenerator(seed: UInt64(rows * 1000 + columns))
        let source = (0..<(rows * sourceRow + columns * sourceColumn + size)).map { _ in UInt8(samples.int(0...255)) }
        var destination = [UInt8](repeating: 0xee, count: rows * destinationRow + size)
        kernel.run(source, sourceRow, sourceColumn, &destination, destinationRow, destinationColumn, rows, columns)
        var expected = [UInt8](repeating: 0xee, count: destination.count)
        for row in 0..<rows {
          for column in 0..<columns {
            for byte in 0..<size {
              expected[row * destinationRow + column * destinationColumn + byte] =
                source[row * sourceRow + column * sourceColumn + byte]
            }
          }
        }
        #expect(destination == expected, "\(kernel.name), \(rows) × \(columns)")
      }
    }
  }

  /// Transpositions of random tensors, cut out of larger ones, by any number of workers.
  @Test(arguments: [1, 2, 4, 8]) func plans(elementSize: Int) throws {
    var patterns: Set<CopyPattern> = []
    for seed in 1...UInt64(300) {
      var samples = SeededGenerator(seed: seed)
      let rank = samples.int(0...6)
      let shape = (0..<rank).map { _ in samples.int(1...(rank < 4 ? 24 : 5)) }
      /// Strides of a permuted tensor, with room between its rows.
      func strides() -> (strides: [Int], count: Int) {
        var strides = [Int](repeating: 0, count: rank)
        var next = 1
        for axis in (samples.int(0...1) == 0 ? Array((0..<rank).reversed()) : (0..<rank).shuffled(using: &samples)) {
          strides[axis] = next
          next *= shape[axis] + (samples.int(0...4) == 0 ? 1 : 0)
        }
        return (strides, next)
      }
      let (sourceStrides, sourceCount) = strides()
      let (destinationStrides, destinationCount) = strides()
      let source = (0..<sourceCount * elementSize).map { _ in UInt8(samples.int(0...255)) }
      var destination = [UInt8](repeating: 0xee, count: destinationCount * elementSize)
      let plan = try #require(
        CopyPlan(shape: shape, sourceStrides: sourceStrides, destinationStrides: destinationStrides, elementSize: elementSize))
      patterns.insert(plan.pattern)
      let kernel = CopyKernels.function(for: plan)
      let workers = samples.int(1...4)
      for worker in 0..<workers {
        plan.run(kernel.run, source: source, destination: &destination, worker: worker, workers: workers)
      }
      var expected = [UInt8](repeating: 0xee, count: destination.count)
      for flat in 0..<shape.reduce(1, *) {
        var rest = flat
        var from = 0
        var to = 0
        for axis in shape.indices.reversed() {
          let index = rest % shape[axis]
          rest /= shape[axis]
          from += index * sourceStrides[axis]
          to += index * destinationStrides[axis]
        }
        for byte in 0..<elementSize { expected[to * elementSize + byte] = source[from * elementSize + byte] }
      }
      #expect(destination == expected, "\(kernel.name), \(shape), \(sourceStrides) to \(destinationStrides), seed \(seed)")
    }
    #expect(patterns == Set(CopyPattern.allCases))
  }

  @Test(arguments: [(4, 4), (6, 4), (7, 4), (8, 8), (12, 4), (16, 8), (31, 8), (100, 8)])
  func smallTilesTakeNarrowPlanes(channels: Int, side: Int) throws {
    let plan = try #require(
      CopyPlan(shape: [1200, channels], sourceStrides: [1, 1200], destinationStrides: [channels, 1], elementSize: 4))
    #expect(CopyKernels.function(for: plan, features: []).side == 4)
    #if arch(x86_64)
    #expect(CopyKernels.function(for: plan, features: .avx2).side == side)
    #endif
  }

  @Test func imageLayoutsAreTransposed() throws {
    let toChannelsLast = try #require(
      CopyPlan(shape: [2, 5, 5, 16], sourceStrides: [400, 5, 1, 25], destinationStrides: [400, 80, 16, 1], elementSize: 4))
    #expect(toChannelsLast.pattern == .transpose)
    let lastTwo = try #require(CopyPlan(shape: [7, 8, 9], sourceStrides: [72, 1, 8], destinationStrides: [72, 9, 1], elementSize: 2))
    #expect(lastTwo.pattern == .transpose)
    let slice = try #require(CopyPlan(shape: [4, 3, 2], sourceStrides: [30, 10, 1], destinationStrides: [6, 2, 1], elementSize: 4))
    #expect(slice.pattern == .rows)
  }

  private static let numbers: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 127.9, 128, 255.5, 256, 300, -5, -128, -129, -500, 65504, 65519.9, 65520, 1e-8, -3e-8,
    6.1e-5, 1e9, 2_147_483_520, 2_147_483_648, -2_147_483_648, -3e9, 9.3e18, -1e19, 3e38, .infinity, -.infinity, .nan, 1.00390625,
    1.01171875, 3.4e38,
  ]

  /// Bytes of the result of one conversion of one element, in the words of its contract.
  private static func exact(_ conversion: Conversion, _ x: Float, _ integer: Int64) -> [UInt8] {
    func bytes<T>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value, Array.init) }
    let number = x.isNaN ? 0 : Double(x).rounded(.towardZero)
    let wide = Int32(min(max(number, -2_147_483_648), 2_147_483_647))
    switch conversion {
    case .f16ToF32: return bytes(Float(Float16(bitPattern: UInt16(truncatingIfNeeded: integer))))
    case .f32ToF16: return bytes(Float16(x))
    case .bf16ToF32: return bytes(UInt32(UInt16(truncatingIfNeeded: integer)) << 16)
    case .f32ToBF16:
      if x.isNaN { return bytes(UInt16(x.bitPattern >> 16) | 0x40) }
      let low = x.bitPattern & 0xffff
      let high = UInt16(x.bitPattern >> 16)
      return bytes(low > 0x8000 || low == 0x8000 && high & 1 == 1 ? high + 1 : high)
    case .i32ToF32: return bytes(Float(Int32(truncatingIfNeeded: integer)))
    case .i64ToF32: return bytes(Float(integer))
    case .u8ToF32: return bytes(Float(UInt8(truncatingIfNeeded: integer)))
    case .i8ToF32: return bytes(Float(Int8(truncatingIfNeeded: integer)))
    case .f32ToI32: return bytes(wide)
    case .f32ToU8: return bytes(UInt8(truncatingIfNeeded: wide))
    case .f32ToI8: return bytes(Int8(truncatingIfNeeded: wide))
    case .f32ToI64: return bytes(number >= 0x1p63 ? Int64.max : number < -0x1p63 ? Int64.min : Int64(number))
    case .i32ToI64: return bytes(Int64(Int32(truncatingIfNeeded: integer)))
    case .i64ToI32: return bytes(Int32(truncatingIfNeeded: integer))
    }
  }

  @Test(arguments: conversionKernels) func conversions(_ kernel: ConversionKernel) {
    var samples = SeededGenerator(seed: 5)
    for count in Array(0...40) + [64, 65, 257] {
      let floats = (0..<count).map { _ in
        samples.int(0...1) == 0 ? Self.numbers.randomElement(using: &samples)! : Float.random(in: -400...400, using: &samples)
      }
      let integers = (0..<count).map { _ in Int64(bitPattern: samples.next()) >> Int64(samples.int(0...63)) }
      let isFromFloat = kernel.conversion.rawValue.hasPrefix("f32")
      let expected = (0..<count).map { Self.exact(kernel.conversion, floats[$0], integers[$0]) }
      let sourceSize = isFromFloat ? 4 : Self.integerSize(kernel.conversion)
      let source: [UInt8] =
        isFromFloat
        ? floats.flatMap { withUnsafeBytes(of: $0, Array.init) }
        : integers.flatMap { Array(withUnsafeBytes(of: $0, Array.init).prefix(sourceSize)) }
      let size = expected.first?.count ?? 0
      var destination = [UInt8](repeating: 0xee, count: count * size + 1)
      kernel.run(source, &destination, count)
      #expect(destination.last == 0xee)
      for i in 0..<count {
        let got = Array(destination[(i * size)..<((i + 1) * size)])
        #expect(Self.isSame(got, expected[i], kernel.conversion), "\(kernel.name): \(floats[i]) or \(integers[i]) at \(i) of \(count)")
      }
    }
  }

  private static func integerSize(_ conversion: Conversion) -> Int {
    switch conversion {
    case .f16ToF32, .bf16ToF32: 2
    case .i64ToF32, .i64ToI32: 8
    case .u8ToF32, .i8ToF32: 1
    default: 4
    }
  }

  /// Byte by byte, but one NaN is as good as another.
  private static func isSame(_ a: [UInt8], _ b: [UInt8], _ conversion: Conversion) -> Bool {
    if a == b { return true }
    func load<T>(_ bytes: [UInt8], _: T.Type) -> T { bytes.withUnsafeBytes { $0.loadUnaligned(as: T.self) } }
    switch conversion {
    case .f32ToF16: return load(a, Float16.self).isNaN && load(b, Float16.self).isNaN
    case .f16ToF32, .bf16ToF32: return load(a, Float.self).isNaN && load(b, Float.self).isNaN
    default: return false
    }
  }
}

extension CopyKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}

extension ConversionKernel: CustomTestStringConvertible {
  public var testDescription: String { name }
}
