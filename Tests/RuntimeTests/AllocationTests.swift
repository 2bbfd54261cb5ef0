#if canImport(Glibc)
import Foundation
import Glibc
import OVRuntime
import Testing

/// What `infer` promises: that it allocates nothing once a request has been used. Counted by a program that puts itself before the
/// C library's allocation functions.
@Suite(.disabled(if: isSanitized, "sanitizers have allocation functions of their own"))
struct AllocationTests {
  /// The allocations of twenty inferences of the model in a file.
  static func count(_ model: String, threads: Int, _ options: String...) throws -> Int {
    let process = Process()
    // It stands beside the tests' own program.
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "allocationcount")
    process.arguments = [model, String(threads)] + options
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try #require(Int(output.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test(arguments: ["digits", "digits_int8"], [1, 2])
  func fixturesInferWithoutAllocating(name: String, threads: Int) throws {
    #expect(try Self.count(Self.root.appending(path: "Fixtures/\(name)/model.xml").path, threads: threads) == 0)
  }

  /// Each kind of convolution, pooling, a residual, squeeze and excite, and a product.
  @Test(arguments: [1, 2, 3]) func networkInfersWithoutAllocating(threads: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "AllocationTests-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "model.xml").path
    try InferenceCostTests.network().write(to: path)
    #expect(try Self.count(path, threads: threads) == 0)
    // An output that is held costs the next inference other memory: the counter sees it.
    #expect(try Self.count(path, threads: threads, "--hold") >= 20)
  }
}
#endif
