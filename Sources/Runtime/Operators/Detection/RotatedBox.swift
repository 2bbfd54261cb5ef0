#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A rectangle turned about its centre.
struct RotatedBox {
  private typealias Point = (x: Double, y: Double)

  /// In the order of a walk around the box.
  private let corners: [Point]
  private let area: Double

  /// - Parameters:
  ///   - values: centre x, centre y, width, height, angle in radians.
  ///   - clockwise: the sense of the angle when y runs down.
  init(_ values: [Float], clockwise: Bool) {
    let (x, y, width, height) = (Double(values[0]), Double(values[1]), Double(values[2]), Double(values[3]))
    let angle = Double(clockwise ? values[4] : -values[4])
    let (cosine, sine) = (cos(angle), sin(angle))
    corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)].map { (a: Double, b: Double) in
      (x + cosine * a * width - sine * b * height, y + cosine * b * height + sine * a * width)
    }
    area = width * height
  }

  /// Intersection over union; 0 when one of the boxes is empty.
  func overlap(_ other: RotatedBox) -> Float {
    if area <= 0 || other.area <= 0 { return 0 }
    let shared = RotatedBox.area(intersection(other))
    return Float(shared / (area + other.area - shared))
  }

  /// The polygon that both boxes cover: this box cut along each side of the other (Sutherland and Hodgman).
  private func intersection(_ other: RotatedBox) -> [Point] {
    var polygon = corners
    for (index, start) in other.corners.enumerated() {
      let end = other.corners[(index + 1) % 4]
      /// Positive on the inner side of the edge.
      func side(_ p: Point) -> Double { (end.x - start.x) * (p.y - start.y) - (end.y - start.y) * (p.x - start.x) }
      var cut: [Point] = []
      for (position, point) in polygon.enumerated() {
        let next = polygon[(position + 1) % polygon.count]
        let (a, b) = (side(point), side(next))
        if a >= 0 { cut.append(point) }
        if (a < 0 && b > 0) || (a > 0 && b < 0) {
          let t = a / (a - b)
          cut.append((point.x + t * (next.x - point.x), point.y + t * (next.y - point.y)))
        }
      }
      polygon = cut
    }
    return polygon
  }

  private static func area(_ polygon: [Point]) -> Double {
    var sum = 0.0
    for (index, point) in polygon.enumerated() {
      let next = polygon[(index + 1) % polygon.count]
      sum += point.x * next.y - next.x * point.y
    }
    return abs(sum) / 2
  }
}
