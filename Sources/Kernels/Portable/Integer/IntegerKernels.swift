import KernelCore

package func depthwise_i8_3x3s1_portable(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x4.self, InlineArray<3, Void>.self, InlineArray<1, Void>.self, InlineArray<2, Void>.self, block)
}

package func depthwise_i8_3x3s2_portable(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x4.self, InlineArray<3, Void>.self, InlineArray<2, Void>.self, InlineArray<1, Void>.self, block)
}

package func depthwise_i8_5x5s1_portable(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x4.self, InlineArray<5, Void>.self, InlineArray<1, Void>.self, InlineArray<2, Void>.self, block)
}

package func depthwise_i8_5x5s2_portable(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x4.self, InlineArray<5, Void>.self, InlineArray<2, Void>.self, InlineArray<1, Void>.self, block)
}

package func depthwise_i8_portable(_ block: UnsafePointer<IntegerDepthwiseBlock>) {
  computeIntegerDepthwise(I32x4.self, InlineArray<0, Void>.self, InlineArray<0, Void>.self, InlineArray<1, Void>.self, block)
}

package func quantize_portable(_ rows: UnsafePointer<QuantizeRows>) { computeQuantizeRows(I32x4.self, rows) }

/// The integer pooling kernels of this target.
package func poolingI8_portable(_ operation: PoolingOperation) -> IntegerPoolingFunction {
  { computeIntegerPooling(I32x4.self, operation, $0, $1, $2, worker: $3, workers: $4) }
}

package func peak_u8i8x16_portable(_ iterations: Int, _ x: Int32) -> Float { runIntegerPeak(I32x4.self, iterations: iterations, x: x) }
