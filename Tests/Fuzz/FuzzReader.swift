/// Reads an IR from the fuzzer's bytes: the XML, and behind a NUL byte, which no XML contains, the weights.
///
/// What can be read has to be consistent: it can be ordered and written, and what was written reads as the same model.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReader(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  let xmlEnd = input.firstIndex(of: 0) ?? count
  let weights = WeightsBuffer(copying: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: input[min(xmlEnd + 1, count)...])))
  let model: Model
  do {
    model = try Model(xml: Array(input[..<xmlEnd]), weights: weights)
  } catch {
    precondition(error.location.fileOffset != nil, "an error has no place: \(error)")
    return 0
  }
  precondition(model.topologicalOrder.count == model.nodeCount)
  do {
    let written = try model.serialized()
    let again = try Model(xml: written.xml, weights: written.weights.withUnsafeBytes { WeightsBuffer(copying: $0) })
    if let difference = model.structuralDifference(from: again) { fatalError("written and read, \(difference)") }
  } catch {
    // Names of attributes that stand in a file may be ones that the writer does not use.
    precondition(error.code == .invalidArgument, "what was read cannot be written: \(error)")
  }
  return 0
}
