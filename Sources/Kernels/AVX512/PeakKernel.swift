#if arch(x86_64)
import KernelCore

package func peak_f32x16_avx512(_ iterations: Int, _ x: Float) -> Float { runPeak(F32x16.self, iterations: iterations, x: x) }
#endif
