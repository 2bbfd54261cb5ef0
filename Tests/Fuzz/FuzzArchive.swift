/// Reads a ZIP archive, as `.npz` is one, from the fuzzer's bytes, and every member of it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArchive(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = WeightsBuffer(copying: UnsafeRawBufferPointer(start: start, count: count))
  do throws(OVError) {
    let archive = try ZipArchive(file)
    for member in archive.members {
      do throws(OVError) { _ = try archive.contents(of: member) } catch { check(error, count) }
    }
  } catch { check(error, count) }
  return 0
}

/// An error says that data are damaged, and a place in them if it names one.
private func check(_ error: OVError, _ count: Int) {
  precondition(error.code == .invalidData, "another error: \(error)")
  if let offset = error.location.fileOffset { precondition((0...count).contains(offset), "no place in the file: \(error)") }
}
