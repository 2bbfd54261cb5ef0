#if arch(x86_64)
import KernelCore

package func compressed_avx512(_ block: UnsafePointer<CompressedBlock>) { computeCompressed(I32x16.self, block) }

package func expandCompressed_avx512(
  _ block: UnsafePointer<CompressedBlock>, _ first: Int, _ end: Int, _ target: UnsafeMutablePointer<Float>
) {
  expandCompressed(I32x16.self, block, first: first, end: end, target)
}
#endif
