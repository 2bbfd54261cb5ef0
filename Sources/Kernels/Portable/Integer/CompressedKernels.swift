import KernelCore

package func compressed_portable(_ block: UnsafePointer<CompressedBlock>) { computeCompressed(I32x4.self, block) }

package func expandCompressed_portable(
  _ block: UnsafePointer<CompressedBlock>, _ first: Int, _ end: Int, _ target: UnsafeMutablePointer<Float>
) {
  expandCompressed(I32x4.self, block, first: first, end: end, target)
}
