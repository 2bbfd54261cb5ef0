import KernelCore
import Kernels

/// Every kernel of every table that this machine runs, at a shape that fits the first-level cache and where it says more at one
/// that does not.
func tableBenchmarks() -> [Benchmark] {
  let features = CPUFeatures.current
  var list: [Benchmark] = []
  for kernel in UnaryKernels.table.supported(by: features) {
    list.append(kernel.benchmark("4096", elements: 4096))
    list.append(kernel.benchmark("2^20", elements: 1 << 20))
  }
  for kernel in BinaryKernels.table.supported(by: features) {
    list.append(kernel.benchmark("4096", rows: 1, columns: 4096))
    list.append(kernel.benchmark("64x64, scalar a row", rows: 64, columns: 64, form: \.vectorScalar))
    list.append(kernel.benchmark("2^20", rows: 1, columns: 1 << 20))
  }
  for kernel in CopyKernels.table.supported(by: features) {
    list.append(kernel.benchmark("64x64", rows: 64, columns: 64))
    list.append(kernel.benchmark("1000x520", rows: 1000, columns: 520))
    list.append(kernel.benchmark("1024x1024", rows: 1024, columns: 1024).held(to: Share.movement))
  }
  for kernel in ConversionKernels.table.supported(by: features) { list.append(kernel.benchmark("4096", elements: 4096)) }
  for kernel in ReductionKernels.table.supported(by: features) {
    list.append(kernel.benchmark("64x384x1", outer: 64, axis: 384, inner: 1))
    list.append(kernel.benchmark("1x49x1280", outer: 1, axis: 49, inner: 1280))
    // Per channel, over channels, and along rows of a matrix.
    for (outer, axis, inner) in [(256, 3136, 1), (1, 256, 3136), (4096, 384, 1)] {
      list.append(kernel.benchmark("\(outer)x\(axis)x\(inner)", outer: outer, axis: axis, inner: inner).held(to: Share.movement))
    }
  }
  for kernel in SoftmaxKernels.table.supported(by: features) {
    list.append(kernel.benchmark("96x128x1", outer: 96, axis: 128, inner: 1))
    list.append(kernel.benchmark("1x21x1024", outer: 1, axis: 21, inner: 1024))
    list.append(kernel.benchmark("6144x512x1", outer: 6144, axis: 512, inner: 1))
    list.append(kernel.benchmark("1x21x65536", outer: 1, axis: 21, inner: 65_536))
  }
  for kernel in NormalizationKernels.table.supported(by: features) {
    list.append(kernel.benchmark("32x384x1", outer: 32, axis: 384, inner: 1))
    list.append(kernel.benchmark("1x196x64", outer: 1, axis: 196, inner: 64))
  }
  for kernel in PoolingKernels.table.supported(by: features) {
    list.append(
      kernel.benchmark(
        "64x56x56 3x3", batch: 1, input: [64, 56, 56], output: [64, 28, 28], kernel: [3, 3], stride: [2, 2], pad: [1, 1]))
  }
  for kernel in RecurrentKernels.table.supported(by: features) { list.append(kernel.benchmark("1x128", rows: 1, size: 128)) }
  list += planBenchmarks()
  return list + integerTableBenchmarks()
}
