import Foundation
import OVRuntime
import Testing

@testable import Quantize

@Suite struct ArchiveTests {
  private static let text: [UInt8] =
    [UInt8](String(repeating: "abcabcabcabd", count: 40).utf8) + (0...255).map { UInt8($0) } + [UInt8](repeating: 0, count: 300)

  private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64)!) }

  private static func decompressed(_ bytes: [UInt8], byteCount: Int) throws -> [UInt8] {
    var outcome: Result<[UInt8], OVError>?
    bytes.withUnsafeBytes { raw in
      do throws(OVError) { outcome = .success(try Inflate.decompress(raw, byteCount: byteCount)) } catch { outcome = .failure(error) }
    }
    return try outcome!.get()
  }

  @Test(arguments: [CompressedSamples.dynamic, CompressedSamples.fixed])
  func inflates(_ sample: String) throws {
    #expect(try Self.decompressed(Self.bytes(sample), byteCount: Self.text.count) == Self.text)
  }

  @Test func inflatesStoredBlocks() throws {
    let bytes: [UInt8] = [0, 2, 0, 0xFD, 0xFF, 7, 8, 1, 1, 0, 0xFE, 0xFF, 9]
    #expect(try Self.decompressed(bytes, byteCount: 3) == [7, 8, 9])
  }

  @Test(arguments: [CompressedSamples.dynamic, CompressedSamples.fixed])
  func refusesDamagedStreams(_ sample: String) throws {
    let bytes = Self.bytes(sample)
    for count in bytes.indices {
      #expect(throws: OVError.self) { try Self.decompressed(Array(bytes[..<count]), byteCount: Self.text.count) }
    }
    for size in [0, Self.text.count - 1, Self.text.count + 1] {
      #expect(throws: OVError.self) { try Self.decompressed(bytes, byteCount: size) }
    }
    // Any outcome but a trap.
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << bit
        _ = try? Self.decompressed(damaged, byteCount: Self.text.count)
      }
    }
  }

  private static func archive(_ bytes: [UInt8]) throws -> ZipArchive {
    try ZipArchive(bytes.withUnsafeBytes { WeightsBuffer(copying: $0) })
  }

  @Test(arguments: [CompressedSamples.stored, CompressedSamples.deflated])
  func readsWhatNumPyWrites(_ sample: String) throws {
    let archive = try Self.archive(Self.bytes(sample))
    #expect(archive.members.map(\.name) == ["data.npy", "ids.npy"])
    var tensors: [Tensor] = []
    for member in archive.members {
      tensors.append(try archive.contents(of: member).withUnsafeBytes { try Tensor(npy: $0) })
    }
    #expect(tensors[0].shape == [2, 6] && tensors[0].array(of: Float.self) == (0..<12).map { Float($0) })
    #expect(tensors[1].shape == [2, 2] && tensors[1].array(of: Int64.self) == [1, 2, 3, 4])
  }

  @Test(arguments: [CompressedSamples.stored, CompressedSamples.deflated])
  func survivesDamage(_ sample: String) throws {
    let bytes = Self.bytes(sample)
    func readAll(_ bytes: [UInt8]) throws {
      let archive = try Self.archive(bytes)
      for member in archive.members { _ = try archive.contents(of: member) }
    }
    for count in stride(from: 0, to: bytes.count, by: 3) {
      #expect(throws: OVError.self) { try readAll(Array(bytes[..<count])) }
    }
    for index in bytes.indices {
      for value: UInt8 in [0, 0xFF, bytes[index] ^ 0x10] {
        var damaged = bytes
        damaged[index] = value
        _ = try? readAll(damaged)
      }
    }
    var wrongData = bytes
    // Behind the first header and the array's magic number: the checksum notices.
    wrongData[90] ^= 1
    #expect(throws: OVError.self) { try readAll(wrongData) }
  }
}
