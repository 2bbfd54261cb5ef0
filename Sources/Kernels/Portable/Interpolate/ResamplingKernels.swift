import KernelCore

/// The resampling kernels of this target.
package func resamplingF32_portable() -> (resize: ResizeFunction, sample: SampleFunction) { resamplingFunctions(F32x4.self) }
