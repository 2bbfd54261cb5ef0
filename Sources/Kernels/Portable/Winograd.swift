import KernelCore

package func winograd4x4Weights_f32_portable(_ weights: UnsafePointer<WinogradWeights>) {
  winogradTransformWeights(F32x4.self, InlineArray<6, Void>.self, weights)
}

package func winograd4x4Input_f32_portable(_ input: UnsafePointer<WinogradInput>) {
  winogradTransformInput(F32x4.self, InlineArray<6, Void>.self, input)
}

package func winograd4x4Output_f32_portable(_ output: UnsafePointer<WinogradOutput>) {
  winogradTransformOutput(F32x4.self, InlineArray<6, Void>.self, InlineArray<4, Void>.self, output)
}

package func winograd2x2Weights_f32_portable(_ weights: UnsafePointer<WinogradWeights>) {
  winogradTransformWeights(F32x4.self, InlineArray<4, Void>.self, weights)
}

package func winograd2x2Input_f32_portable(_ input: UnsafePointer<WinogradInput>) {
  winogradTransformInput(F32x4.self, InlineArray<4, Void>.self, input)
}

package func winograd2x2Output_f32_portable(_ output: UnsafePointer<WinogradOutput>) {
  winogradTransformOutput(F32x4.self, InlineArray<4, Void>.self, InlineArray<2, Void>.self, output)
}
