import KernelCore

package func peak_f32x4_portable(_ iterations: Int, _ x: Float) -> Float { runPeak(F32x4.self, iterations: iterations, x: x) }
