import Foundation
import OVRuntime
import Testing

@Suite struct NumPyFormatTests {
  /// A file with a head of the test's own making.
  static func file(_ dictionary: String, version: UInt8 = 1, elements: [UInt8] = []) -> [UInt8] {
    let text = Array(dictionary.utf8)
    let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + elements
  }

  static func read(_ bytes: [UInt8]) throws -> Tensor { try bytes.withUnsafeBytes { try Tensor(npy: $0) } }

  static func error(_ bytes: [UInt8]) -> OVError? {
    do { _ = try read(bytes) } catch let error as OVError { return error } catch {}
    return nil
  }

  static let numbers: [Double] = [0, 1, 3, 2, 1, 0, 2, 1, 3, 0, 1, 2]

  @Test(arguments: ElementType.allCases.filter { $0 != .dynamic && $0 != .string }, [[], [12], [3, 4], [2, 0, 3], [1, 2, 3, 2]])
  func roundTrip(_ type: ElementType, _ shape: Shape) throws {
    let count = shape.reduce(1, *)
    let tensor = Tensor(type, shape: shape, doubles: Array(Self.numbers.prefix(count)))
    let bytes = tensor.npy()
    let back = try Self.read(bytes)
    #expect(back.elementType == type.npyType)
    #expect(back.shape == shape)
    #expect(back.doubles() == tensor.doubles())
    #expect((bytes.count - back.byteCount) % 64 == 0, "the elements are aligned")
  }

  @Test func writesWhatNumPyWrites() {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
    let padded = text + String(repeating: " ", count: 118 - text.count - 1) + "\n"
    let expected = Self.file(padded, elements: [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    #expect(Tensor([1, -2] as [Float], shape: [2, 1]).npy() == expected)
  }

  @Test func widensWithoutLoss() throws {
    #expect(try Self.read(Tensor(.i4, shape: [3], doubles: [-8, 7, -1]).npy()).array(of: Int8.self) == [-8, 7, -1])
    #expect(try Self.read(Tensor(.bf16, shape: [2], doubles: [-1.5, 0x1p100]).npy()).array(of: Float.self) == [-1.5, 0x1p100])
  }

  @Test func strings() throws {
    let tensor = Tensor(strings: ["", "déjà", "数", "🙂 b"], shape: [2, 2])
    let back = try Self.read(tensor.npy())
    #expect(back.elementType == .string && back.shape == [2, 2] && back.strings == tensor.strings)
    let bytes = Self.file("{'descr': '|S3', 'fortran_order': False, 'shape': (2,)}", elements: [97, 0, 0, 98, 0, 99])
    #expect(try Self.read(bytes).strings == ["a", "b\0c"])
  }

  @Test(arguments: [1, 2, 3] as [UInt8], ["<", ">"])
  func ordersAndVersions(_ version: UInt8, _ order: String) throws {
    let elements: [UInt8] = (0..<6).flatMap { order == "<" ? [$0, 1] : [1, $0] }
    let bytes = Self.file("{'shape': (2, 3), 'fortran_order': True, 'descr': '\(order)u2'}", version: version, elements: elements)
    let tensor = try Self.read(bytes)
    #expect(tensor.shape == [2, 3])
    #expect(tensor.array(of: UInt16.self) == [256, 258, 260, 257, 259, 261])
  }

  @Test func booleansAreZeroOrOne() throws {
    let tensor = try Self.read(Self.file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", elements: [0, 1, 2]))
    #expect(tensor.elementType == .boolean && tensor.array(of: UInt8.self) == [0, 1, 1])
  }

  @Test func readsWhatPython2Wrote() throws {
    let tensor = try Self.read(Self.file("{'descr': u'<i1', 'fortran_order': False, 'shape': (2L,)}", elements: [1, 255]))
    #expect(tensor.array(of: Int8.self) == [1, -1])
  }

  static let damaged: [(dictionary: String, says: String)] = [
    ("", "'{' expected"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "a length expected"),
    ("{'descr': '<f4', 'fortran_order': False}", "'shape' is missing"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (1,)}", "stands twice"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "'more' is not known"),
    ("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,)}", "True or False"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "a length expected"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8)}", "no representable size"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", "no representable size"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000,)}", "16000000000 bytes, 8 are left"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "12 bytes, 8 are left"),
    ("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}", "no representable size"),
    ("{'descr': '<U1', 'fortran_order': False, 'shape': (2,)}", "Unicode does not have"),
    ("{'descr': '|S8', 'fortran_order': False, 'shape': (1,)}", "not UTF-8"),
    ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "'<c8' are not supported"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "'|O' are not supported"),
    ("{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}", "'<f3' are not supported"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "structures"),
    ("{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}", "'<f4, ' are not supported"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (" + String(repeating: "1,", count: 65) + ")}", "64 dimensions"),
  ]

  @Test(arguments: damaged)
  func refusesDamagedHeads(_ dictionary: String, _ says: String) {
    let error = Self.error(Self.file(dictionary, elements: [255, 255, 255, 255, 255, 255, 255, 255]))
    #expect(error?.code == .invalidData)
    #expect(error?.message.contains(says) == true, "\(String(describing: error))")
    #expect(error?.location.fileOffset != nil)
  }

  @Test func refusesOtherFiles() {
    #expect(Self.error([])?.location.fileOffset == 0)
    #expect(Self.error(Array("PK\u{3}\u{4} a zip archive".utf8))?.message == "not a .npy file")
    #expect(Self.error(Self.file("{}", version: 4))?.location.fileOffset == 6)
    var bytes = Self.file("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", version: 2)
    bytes[10] = 0xFF
    #expect(Self.error(bytes)?.message == "the file ends within the .npy header")
  }

  /// Whatever stands in a file, reading it ends with a tensor or an error.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func survivesRandomDamage(seed: UInt64) {
    var generator = SplitMix(state: seed)
    let whole = Tensor(strings: ["a", "bc"], shape: [1, 2]).npy()
    for _ in 0..<200 {
      var bytes = Array(whole.prefix(Int.random(in: 0...whole.count, using: &generator)))
      for _ in 0..<3 where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if let tensor = try? Self.read(bytes) { #expect(tensor.elementCount <= whole.count, "seed \(seed)") }
    }
  }

  @Test func files() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "NumPyFormatTests-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "a.npy").path
    try Tensor([1, 2, 3] as [Double], shape: [3]).writeNpy(to: path)
    try Tensor([4, 5, 6, 7] as [Float], shape: [2, 2]).writeNpy(to: path)
    var tensor = try Tensor(npyFile: path)
    #expect(tensor.array(of: Float.self) == [4, 5, 6, 7])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.npy"], "nothing is left beside the file")
    tensor.withUnsafeMutableBytes { $0.storeBytes(of: 9, as: Float.self) }
    #expect(tensor.array(of: Float.self) == [9, 5, 6, 7])
    #expect(try Tensor(npyFile: path).array(of: Float.self) == [4, 5, 6, 7])

    #expect { try Tensor(npyFile: folder.path) } throws: { ($0 as? OVError)?.code == .unreadableFile }
    #expect { try Tensor(npyFile: path + ".missing") } throws: {
      ($0 as? OVError)?.code == .unreadableFile && "\($0)".contains(path + ".missing")
    }
    #expect { try tensor.writeNpy(to: folder.path + "/none/a.npy") } throws: { ($0 as? OVError)?.code == .unwritableFile }
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
