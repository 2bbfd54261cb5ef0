import Foundation
import IRParser
import Testing

/// The XML files below the folder that the environment variable OVRUN_MODELS names.
private let corpus: [String] = {
  guard let folder = ProcessInfo.processInfo.environment["OVRUN_MODELS"] else { return [] }
  let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
  return files.filter { $0.hasSuffix(".xml") }.sorted().map { folder + "/" + $0 }
}()

/// What should hold for every model there is.
@Suite(.enabled(if: !corpus.isEmpty, "OVRUN_MODELS names no folder with models")) struct CorpusTests {
  @Test(arguments: corpus) func writingAndReadingChangesNothing(_ path: String) throws {
    let model = try Model(contentsOf: path)
    let written = try model.serialized()
    let weights = written.weights.withUnsafeBytes { WeightsBuffer(copying: $0) }
    let again = try Model(xml: written.xml, weights: weights)
    #expect(model.structuralDifference(from: again) == nil)
    #expect(try again.serialized().xml == written.xml)
  }
}
