/// The lines of a dense tensor along one axis: each starts at an offset and steps over the inner axes.
struct Lines {
  /// The number of elements of a line.
  let count: Int
  /// The distance in elements between neighbours of a line.
  let stride: Int
  private let outer: Int

  init(_ shape: Shape, axis: Int) {
    count = shape[axis]
    stride = shape[(axis + 1)...].reduce(1, *)
    outer = shape[..<axis].reduce(1, *)
  }

  /// The offsets of each line's elements, line by line.
  var all: some Sequence<StrideTo<Int>> {
    (0..<(outer * stride)).lazy.map { line in
      let start = line / stride * count * stride + line % stride
      return Swift.stride(from: start, to: start + count * stride, by: stride)
    }
  }
}
