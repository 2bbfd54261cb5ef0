import KernelCore
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

/// The kernels of conversions between element types, best first for each.
package enum ConversionKernels {
  package static let table: [ConversionKernel] = Conversion.allCases.flatMap(rows)

  /// The best kernel of a conversion for a machine with `features`.
  package static func function(for conversion: Conversion, features: CPUFeatures = .current) -> ConversionKernel {
    rows(for: conversion).supported(by: features)[0]
  }

  private static func rows(for conversion: Conversion) -> [ConversionKernel] {
    KernelTarget.allCases.map { target in
      ConversionKernel(
        name: "convert_\(conversion.rawValue)_\(target.rawValue)", requires: target.requires, conversion: conversion,
        run: target.conversion(conversion))
    }
  }
}

extension KernelTarget {
  fileprivate func conversion(_ conversion: Conversion) -> ConversionFunction {
    switch self {
    #if arch(x86_64)
    case .avx512: conversion_avx512(conversion)
    case .avx2: conversion_avx2(conversion)
    #endif
    case .portable: conversion_portable(conversion)
    }
  }
}
