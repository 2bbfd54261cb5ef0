import Foundation
import Testing

@testable import OVRuntime

@Suite struct OperatorsSignalTests {
  /// Numbers of no pattern, the same in every run.
  private func noise(_ count: Int) -> [Double] { (0..<count).map { sin(Double($0 * $0) * 0.37 + 1) } }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 16, 17, 30, 31, 64, 97, 100, 128])
  func transformMatchesItsDefinition(count: Int) {
    let values = zip(noise(count), noise(2 * count).suffix(count)).map { Complex(real: $0, imaginary: $1) }
    for isInverse in [false, true] {
      let result = FourierTransform(count: count, isInverse: isInverse)(values)
      for k in 0..<count {
        var expected = Complex.zero
        for n in 0..<count {
          expected = expected + values[n] * Complex(turns: (isInverse ? 1 : -1) * Double(n * k % count) / Double(count))
        }
        #expect(abs(result[k].real - expected.real) < 1e-11 && abs(result[k].imaginary - expected.imaginary) < 1e-11)
      }
    }
  }

  @Test(arguments: [("RDFT", "IRDFT", 5), ("RDFT", "IRDFT", 8), ("DFT", "IDFT", 6)])
  func inversesUndo(forward: String, inverse: String, count: Int) throws {
    let shape = forward == "DFT" ? [3, count, 2] : [3, count]
    let data = Tensor(.f64, shape: shape, doubles: noise(shape.reduce(1, *)))
    let axes = Tensor.indices(-2, -1)
    let spectrum = try OperatorCall(forward, forward == "DFT" ? 7 : 9)(data, axes)[0]
    let back = try OperatorCall(inverse, forward == "DFT" ? 7 : 9)(spectrum, axes, .indices(3, count))[0]
    #expect(back.shape == shape)
    #expect(zip(back.doubles(), data.doubles()).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func transformsRefuse() throws {
    let dft = try OperatorCall("DFT", 7)
    #expect(throws: OVError.self) { try dft.shape("2,3", [0]) }
    #expect(throws: OVError.self) { try dft.shape("4,5,2", [2]) }
    #expect(throws: OVError.self) { try dft.shape("4,5,2", [0, -2]) }
    #expect(throws: OVError.self) { try dft.shape("4,5,2", [0, 1], [3]) }
    #expect(throws: OVError.self) { try dft.shape("0,2", [0]) }
    #expect(try dft.shape("?,5,2", [-1], [8]) == "?,8,2")
    #expect(try OperatorCall("RDFT", 9).shape("?,5..8", [0, 1]) == "?,3..5,2")
    #expect(try OperatorCall("IRDFT", 9).shape("?,5,2", [0, 1]) == "?,8")
    #expect(throws: OVError.self) { try dft.infer([ValueType(.i32, [4, 2]), ValueType(.i64, [1])]) }
  }

  @Test func shortTimeTransformsAreInverse() throws {
    let signal = Tensor(.f64, shape: [2, 26], doubles: noise(52))
    let window = Tensor(.f64, shape: [6], doubles: [0.2, 0.7, 1, 1, 0.6, 0.3])
    let stft = try OperatorCall("STFT", 15, ["transpose_frames": "true"])
    let spectra = try stft(signal, window, .index(6), .index(2))[0]
    #expect(spectra.shape == [2, 4, 11, 2])
    let istft = try OperatorCall("ISTFT", 16, ["center": "false", "normalized": "false"])
    let back = try istft(spectra, window, .index(6), .index(2))[0]
    #expect(back.shape == [2, 26])
    #expect(zip(back.doubles(), signal.doubles()).allSatisfy { abs($0 - $1) < 1e-12 })
    // A longer centred signal takes what the last half frame holds, then zeros.
    let centred = try OperatorCall("ISTFT", 16, ["center": "true", "normalized": "false"])
    let longer = try centred(spectra, window, .index(6), .index(2), .index(25))[0].doubles()
    #expect(zip(longer[..<23], signal.doubles()[3..<26]).allSatisfy { abs($0 - $1) < 1e-12 } && longer[23..<25] == [0, 0])
    #expect(try centred(spectra, window, .index(6), .index(2))[0].shape == [2, 20])
    #expect(throws: OVError.self) { try stft(signal, window, .index(5), .index(2)) }
    #expect(throws: OVError.self) { try stft(signal, window, .index(6), .index(0)) }
    #expect(throws: OVError.self) { try stft(signal, window, .index(27), .index(1)) }
    #expect(throws: OVError.self) { try istft(spectra, window, .index(8), .index(2)) }
    #expect(throws: OVError.self) { try OperatorCall("ISTFT", 16) }
  }
}
