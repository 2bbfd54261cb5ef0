#if arch(x86_64)
import KernelCore

package func peak_f32x8_avx2(_ iterations: Int, _ x: Float) -> Float { runPeak(F32x8.self, iterations: iterations, x: x) }
#endif
