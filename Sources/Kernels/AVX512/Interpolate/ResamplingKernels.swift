#if arch(x86_64)
import KernelCore

/// The resampling kernels of this target.
package func resamplingF32_avx512() -> (resize: ResizeFunction, sample: SampleFunction) { resamplingFunctions(F32x16.self) }
#endif
