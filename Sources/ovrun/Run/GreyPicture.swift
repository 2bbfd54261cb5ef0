import OVRuntime

/// A grey image drawn with letters: the larger the number, the darker the ink.
struct GreyPicture {
  let height: Int
  let width: Int
  private let pixels: [Double]

  private static let shades: [Character] = [" ", "░", "▒", "▓", "█"]
  private static let extents = 2...100

  /// The first image of a tensor [height,width], [batch,height,width], [batch,1,height,width] or [batch,height,width,1]; `nil` for
  /// other shapes and for images too large for a terminal.
  init?(_ tensor: Tensor) {
    var shape = tensor.shape
    if shape.count == 4 {
      if shape[1] == 1 { shape.remove(at: 1) } else if shape[3] == 1 { shape.removeLast() } else { return nil }
    }
    if shape.count == 3 { shape.removeFirst() }
    guard shape.count == 2, shape.allSatisfy(Self.extents.contains), tensor.elementCount > 0, tensor.elementType != .string
    else { return nil }
    (height, width) = (shape[0], shape[1])
    pixels = Array(tensor.doubles().prefix(height * width))
  }

  /// A line a row of pixels, two letters a pixel.
  var text: String {
    let finite = pixels.filter(\.isFinite)
    let least = finite.min() ?? 0
    let range = (finite.max() ?? 0) - least
    func shade(_ value: Double) -> Character {
      guard value.isFinite, range > 0 else { return Self.shades[0] }
      return Self.shades[Int(((value - least) / range * Double(Self.shades.count - 1)).rounded())]
    }
    return (0..<height).map { row in
      let letters = pixels[(row * width)..<((row + 1) * width)].flatMap { [shade($0), shade($0)] }
      return "  " + String(letters) + "\n"
    }.joined()
  }
}
