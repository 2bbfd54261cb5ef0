#if arch(x86_64)
import KernelCore

package func depthwise_i8_3x3s1_avx512vnni(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x16.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, InlineArray<2, Void>.self, block)
}

package func depthwise_i8_3x3s2_avx512vnni(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x16.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, InlineArray<1, Void>.self, block)
}

package func depthwise_i8_5x5s1_avx512vnni(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x16.self, InlineArray<5, Void>.self, InlineArray<1, Void>.self, InlineArray<2, Void>.self, block)
}

package func depthwise_i8_5x5s2_avx512vnni(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x16.self, InlineArray<5, Void>.self, InlineArray<2, Void>.self, InlineArray<1, Void>.self, block)
}

package func depthwise_i8_avx512vnni(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x16.self, InlineArray<0, Void>.self, InlineArray<0, Void>.self, InlineArray<1, Void>.self, block)
}

package func quantize_avx512(_ rows: UnsafePointer<QuantizeRows>) { computeQuantizeRows(I32x16.self, rows) }

/// The integer pooling kernels of this target.
package func poolingI8_avx512(_ operation: PoolingOperation) -> IntegerPoolingFunction {
  { computeIntegerPooling(I32x16.self, operation, $0, $1, $2, worker: $3, workers: $4) }
}

package func peak_u8i8x64_avx512vnni(_ iterations: Int, _ x: Int32) -> Float { runIntegerPeak(I32x16.self, iterations: iterations, x: x) }
#endif
